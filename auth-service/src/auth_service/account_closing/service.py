"""The use case of closing one's account, and what is done when its last month is over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from auth_service.account_closing import repository
from auth_service.account_closing.domain import Ownership
from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import InvalidPassword
from auth_service.accounts.passwords import Passwords, hash_of_nothing
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import state_of, tell
from auth_service.api_keys.ending import end_keys
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.tenants.errors import LastOwner
from auth_service.throttling.domain import PASSWORD_PER_ACCOUNT, Claim
from auth_service.throttling.service import AttemptLimits
from shared.address_prefix import address_prefix
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import (
    AccountAnonymised,
    AccountDeactivated,
    MembershipChanged,
    MembershipRemoved,
)
from shared.events.changes import Removed
from shared.principal import Principal

BATCH = 50  # accounts in one transaction


class AccountClosing:
    def __init__(self, database: Database, passwords: Passwords, limits: AttemptLimits, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._clock = clock

    async def close(self, principal: Principal, password: str, caller: Caller) -> None:
        """Raises InvalidPassword, LastOwner, TooManyRequests, PasswordChecksBusy."""
        user_id = principal.user_id
        claim = Claim(PASSWORD_PER_ACCOUNT, f"{user_id}\n{address_prefix(caller.address)}")
        await self._limits.take(claim)
        async with self._database.system_work() as work:
            known = await repository.find_password(work, user_id)
        verdict = await self._passwords.check(known.password_hash if known else None, password)
        if known is None or not verdict.is_right:
            raise InvalidPassword
        now = self._clock.now()
        async with self._database.system_work(actor_id=user_id) as work:
            if not await repository.deactivate(work, user_id, known.password_changed_at, now):
                raise InvalidPassword
            _refuse_orphans(await repository.lock_ownerships(work, user_id))
            await repository.deactivate_memberships(work, user_id, now)
            await end_sessions(work, Selection(user_id), EndReason.ACCOUNT_CLOSED, now)
            await end_keys(work, user_id, now)
            await self._limits.give_back(work, [claim])
            for tenant_id in await repository.list_tenants(work, user_id):
                _tell_deactivated(work, await accounts.find_user(work, tenant_id, user_id))


async def anonymise_due(work: Work, now: datetime) -> int:
    """Returns how many accounts were anonymised; there may be more."""
    due = await repository.lock_due(work, now, BATCH)
    for user_id in due:
        await _anonymise(work, user_id, now)
    return len(due)


def _refuse_orphans(ownerships: Sequence[Ownership]) -> None:
    orphans = [str(each.tenant_id) for each in ownerships if each.would_be_orphaned]
    if orphans:
        raise LastOwner(details={"tenant_ids": orphans})


def _tell_deactivated(work: Work, user: UserView) -> None:
    changed = MembershipChanged(
        entity_id=user.id,
        version=user.version,
        changed_fields=("is_active",),
        tenant_id=user.tenant_id,
        user_id=user.id,
        role=user.role,
        is_active=False,
        payload=state_of(user),
    )
    tell(work, user, changed)
    _tell_services(work, AccountDeactivated(tenant_id=user.tenant_id, user_id=user.id))


async def _anonymise(work: Work, user_id: UUID, now: datetime) -> None:
    tenant_ids = await repository.list_tenants(work, user_id)
    for tenant_id in tenant_ids:
        _tell_gone(work, await accounts.find_user(work, tenant_id, user_id))
    await repository.anonymise(work, user_id, hash_of_nothing(), now)
    await repository.close_empty_tenants(work, tenant_ids, now)


def _tell_gone(work: Work, user: UserView) -> None:
    tenant_id, version = user.tenant_id, user.version + 1
    removed = MembershipRemoved(
        entity_id=user.id, version=version, tenant_id=tenant_id, user_id=user.id, payload=Removed(user.id)
    )
    tell(work, user, removed)
    _tell_services(work, AccountAnonymised(tenant_id=tenant_id, user_id=user.id))


def _tell_services(work: Work, event: AccountDeactivated | AccountAnonymised) -> None:
    work.publish(event, topics=[], subject=str(event.user_id), tenant_id=event.tenant_id)
