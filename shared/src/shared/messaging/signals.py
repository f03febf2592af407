"""Typed signals: worth knowing now, worthless later (typing, presence, AI chunks). They may be lost, never stored."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec

from shared.messaging.bus import Bus
from shared.telemetry.logs import get_logger

log = get_logger()


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all signal contracts. `name` is dotted (`chat.typing`) and is the routing key."""

    name: ClassVar[str]


SignalT = TypeVar("SignalT", bound=Signal)


class Signals:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def send(self, signal: Signal) -> None:
        """Never raises when the broker is away: the signal is lost."""
        await self._bus.send_signal(signal.name, msgspec.json.encode(signal))

    async def on(self, contract: type[SignalT], handler: Callable[[SignalT], None]) -> None:
        """`handler` hears every node's signals, this one's included, in the order each node sent them."""
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(contract)

        def receive(name: str, body: bytes) -> None:
            try:
                signal = decoder.decode(body)
            except msgspec.DecodeError:
                log.warning("a signal does not fit its contract", signal=name)
            else:
                handler(signal)

        await self._bus.on_signal(contract.name, receive)
