"""Ending sessions, one or many: what is ended in the database is told in the same transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from auth_service import limits
from auth_service.sessions import repository
from auth_service.sessions.domain import EndReason
from shared.db.unit_of_work import Work
from shared.events.auth import SessionRevoked

REMEMBERED_FOR = timedelta(days=1)  # longer than any access token of an ended session lives


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
    _publish(work, selection.user_id, ended, reason, now)
    return len(ended)


async def make_room(work: Work, user_id: UUID, now: datetime) -> None:
    """After one was opened: ends those opened longest ago if there are too many, and forgets ended ones."""
    ended = await repository.end_oldest(work, user_id, limits.LIVE_SESSIONS, EndReason.TOO_MANY, now)
    _publish(work, user_id, ended, EndReason.TOO_MANY, now)
    await repository.forget_ended(work, user_id, limits.ENDED_SESSIONS_KEPT, now - REMEMBERED_FOR)


def _publish(work: Work, user_id: UUID, ended: Iterable[tuple[UUID, UUID]], reason: EndReason, now: datetime) -> None:
    for session_id, tenant_id in ended:
        event = SessionRevoked(
            session_id=session_id,
            user_id=user_id,
            revoked_at=int(now.timestamp()),
            reason=reason.value,
        )
        work.publish(event, topics=[], subject=str(session_id), tenant_id=tenant_id)
