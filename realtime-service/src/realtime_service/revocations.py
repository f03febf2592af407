"""Sessions that were ended: remembered as long as one of their tokens could still be shown."""

import time
from uuid import UUID

KEPT_SECONDS = 3600.0  # longer than any access token lives
RACE_SECONDS = 5.0
"""The gateway refuses ended sessions itself; only one that it let in just before the news is caught here."""


class Revocations:
    def __init__(self) -> None:
        self._ended: dict[UUID, int] = {}

    def add(self, session_id: UUID, revoked_at: int) -> None:
        """`revoked_at` in unix seconds."""
        self._ended[session_id] = max(revoked_at, self._ended.get(session_id, 0))

    def covers(self, session_id: UUID, issued_at: float) -> bool:
        """Whether a credential of that session and moment is no longer good."""
        return issued_at <= self._ended.get(session_id, -1)

    def prune(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        self._ended = {session: at for session, at in self._ended.items() if at > oldest}
