"""Which streams are in another epoch than the one their owner announces, and when they are compared with it.

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
        self._due: dict[TopicStream, str] = {}
        self._at_once = COMPARED_AT_ONCE
        self._has_due = asyncio.Event()

    def add(self, stream: TopicStream) -> None:
        self._owners.setdefault(stream.owner, _Owner()).streams[stream] = None
        self.on_unsettled(stream)

    def remove(self, stream: TopicStream) -> None:
        owner = self._owners[stream.owner]
        owner.streams.pop(stream, None)
        owner.unsettled.pop(stream, None)
        self._due.pop(stream, None)

    def on_unsettled(self, stream: TopicStream) -> None:
        """It is about to get a position, or another one."""
        self._owners[stream.owner].unsettled[stream] = None

    def announced(self, service: str, epoch: str) -> bool:
        """Whether streams were found that have to be compared; `run` does it."""
        owner = self._owners.get(service)
        found = owner.in_other_epochs(epoch) if owner else []
        new = [stream for stream in found if self._due.get(stream) != epoch]
        if new:
            self._due.update(dict.fromkeys(new, epoch))
            self._at_once = max(COMPARED_AT_ONCE, round(len(self._due) * PAUSE_SECONDS / SPREAD_SECONDS))
            self._has_due.set()
        return bool(new)

    def compare_next(self) -> None:
        """As many as are compared at once."""
        for stream in list(islice(self._due, self._at_once)):
            if _is_in_other_epoch(stream, self._due.pop(stream)):
                stream.suspect()
        if not self._due:
            self._has_due.clear()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            await self._has_due.wait()
            self.compare_next()
            await asyncio.sleep(PAUSE_SECONDS)


class _Owner:
    """Its streams, and those of them that nobody knows to be in its epoch."""

    def __init__(self) -> None:
        self.streams: dict[TopicStream, None] = {}
        self.unsettled: dict[TopicStream, None] = {}
        self._epoch = ""

    def in_other_epochs(self, epoch: str) -> list[TopicStream]:
        """What has no position yet, or is being repaired, is looked at the next time."""
        if epoch != self._epoch:
            self._epoch = epoch
            self.unsettled = dict(self.streams)
        settled = [stream for stream in self.unsettled if stream.position is not None and not stream.is_repairing]
        others = [stream for stream in settled if _is_in_other_epoch(stream, epoch)]
        for stream in set(settled).difference(others):
            del self.unsettled[stream]
        return others


def _is_in_other_epoch(stream: TopicStream, epoch: str) -> bool:
    return stream.position is not None and stream.position.epoch != epoch_in(stream.name, epoch)
