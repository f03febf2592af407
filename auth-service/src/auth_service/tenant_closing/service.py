"""Use cases of closing and restoring a tenant."""

from uuid import UUID

import msgspec

from auth_service.accounts import repository as accounts
from auth_service.audit.subjects import is_about
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.members import seats
from auth_service.step_up.schemas import Proof
from auth_service.step_up.service import StepUp, require_fresh_proof
from auth_service.tenant_closing import repository
from auth_service.tenant_closing.ending import close_tenant
from auth_service.tenant_closing.restore_tokens import RestoreTokens
from auth_service.tenants import repository as tenants
from auth_service.tenants.errors import TenantNotFound
from auth_service.tenants.schemas import OwnTenantView
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden, SessionRevoked
from shared.events.auth import TenantRestored
from shared.principal import Principal, Role


class TenantClosing:
    def __init__(self, database: Database, step_up: StepUp, tokens: RestoreTokens, clock: Clock) -> None:
        self._database = database
        self._step_up = step_up
        self._tokens = tokens
        self._clock = clock

    async def close(self, principal: Principal, proof: Proof, caller: Caller) -> None:
        """Raises Forbidden, SessionRevoked where it is closed already, and what `StepUp.check` does."""
        if principal.role is not Role.OWNER:
            raise Forbidden
        await self._step_up.check(principal, proof, caller)
        now = self._clock.now()
        async with self._database.system_work(actor_id=principal.user_id) as work:
            await require_fresh_proof(work, principal, now)
            await seats.lock(work, principal.tenant_id)
            roster = await tenants.lock_members(work, principal.tenant_id, principal.user_id)
            standing = roster.get(principal.user_id)
            if standing is None or not standing.is_active or standing.role is not Role.OWNER:
                raise Forbidden
            if not await close_tenant(work, principal.tenant_id, now):
                raise SessionRevoked

    async def restore(self, principal: Principal, tenant_id: UUID) -> OwnTenantView:
        """From a session in another tenant. Raises TenantNotFound where it is not closed, or not theirs to restore,
        SessionRevoked.
        """
        async with self._database.system_work(actor_id=principal.user_id) as work:
            if not await accounts.lock_account(work, principal.user_id):
                raise SessionRevoked
            closure = await repository.lock_closure(work, principal.user_id, tenant_id)
            if closure is None or not closure.is_owner:
                raise TenantNotFound
            return work.answer(await self._reopen(work, tenant_id))

    async def restore_with_token(self, text: str) -> OwnTenantView:
        """Raises TokenUsedOrExpired."""
        grant = self._tokens.read(text)
        is_about(grant.tenant_id, grant.user_id)
        async with self._database.system_work(actor_id=grant.user_id) as work:
            if await repository.lock_password_age(work, grant.user_id) != grant.password_changed_at:
                raise TokenUsedOrExpired
            closure = await repository.lock_closure(work, grant.user_id, grant.tenant_id)
            if closure is None or not closure.is_owner or closure.closed_at != grant.closed_at:
                raise TokenUsedOrExpired
            return await self._reopen(work, grant.tenant_id)

    async def _reopen(self, work: Work, tenant_id: UUID) -> OwnTenantView:
        if not await repository.reopen(work, tenant_id, self._clock.now()):
            raise TenantNotFound
        work.publish(TenantRestored(tenant_id=tenant_id), topics=[], subject=str(tenant_id), tenant_id=tenant_id)
        tenant = await tenants.get_tenant(work, tenant_id)
        return OwnTenantView(**msgspec.structs.asdict(tenant), role=Role.OWNER)
