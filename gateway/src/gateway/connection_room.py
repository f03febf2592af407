"""How many connections from outside may be open: of one address, and before this process runs out of descriptors.

Whoever is idle makes room: the one that has been idle longest, of the same address where that is what is full.
"""

import os
from collections.abc import Callable
from typing import Protocol

from gateway.errors import TooManyConnections
from shared.errors import TesseraError, Unavailable

PER_ADDRESS = 1_000  # half of them may be live: many people share an address, and realtime-service lets 500 in
SHARE = 4  # one address gets 1/4 of the descriptors at most: each connection may take two more of them inside
LEAST_RESERVE, MOST_RESERVE = 64, 1_024  # descriptors kept free for what is behind: services, databases, log files
RESERVED_SHARE = 8
MOST_REFUSED = 64  # refused connections that may take their time to read why; more are closed at once


class Connection(Protocol):
    prefix: str
    """What counts as one address with its own (`shared.address_prefix`)."""

    def close_idle(self) -> None:
        """Ends it; it is between two requests."""


def reserve_of(file_limit: int) -> int:
    return max(LEAST_RESERVE, min(MOST_RESERVE, file_limit // RESERVED_SHARE))


def most_of_address(file_limit: int, scale: float) -> int:
    """Where no setting says otherwise."""
    return max(1, min(int(PER_ADDRESS * scale), (file_limit - reserve_of(file_limit)) // SHARE))


def lowest_free_descriptor() -> int:
    """A system gives out the lowest free number: all below are taken, by whatever part of this process."""
    try:
        descriptor = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return 2**31
    os.close(descriptor)
    return descriptor


class ConnectionRoom:
    def __init__(
        self,
        per_address: int | None,
        file_limit: int,
        count: Callable[[str], None],
        lowest_free: Callable[[], int] = lowest_free_descriptor,
    ) -> None:
        """`per_address` is None behind a proxy, whose connections are everybody's. `count` gets what happened:
        "shed", "refused_address" or "refused_files".
        """
        self._per_address = per_address
        self._fullest = file_limit - reserve_of(file_limit)
        self._count = count
        self._lowest_free = lowest_free
        self._addresses: dict[str, int] = {}
        self._idle: dict[Connection, None] = {}
        self._idle_of: dict[str, dict[Connection, None]] = {}
        self._refused: set[Connection] = set()

    @property
    def open(self) -> int:
        return sum(self._addresses.values())

    @property
    def may_refuse_slowly(self) -> bool:
        return len(self._refused) <= MOST_REFUSED

    def arrive(self, connection: Connection) -> TesseraError | None:
        """Counts it until `leave`. What to answer when there is no room for it."""
        address = connection.prefix
        self._addresses[address] = number = self._addresses.get(address, 0) + 1
        refusal: TesseraError | None = None
        if self._per_address is not None and number > self._per_address and not self._shed(self._idle_of.get(address)):
            refusal = TooManyConnections()
            self._count("refused_address")
        elif self._lowest_free() >= self._fullest and not self._shed(self._idle):
            refusal = Unavailable()
            self._count("refused_files")
        if refusal is not None:
            self._refused.add(connection)
        return refusal

    def note_idle(self, connection: Connection) -> None:
        """It has nothing under way from now on."""
        self._idle[connection] = None
        self._idle_of.setdefault(connection.prefix, {})[connection] = None

    def note_busy(self, connection: Connection) -> None:
        if connection not in self._idle:
            return
        del self._idle[connection]
        address = connection.prefix
        of_address = self._idle_of[address]
        del of_address[connection]
        if not of_address:
            del self._idle_of[address]

    def leave(self, connection: Connection) -> None:
        self.note_busy(connection)
        self._refused.discard(connection)
        self.leave_address(connection.prefix)

    def leave_address(self, address: str) -> None:
        """The same for a connection that has long become something else."""
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def _shed(self, idle: "dict[Connection, None] | None") -> bool:
        """Whether somebody made room."""
        if not idle:
            return False
        oldest = next(iter(idle))
        self.note_busy(oldest)
        self._count("shed")
        oldest.close_idle()
        return True
