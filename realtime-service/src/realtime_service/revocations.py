"""Sessions that were ended: remembered as long as one of their tokens could still be shown."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from shared.errors import TesseraError
from shared.events.questions import EndedSession, EndedSessions
from shared.messaging.requests import Requests
from shared.telemetry.logs import get_logger

KEPT_SECONDS = 3600.0  # longer than any access token lives
ASK_AGAIN_SECONDS = 1.0


class Revocations:
    def __init__(self) -> None:
        self._ended: dict[UUID, int] = {}

    def add(self, session_id: UUID, revoked_at: int) -> None:
        """`revoked_at` in unix seconds."""
        self._ended[session_id] = max(revoked_at, self._ended.get(session_id, 0))

    def covers(self, session_id: UUID) -> bool:
        """Whether credentials of that session are no longer good, however young they look: none begins anew."""
        return session_id in self._ended

    def prune(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        self._ended = {session: at for session, at in self._ended.items() if at > oldest}


class CatchUp:
    """Reads what ended while no events came: before the start, and while the bus was away."""

    def __init__(self, requests: Requests, tell: Callable[[EndedSession], None]) -> None:
        self._requests = requests
        self._tell = tell
        self._is_needed = asyncio.Event()
        self._is_needed.set()

    def begin(self) -> None:
        self._is_needed.set()

    async def run(self) -> None:
        """Works until it is cancelled; asks again for as long as auth-service does not answer."""
        while True:
            await self._is_needed.wait()
            self._is_needed.clear()
            try:
                ended = await self._requests.ask(EndedSessions())
            except TesseraError as error:
                get_logger().warning("the ended sessions cannot be read", code=error.code)
                self._is_needed.set()
                await asyncio.sleep(ASK_AGAIN_SECONDS)
                continue
            for session in ended.sessions:
                self._tell(session)
