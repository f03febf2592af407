"""How many live connections each tenant has on the other nodes, as those say: the base of a quota over all nodes.

Each node sends the numbers that have changed twice a second, and all of its numbers now and then. What a node has not
repeated for a while no longer counts, so neither a lost signal nor a killed node is counted for long.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, NamedTuple
from uuid import UUID

from shared.ids import new_id
from shared.messaging.signals import Signal, Signals

TENANTS_OF_SIGNAL = 500  # about 30 KB


class Pace(NamedTuple):
    """All in seconds."""

    turn: float = 0.5  # how old the number of another node may be, beside the way of the signal
    repeat: float = 5.0
    kept: float = 13.0  # without a repetition: two may be lost, and a killed node is forgotten within 15 s


class TenantConnections(Signal, frozen=True, kw_only=True):
    name: ClassVar[str] = "live.tenant_connections"
    node: UUID
    counts: dict[UUID, int]
    """By tenant; zero when the last one has gone."""


class OtherNodes:
    def __init__(self, signals: Signals, pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self._signals = signals
        self._pace = pace
        self._node = new_id()
        self._own: dict[UUID, int] = {}
        self._changed: dict[UUID, None] = {}
        self._theirs: dict[UUID, dict[UUID, tuple[int, float]]] = {}
        self._next_repeat = 0.0

    async def connect(self) -> None:
        await self._signals.on(TenantConnections, self.receive)

    def connections_of(self, tenant_id: UUID) -> int:
        """On all other nodes."""
        theirs = self._theirs.get(tenant_id)
        if not theirs:
            return 0
        oldest = time.monotonic() - self._pace.kept
        return sum(number for number, received_at in theirs.values() if received_at >= oldest)

    def set_own(self, tenant_id: UUID, number: int) -> None:
        """What this node tells the others with its next turn."""
        if number:
            self._own[tenant_id] = number
        else:
            self._own.pop(tenant_id, None)
        self._changed[tenant_id] = None

    def receive(self, signal: TenantConnections) -> None:
        if signal.node == self._node:
            return
        now = time.monotonic()
        for tenant_id, number in signal.counts.items():
            if number:
                self._theirs.setdefault(tenant_id, {})[signal.node] = (number, now)
            elif tenant_id in self._theirs:
                self._theirs[tenant_id].pop(signal.node, None)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self._pace.turn)

    async def turn(self) -> None:
        """Sends what has changed, or all when that is due."""
        now = time.monotonic()
        if now >= self._next_repeat:
            self._next_repeat = now + self._pace.repeat
            self._changed.update(dict.fromkeys(self._own))
            self._forget_old(now - self._pace.kept)
        changed, self._changed = self._changed, {}
        for part in _parts(changed):
            counts = {tenant_id: self._own.get(tenant_id, 0) for tenant_id in part}
            await self._signals.send(TenantConnections(node=self._node, counts=counts))

    def _forget_old(self, oldest: float) -> None:
        for tenant_id, theirs in tuple(self._theirs.items()):
            for node in [node for node, (_, received_at) in theirs.items() if received_at < oldest]:
                del theirs[node]
            if not theirs:
                del self._theirs[tenant_id]


def _parts(tenants: dict[UUID, None]) -> Iterator[list[UUID]]:
    rest = iter(tenants)
    while part := list(islice(rest, TENANTS_OF_SIGNAL)):
        yield part
