"""Use cases of accounts: reading and changing one's own profile."""

import msgspec

from auth_service.accounts import repository
from auth_service.accounts.domain import changed_preferences, check_profile
from auth_service.accounts.schemas import PatchProfile, UserView
from auth_service.accounts.telling import tell_updated
from shared.clock import Clock
from shared.db.databases import Database
from shared.errors import PreconditionFailed
from shared.http.conditions import IfMatch
from shared.http.patch import changes
from shared.principal import Principal


class Profiles:
    """A user's own account, seen from the tenant they are signed in to."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, principal: Principal) -> UserView:
        """Raises UserNotFound when the membership has ended meanwhile."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_user(work, principal.tenant_id, principal.user_id)

    async def change(self, principal: Principal, patch: PatchProfile, if_match: IfMatch) -> UserView:
        """Raises UserNotFound, PreconditionFailed, ValidationFailed."""
        wanted = changes(patch)
        check_profile(wanted)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            user = await repository.lock_user(work, principal.tenant_id, principal.user_id)
            if not if_match.allows(user.version):
                raise PreconditionFailed(details={"current": msgspec.to_builtins(user)})
            if "preferences" in wanted:
                wanted["preferences"] = changed_preferences(user.preferences, wanted["preferences"])
            different = {name: value for name, value in wanted.items() if value != getattr(user, name)}
            if not different:
                return user
            now = self._clock.now()
            user = await repository.update_profile(work, principal.tenant_id, principal.user_id, different, now)
            tell_updated(work, user, different)
            return user
