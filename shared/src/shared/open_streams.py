"""How many long answers a user may have open at once: each costs a thread's or a database's time while it lasts."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Self
from uuid import UUID
from weakref import WeakSet

from shared.errors import TooManyRequests

STREAMS_PER_USER = 4
"""Downloads of exports and archives that one user may have under way on one replica."""

RETRY_SECONDS = 5


class OpenStreams:
    """One that is never begun, or left in the middle, counts no longer than it is held."""

    def __init__(self, most: int = STREAMS_PER_USER) -> None:
        self._most = most
        self._open: dict[UUID, WeakSet[_OpenStream]] = {}

    def open(self, user_id: UUID, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same `parts`. Raises TooManyRequests."""
        self.require_room(user_id)
        stream = _OpenStream(parts)
        self._open.setdefault(user_id, WeakSet()).add(stream)
        return stream

    def require_room(self, user_id: UUID) -> None:
        """Raises TooManyRequests."""
        self._open = {user: streams for user, streams in self._open.items() if any(not one.is_over for one in streams)}
        if sum(not one.is_over for one in self._open.get(user_id, ())) >= self._most:
            raise TooManyRequests(
                f"At most {self._most} downloads of this kind may be under way.",
                details={"retry_after": RETRY_SECONDS},
                headers={"Retry-After": str(RETRY_SECONDS)},
            )


class _OpenStream:
    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._parts)
        except BaseException:
            self.is_over = True
            raise

    async def aclose(self) -> None:
        """Ends the parts' own work at once, too, as whoever reads only some of them has to."""
        self.is_over = True
        if isinstance(self._parts, AsyncGenerator):
            await self._parts.aclose()
