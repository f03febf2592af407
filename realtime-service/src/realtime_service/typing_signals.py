"""Who is typing where: told from node to node by signals, kept nowhere, worthless after five seconds."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from realtime_service.frames import encode_json
from shared.messaging.bus import Bus
from shared.principal import Principal

SIGNAL = "live.typing"


class Typing(msgspec.Struct, frozen=True):
    tenant_id: UUID
    topic: str
    user_id: UUID


_read = msgspec.json.Decoder(Typing).decode


class TypingSignals:
    def __init__(self, bus: Bus, heard: Callable[[Typing], None]) -> None:
        self._bus = bus
        self._heard = heard

    async def connect(self) -> None:
        await self._bus.on_signal(SIGNAL, lambda _name, body: self._heard(_read(body)))

    async def tell(self, principal: Principal, topic: str) -> None:
        """The right to follow the topic has been looked at."""
        await self._bus.send_signal(SIGNAL, encode_json(Typing(principal.tenant_id, topic, principal.user_id)))
