"""Which streams are in another epoch than the one their owner announces: these are compared with it.

Owners announce their epochs every few seconds: a stream that was found in the right one is not looked at again before
something can have moved it.
"""

import asyncio
from itertools import islice

from realtime_service.topics import TopicStream
from shared.events.topics import epoch_in

COMPARED_AT_ONCE = 50
PAUSE_SECONDS = 0.05
SPREAD_SECONDS = 5.0
"""At most, until all streams of an owner with a new epoch are compared: their clients read anew, not all at once."""


class EpochChecks:
    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        self._due: dict[TopicStream, None] = {}
        self._at_once = COMPARED_AT_ONCE
        self._has_due = asyncio.Event()

    def add(self, stream: TopicStream) -> None:
        owner = self._owners.setdefault(stream.owner, _Owner())
        owner.streams[stream] = owner.unsettled[stream] = None

    def remove(self, stream: TopicStream) -> None:
        owner = self._owners[stream.owner]
        owner.streams.pop(stream, None)
        owner.unsettled.pop(stream, None)
        self._due.pop(stream, None)

    def on_unsettled(self, stream: TopicStream) -> None:
        """A repair begins, which may move it to another epoch."""
        self._owners[stream.owner].unsettled[stream] = None

    def announced(self, service: str, epoch: str) -> bool:
        """Whether it is another epoch than the last one of the service. `run` compares the streams."""
        owner = self._owners.setdefault(service, _Owner())
        is_new = owner.epoch != epoch
        if is_new:
            owner.epoch, owner.unsettled = epoch, dict(owner.streams)
        self._due.update(owner.unsettled)
        self._at_once = max(COMPARED_AT_ONCE, round(len(self._due) * PAUSE_SECONDS / SPREAD_SECONDS))
        self._has_due.set()
        return is_new

    def compare_next(self) -> None:
        """As many as are looked at in one turn of the event loop."""
        for stream in list(islice(self._due, self._at_once)):
            del self._due[stream]
            self._compare(stream)
        if not self._due:
            self._has_due.clear()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            await self._has_due.wait()
            self.compare_next()
            await asyncio.sleep(PAUSE_SECONDS)

    def _compare(self, stream: TopicStream) -> None:
        """What has no position yet, or is being repaired, is looked at again after the next announcement."""
        owner = self._owners[stream.owner]
        if stream.position is None or stream.is_repairing:
            return
        owner.unsettled.pop(stream, None)
        if stream.position.epoch != epoch_in(stream.name, owner.epoch):
            stream.suspect()


class _Owner:
    """Its last epoch, its streams, and those of them that nobody knows to be in this epoch."""

    def __init__(self) -> None:
        self.epoch = ""
        self.streams: dict[TopicStream, None] = {}
        self.unsettled: dict[TopicStream, None] = {}
