"""Use cases of somebody's tenants: seeing, making and naming them, and going from one to another."""

from uuid import UUID

import msgspec

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.members.joining import found
from auth_service.sessions import repository as sessions
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.schemas import SignedIn
from auth_service.sessions.tokens import TokenMint
from auth_service.tenancy.schemas import SwitchTenant
from auth_service.tenant_closing import repository as closures
from auth_service.tenant_closing.restore_tokens import told_of
from auth_service.tenants import repository
from auth_service.tenants.errors import TenantIsClosed, TenantNotFound
from auth_service.tenants.schemas import CreateTenant, OwnTenantView, PatchTenant, TenantQuery, TenantView
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden, PreconditionFailed, SessionRevoked
from shared.events.auth import TenantState, TenantUpdated
from shared.events.topics import tenant_topic
from shared.http.conditions import IfMatch
from shared.http.patch import changes
from shared.pagination import PageOf
from shared.principal import Principal, Role


class Tenants:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: TenantQuery) -> PageOf[OwnTenantView]:
        async with self._database.system_work() as work:
            return await repository.find_tenants_of(work, principal.user_id, query)

    async def add(self, principal: Principal, new: CreateTenant) -> OwnTenantView:
        """Raises SlugTaken, SessionRevoked, TierLimitExceeded."""
        async with self._database.system_work(actor_id=principal.user_id) as work:
            if not await accounts.lock_account(work, principal.user_id):
                raise SessionRevoked
            tenant, owner = await found(work, principal.user_id, new.name, self._clock.now(), slug=new.slug)
            return work.answer(OwnTenantView(**msgspec.structs.asdict(tenant), role=owner.role))

    async def current(self, principal: Principal) -> TenantView:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get_tenant(work, principal.tenant_id)

    async def change_current(self, principal: Principal, patch: PatchTenant, if_match: IfMatch) -> TenantView:
        """Raises Forbidden, PreconditionFailed, SlugTaken."""
        if not principal.role.is_at_least(Role.ADMIN):
            raise Forbidden
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock_tenant(work, principal.tenant_id)
            if not if_match.allows(before.version):
                raise PreconditionFailed(details={"current": msgspec.to_builtins(before)})
            wanted = {name: value for name, value in changes(patch).items() if value != getattr(before, name)}
            if not wanted:
                return before
            named = msgspec.structs.replace(before, **wanted)
            after = await repository.rename_tenant(work, before.id, named.name, named.slug, self._clock.now())
            _tell_updated(work, after, tuple(wanted))
            return after


class TenantSwitch:
    def __init__(self, database: Database, opener: SessionOpener, mint: TokenMint) -> None:
        self._database = database
        self._opener = opener
        self._mint = mint

    async def switch(self, principal: Principal, wanted: SwitchTenant, caller: Caller) -> SignedIn:
        """The session in the former tenant goes on. Raises TenantNotFound, TenantIsClosed, SessionRevoked."""
        async with self._database.system_work(actor_id=principal.user_id) as work:
            user = await _find_member(work, wanted.tenant_id, principal.user_id)
            origin = await sessions.lock_live(work, principal.session_id)
            if origin is None:
                raise SessionRevoked
            grant = await self._opener.open(work, user, caller, proven_at=origin.proven_at)
        return SignedIn(user=user, tokens=self._mint.tokens(grant))


async def _find_member(work: Work, tenant_id: UUID, user_id: UUID) -> UserView:
    """Raises TenantNotFound, or TenantIsClosed for its members."""
    try:
        return await accounts.find_user_for_sign_in(work, tenant_id, user_id)
    except TenantNotFound:
        if (closure := await closures.find_closure(work, user_id, tenant_id)) is not None:
            raise TenantIsClosed(details=told_of(closure)) from None
        raise


def _tell_updated(work: Work, tenant: TenantView, changed_fields: tuple[str, ...]) -> None:
    event = TenantUpdated(
        entity_id=tenant.id,
        version=tenant.version,
        changed_fields=changed_fields,
        payload=msgspec.convert(tenant, TenantState, from_attributes=True),
    )
    work.publish(event, topics=[tenant_topic(tenant.id)], subject=str(tenant.id))
