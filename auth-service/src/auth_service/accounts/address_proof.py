"""That somebody reads the mail at their address: it becomes true once, and everybody who sees them is told."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository
from auth_service.accounts.telling import tell_updated
from shared.db.unit_of_work import Work


async def prove_address(work: Work, user_id: UUID, now: datetime) -> bool:
    """In system work. False when it was proven before."""
    if not await repository.mark_verified(work, user_id, now):
        return False
    for user in await repository.find_user_everywhere(work, user_id):
        tell_updated(work, user, ["email_verified"])
    return True
