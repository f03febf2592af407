"""The seats of a tenant, which `Quota.MEMBERS` counts.

Every member holds one, disabled ones too, and so does every address that is invited and has not answered; an address
that is a member's or that is invited several times holds one in all. Whose tier decides: that of the tenant.
"""

from datetime import datetime
from uuid import UUID

from auth_service.members import repository
from shared.db.unit_of_work import Work
from shared.quotas import Quota, require_room

lock = repository.lock_seats


async def require_seat_for(work: Work, tenant_id: UUID, email_identity: str, now: datetime) -> None:
    """Before an address is invited; with the seats locked it stays true. Raises TierLimitExceeded."""
    if not await repository.holds_seat(work, tenant_id, email_identity, now):
        seats = await repository.count_seats(work, tenant_id, now)
        require_room(Quota.MEMBERS, seats.tier, seats.used)


async def require_seat_of_newcomer(work: Work, tenant_id: UUID, now: datetime) -> None:
    """After a membership was added, with the seats locked before. Raises TierLimitExceeded.

    Whoever was invited turns a seat that was counted into their own, and so is refused only where a downgrade has left
    the tenant with more seats than it may have.
    """
    seats = await repository.count_seats(work, tenant_id, now)
    require_room(Quota.MEMBERS, seats.tier, seats.used - 1)
