"""How many tenants one account may own, which `Quota.TENANTS` counts: however it came to own them."""

from uuid import UUID

from auth_service.tenants import repository as tenants
from shared.db.unit_of_work import Work
from shared.principal import Tier
from shared.quotas import Quota, require_room


async def require_room_of_owner(work: Work, user_id: UUID) -> None:
    """After the account was made an owner, with the account locked before. In system work. Raises TierLimitExceeded.

    The best tier among its tenants decides.
    """
    owned = await tenants.count_owned(work, user_id)
    best = max(owned, key=list(Tier).index)
    require_room(Quota.TENANTS, best, sum(owned.values()) - 1)
