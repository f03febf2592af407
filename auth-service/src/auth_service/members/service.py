"""Use cases of a tenant's members: seeing, changing and removing them."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.domain import check_profile
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import state_of, tell, tell_updated
from auth_service.api_keys.ending import end_keys
from auth_service.invitations.repository import withdraw_beyond
from auth_service.members import repository
from auth_service.members.domain import check_may_grant, check_may_manage, check_owner_remains, standing_of
from auth_service.members.ownership import require_room_of_owner
from auth_service.members.schemas import PatchUser, UserQuery
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.tenants import repository as tenants
from auth_service.tenants.repository import Roster, Standing
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden
from shared.events.auth import MembershipChanged, MembershipRemoved
from shared.events.changes import Removed
from shared.events.questions import MemberDirectory, MemberDirectoryAnswer
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.pagination import PageOf
from shared.principal import Principal, Role

_OF_MEMBERSHIP = ("role", "is_active")


class Members:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: UserQuery) -> PageOf[UserView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal.tenant_id, principal.user_id, query)

    async def get(self, principal: Principal, user_id: UUID) -> UserView:
        """Raises UserNotFound."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            user = await accounts.find_user(work, principal.tenant_id, user_id)
        return repository.seen_by(principal.user_id, user)

    async def change(self, principal: Principal, user_id: UUID, patch: PatchUser, if_match: IfMatch) -> UserView:
        """Raises UserNotFound, Forbidden, LastOwner, PreconditionFailed, ValidationFailed, TierLimitExceeded."""
        wanted = changes(patch)
        check_profile(wanted)
        may_write_person = user_id == principal.user_id or not await self._is_shared(principal, user_id)
        async with self._work_to_change(principal, wanted) as work:
            before, roster = await _lock_member(work, principal, user_id)
            _check_may_change(roster, principal.user_id, user_id, wanted, may_write_person=may_write_person)
            refuse_stale(if_match, repository.seen_by(principal.user_id, before))
            after = await self._apply(work, roster, before, wanted)
        return repository.seen_by(principal.user_id, after)

    async def remove(self, principal: Principal, user_id: UUID, if_match: IfMatch) -> None:
        """Everybody may leave. Raises UserNotFound, Forbidden, LastOwner, PreconditionFailed."""
        tenant_id = principal.tenant_id
        async with self._database.unit_of_work(tenant_id, actor_id=principal.user_id) as work:
            user, roster = await _lock_member(work, principal, user_id)
            target = standing_of(roster, user_id)
            if user_id != principal.user_id:
                check_may_manage(roster.get(principal.user_id), target.role)
            refuse_stale(if_match, repository.seen_by(principal.user_id, user))
            check_owner_remains(roster, user_id, None)
            now = self._clock.now()
            await end_keys(work, user_id, now, tenant_id=tenant_id)  # before they go with the membership
            await tenants.remove_membership(work, tenant_id, user_id, now)
            leaving = Selection(user_id, tenant_id=tenant_id)
            await end_sessions(work, leaving, EndReason.MEMBERSHIP_ENDED, now)
            await withdraw_beyond(work, tenant_id, user_id, None)
            removed = MembershipRemoved(
                entity_id=user_id,
                version=user.version + 1,
                tenant_id=tenant_id,
                user_id=user_id,
                payload=Removed(user_id),
            )
            tell(work, user, removed)

    async def directory(self, question: MemberDirectory) -> MemberDirectoryAnswer:
        """For services that keep a copy of who belongs to which tenant."""
        async with self._database.system_work() as work:
            return MemberDirectoryAnswer(await repository.read_directory(work, question))

    def _work_to_change(self, principal: Principal, wanted: dict[str, Any]) -> AbstractAsyncContextManager[Work]:
        """Whoever becomes an owner may own tenants that this one does not see."""
        if wanted.get("role") is Role.OWNER:
            return self._database.system_work(actor_id=principal.user_id)
        return self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id)

    async def _is_shared(self, principal: Principal, user_id: UUID) -> bool:
        """Whoever belongs to other tenants too is described by nobody but themselves."""
        async with self._database.system_work() as work:
            return await accounts.belongs_elsewhere(work, principal.tenant_id, user_id)

    async def _apply(self, work: Work, roster: Roster, before: UserView, wanted: dict[str, Any]) -> UserView:
        now = self._clock.now()
        after = await _change_membership(work, roster, before, wanted, now)
        person = {
            name: value
            for name, value in wanted.items()
            if name not in _OF_MEMBERSHIP and value != getattr(before, name)
        }
        if person:
            after = await accounts.update_profile(work, before.tenant_id, before.id, person, now)
            tell_updated(work, after, person)
        return after


async def _lock_member(work: Work, principal: Principal, user_id: UUID) -> tuple[UserView, Roster]:
    """As they are once both locks are held; the user before memberships, as signing in. Raises UserNotFound."""
    await accounts.lock_user(work, principal.tenant_id, user_id)
    roster = await tenants.lock_members(work, principal.tenant_id, principal.user_id, user_id)
    return await accounts.find_user(work, principal.tenant_id, user_id), roster


def _check_may_change(
    roster: Roster, actor_id: UUID, user_id: UUID, wanted: dict[str, Any], *, may_write_person: bool
) -> None:
    actor, target = roster.get(actor_id), standing_of(roster, user_id)
    if user_id != actor_id or any(name in wanted for name in _OF_MEMBERSHIP):
        check_may_manage(actor, target.role)
    if actor is not None and "role" in wanted:
        check_may_grant(actor.role, wanted["role"])
    if not may_write_person and wanted.keys() - set(_OF_MEMBERSHIP):
        raise Forbidden("This account is used in other tenants too: only its owner changes it.")


async def _change_membership(
    work: Work, roster: Roster, before: UserView, wanted: dict[str, Any], now: datetime
) -> UserView:
    """Tokens say which role their bearer has, so the sessions in this tenant end with the former one."""
    former = roster[before.id]
    standing = Standing(wanted.get("role", former.role), wanted.get("is_active", former.is_active))
    if standing == former:
        return before
    check_owner_remains(roster, before.id, standing)
    await tenants.change_membership(work, before.tenant_id, before.id, standing, now)
    if standing.role is Role.OWNER and former.role is not Role.OWNER:
        await require_room_of_owner(work, before.id)
    await end_sessions(work, Selection(before.id, tenant_id=before.tenant_id), EndReason.ROLE_CHANGED, now)
    await withdraw_beyond(work, before.tenant_id, before.id, standing.role if standing.is_active else None)
    after = await accounts.find_user(work, before.tenant_id, before.id)
    changed = MembershipChanged(
        entity_id=after.id,
        version=after.version,
        changed_fields=tuple(name for name in _OF_MEMBERSHIP if name in wanted),
        tenant_id=after.tenant_id,
        user_id=after.id,
        role=standing.role,
        is_active=standing.is_active,
        payload=state_of(after),
    )
    tell(work, after, changed)
    return after
