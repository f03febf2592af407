"""Ending sessions, one or many: what is ended in the database is told in the same transaction."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from auth_service.sessions import repository
from auth_service.sessions.domain import EndReason
from shared.db.unit_of_work import Work
from shared.events.auth import SessionRevoked


class Selection(NamedTuple):
    """Sessions of one user: all of them, unless less is said."""

    user_id: UUID
    tenant_id: UUID | None = None
    only: UUID | None = None
    but: UUID | None = None


async def end_sessions(work: Work, selection: Selection, reason: EndReason, now: datetime) -> int:
    """How many ended; those that had ended before stay as they are.

    Who ends all sessions has changed the row of the user or of the membership before, in this transaction: a sign-in
    under way either waits for that row, or has committed its session by now.
    """
    ended = await repository.end_sessions(work, *selection, reason, now)
    for session_id, tenant_id in ended:
        event = SessionRevoked(
            session_id=session_id,
            user_id=selection.user_id,
            revoked_at=int(now.timestamp()),
            reason=reason.value,
        )
        work.publish(event, topics=[], subject=str(session_id), tenant_id=tenant_id)
    return len(ended)
