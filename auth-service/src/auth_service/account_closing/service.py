"""The use case of closing one's account, and what is done when its last month is over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from auth_service.account_closing import repository
from auth_service.account_closing.domain import Ownership
from auth_service.accounts import repository as accounts
from auth_service.accounts.passwords import hash_of_nothing
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import state_of, tell
from auth_service.api_keys.ending import end_keys
from auth_service.audit.keeping import forget_person
from auth_service.invitations.repository import withdraw_all
from auth_service.mail.mail_queue import MAIL_LETTER
from auth_service.mail.recipient_keys import KeyRange, RecipientKeys
from auth_service.members import seats
from auth_service.recovery.reset_requests import RESET_REQUEST
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.step_up.schemas import Proof
from auth_service.step_up.service import StepUp, require_fresh_proof
from auth_service.tenant_closing.ending import close_tenant, delete_deserted
from auth_service.tenants.errors import LastOwner
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import SessionRevoked
from shared.events.auth import (
    AccountAnonymised,
    AccountDeactivated,
    MembershipChanged,
    MembershipRemoved,
)
from shared.events.changes import Removed
from shared.events.topics import user_topic
from shared.jobs.queue import JobQueue
from shared.messaging.redaction import redact_topics
from shared.principal import Principal

BATCH = 50  # accounts in one transaction


class AccountClosing:
    def __init__(self, database: Database, step_up: StepUp, clock: Clock) -> None:
        self._database = database
        self._step_up = step_up
        self._clock = clock

    async def close(self, principal: Principal, proof: Proof, caller: Caller) -> None:
        """Raises LastOwner, and what `StepUp.check` does."""
        await self._step_up.check(principal, proof, caller)
        user_id, now = principal.user_id, self._clock.now()
        async with self._database.system_work(actor_id=user_id) as work:
            if not await repository.deactivate(work, user_id, now):
                raise SessionRevoked
            await require_fresh_proof(work, principal, now)  # a password changed meanwhile has ended the session
            ownerships = await _lock_ownerships(work, user_id)
            _refuse_orphans(ownerships)
            await repository.deactivate_memberships(work, user_id, now)
            await end_sessions(work, Selection(user_id), EndReason.ACCOUNT_CLOSED, now)
            await end_keys(work, user_id, now)
            await withdraw_all(work, user_id)
            for tenant_id in await repository.list_tenants(work, user_id):
                _tell_deactivated(work, await accounts.find_user(work, tenant_id, user_id))
            for deserted in (each for each in ownerships if each.would_be_deserted):
                await close_tenant(work, deserted.tenant_id, now)


async def anonymise_due(jobs: JobQueue, keys: RecipientKeys, work: Work, now: datetime) -> int:
    """Returns how many accounts were anonymised; there may be more."""
    due = await repository.lock_due(work, now, BATCH)
    for user_id in due:
        await _delete_jobs(work, keys, user_id)
        await _anonymise(work, jobs, user_id, now)
    return len(due)


async def tell_former_tenants(work: Work, _now: datetime) -> int:
    """A retention step, for accounts that were erased before their former tenants were told of it."""
    untold = await repository.take_untold(work, BATCH)
    for former in untold:
        _tell_erased(work, former.tenant_id, former.user_id)
    return len(untold)


async def _lock_ownerships(work: Work, user_id: UUID) -> list[Ownership]:
    """With the seats of those tenants, which come before memberships."""
    for tenant_id in await repository.list_owned(work, user_id):
        await seats.lock(work, tenant_id)
    return await repository.lock_ownerships(work, user_id)


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


async def _delete_jobs(work: Work, keys: RecipientKeys, user_id: UUID) -> None:
    """Those with the address: also set aside ones, which an operator could retry."""
    address = await repository.find_address(work, user_id)
    await repository.delete_jobs(work, RESET_REQUEST.name, KeyRange(address, address))
    await repository.delete_jobs(work, MAIL_LETTER.name, keys.range_of(address))


async def _anonymise(work: Work, jobs: JobQueue, user_id: UUID, now: datetime) -> None:
    tenant_ids = await repository.list_tenants(work, user_id)
    for tenant_id in tenant_ids:
        _tell_gone(work, await accounts.find_user(work, tenant_id, user_id))
    for tenant_id in await repository.list_former_tenants(work, user_id):
        _tell_erased(work, tenant_id, user_id)
    await repository.anonymise(work, user_id, hash_of_nothing(), now)
    await forget_person(work, user_id, now)
    await delete_deserted(work, jobs, tenant_ids, now)


def _tell_gone(work: Work, user: UserView) -> None:
    tenant_id, version = user.tenant_id, user.version + 1
    removed = MembershipRemoved(
        entity_id=user.id, version=version, tenant_id=tenant_id, user_id=user.id, payload=Removed(user.id)
    )
    # First what only this event says: the other one takes away what tells whose things they are.
    _tell_erased(work, tenant_id, user.id)
    tell(work, user, removed)


def _tell_erased(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    redact_topics(work, tenant_id, [user_topic(user_id)])
    _tell_services(work, AccountAnonymised(tenant_id=tenant_id, user_id=user_id))


def _tell_services(work: Work, event: AccountDeactivated | AccountAnonymised) -> None:
    work.publish(event, topics=[], subject=str(event.user_id), tenant_id=event.tenant_id)
