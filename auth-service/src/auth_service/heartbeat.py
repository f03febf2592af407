"""Tells listeners that they hear us: silence on a line that looks connected means that revocations may be missing."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from shared.clock import Clock
from shared.db.failures import DatabaseUnavailable
from shared.events.auth import Heartbeat
from shared.events.envelope import Envelope, encode
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage, PublishFailed

BEAT_SECONDS = 2.0


class Heart:
    """`unsent_seconds` tells how long the oldest unsent event has been waiting. What cannot be told is left out."""

    def __init__(self, service: str, bus: Bus, unsent_seconds: Callable[[], Awaitable[float]], clock: Clock) -> None:
        self._service = service
        self._bus = bus
        self._unsent_seconds = unsent_seconds
        self._clock = clock

    async def beat_if_possible(self) -> None:
        """Without a broker or a database nothing is sent: silence is the signal that something is wrong."""
        with suppress(DatabaseUnavailable, PublishFailed):
            await self.beat()

    async def beat(self) -> None:
        """Past the outbox, but on the way of all events. Raises DatabaseUnavailable or PublishFailed."""
        event = Heartbeat(unsent_seconds=await self._unsent_seconds())
        envelope = Envelope(
            id=new_id(),
            source=self._service,
            type=event.type,
            subject="",
            time=self._clock.now(),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
        await self._bus.publish([OutgoingMessage(self._service, event.type, envelope.id, encode(envelope))])
