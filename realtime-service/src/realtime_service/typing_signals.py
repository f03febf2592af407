"""Who is typing where: told from node to node by signals, kept nowhere, worthless after five seconds."""

from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from realtime_service.buckets import Rate
from shared.messaging.signals import Signal, Signals
from shared.principal import Principal

TYPING_RATE = Rate(5, 1.0)  # of one connection: it is worth five seconds, so clients repeat it more slowly than that


class Typing(Signal, frozen=True, kw_only=True):
    name: ClassVar[str] = "live.typing"
    tenant_id: UUID
    topic: str
    user_id: UUID


class TypingSignals:
    def __init__(self, signals: Signals, heard: Callable[[Typing], None]) -> None:
        self._signals = signals
        self._heard = heard

    async def connect(self) -> None:
        await self._signals.on(Typing, self._heard)

    async def tell(self, principal: Principal, topic: str) -> None:
        """The right to follow the topic has been looked at."""
        await self._signals.send(Typing(tenant_id=principal.tenant_id, topic=topic, user_id=principal.user_id))
