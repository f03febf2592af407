"""Use cases of the audit log: keeping what the gateways tell, showing a tenant its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from auth_service.audit import key_repository, repository
from auth_service.audit.chain import Entry, Form, Stored, chained
from auth_service.audit.export import EXPORTED, PORTION, lines_of
from auth_service.audit.key_repository import Owner
from auth_service.audit.personal import KeySafe, Personal, PersonKey, person_of
from auth_service.audit.repository import NOBODYS_CHAIN
from auth_service.audit.schemas import AuditAggregateView, AuditQuery, AuditRecordView, ExportFormat
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden, LimitReached, TesseraError
from shared.events.gateway import AuditRecord, Outcome
from shared.events.questions import GiftRecipient
from shared.messaging.requests import Requests
from shared.open_streams import OpenStreams
from shared.pagination import PageOf
from shared.principal import Principal, Role
from shared.telemetry.logs import get_logger


class AuditKeeper:
    """Adds what the gateways tell to the chains, personal fields sealed."""

    def __init__(self, secret: str, time: Callable[[Work], Awaitable[datetime]] = repository.database_time) -> None:
        self._safe = KeySafe(secret)
        self._time = time

    async def keep(self, work: Work, records: Sequence[AuditRecord]) -> None:
        """In system work. Appends each to the chain of its tenant."""
        by_tenant: dict[UUID, list[AuditRecord]] = {}
        for record in records:
            by_tenant.setdefault(record.tenant_id or NOBODYS_CHAIN, []).append(record)
        if not by_tenant:
            return
        chains = await repository.lock_chains(work, by_tenant)
        now = await self._time(work)
        times = {tenant_id: max(now, chain.recorded_at) for tenant_id, chain in chains.items()}
        owners = {
            (tenant_id, person_of(record.user_id, times[tenant_id]))
            for tenant_id, own in by_tenant.items()
            for record in own
        }
        keys = await self._keys(work, owners, now)
        entries: list[tuple[UUID, Entry]] = []
        for tenant_id, own in by_tenant.items():
            at = times[tenant_id]
            sealed = [_sealed(record, at, keys[tenant_id, person_of(record.user_id, at)]) for record in own]
            entries += ((tenant_id, entry) for entry in chained(chains[tenant_id].end, tenant_id, sealed))
        await repository.add_entries(work, entries)

    async def _keys(self, work: Work, owners: set[Owner], now: datetime) -> dict[Owner, PersonKey]:
        """Who has none gets one; for whoever was erased it is thrown away. The locked chains keep others from it."""
        keys: dict[Owner, PersonKey] = {}
        new: dict[Owner, bytes] = {}
        for owner, state in (await key_repository.find_keys(work, owners)).items():
            if state.sealed_key is not None:
                keys[owner] = self._safe.open(*owner, state.sealed_key)
                continue
            keys[owner], sealed = self._safe.make(*owner)
            if not state.is_erased:
                new[owner] = sealed
        if new:
            await key_repository.add_keys(work, new, now)
        return keys


class _Export(NamedTuple):
    principal: Principal
    query: AuditQuery
    kept_from: UUID | None


class _OpenKey(NamedTuple):
    key: PersonKey | None
    is_erased: bool
    """The person, or the tenant."""


class AuditLogs:
    def __init__(self, database: Database, requests: Requests, secret: str) -> None:
        self._database = database
        self._requests = requests
        self._safe = KeySafe(secret)
        self._downloads = OpenStreams()

    async def find(self, principal: Principal, query: AuditQuery) -> PageOf[AuditRecordView]:
        """For whom gifts are planned: without what others did in that (ADR 13). Raises Forbidden."""
        return await self._find(_Export(principal, query, await self._kept_from(principal)))

    async def export(self, principal: Principal, query: AuditQuery, form: ExportFormat) -> AsyncIterator[bytes]:
        """The whole list, read in portions while it is sent.

        Raises Forbidden, ValidationFailed for a cursor of elsewhere, LimitReached, TooManyRequests.
        """
        if query.cursor:
            repository.place_of(query.cursor)  # refused before anything is sent
        self._downloads.require_room(principal.user_id)
        wanted = _Export(principal, query, await self._kept_from(principal))
        async with self._database.unit_of_work(principal.tenant_id) as work:
            count = await repository.count_records(
                work, principal.tenant_id, query, EXPORTED + 1, planning_kept_from=wanted.kept_from
            )
        if count > EXPORTED:
            raise LimitReached("records in one export; ask for less with from and to", EXPORTED)
        return self._downloads.open(principal.user_id, lines_of(self._portions(wanted), form))

    async def _portions(self, wanted: _Export) -> AsyncIterator[Sequence[AuditRecordView]]:
        cursor, exported = wanted.query.cursor, 0
        while exported < EXPORTED:
            query = msgspec.structs.replace(
                wanted.query, cursor=cursor, page=1, page_size=PORTION, limit=None, include_total=False
            )
            page = await self._find(wanted._replace(query=query))
            yield page.items
            cursor, exported = page.next_cursor, exported + len(page.items)
            if cursor is None:
                return

    async def _find(self, wanted: _Export) -> PageOf[AuditRecordView]:
        tenant_id = wanted.principal.tenant_id
        async with self._database.unit_of_work(tenant_id) as work:
            page = await repository.list_records(work, tenant_id, wanted.query, planning_kept_from=wanted.kept_from)
        keys = await self._open_keys({_owner_of(tenant_id, record) for record in page.items})
        views = [_view(tenant_id, record, keys[_owner_of(tenant_id, record)]) for record in page.items]
        return PageOf(
            items=views, total=page.total, page=page.page, page_size=page.page_size, next_cursor=page.next_cursor
        )

    async def _open_keys(self, owners: set[Owner]) -> dict[Owner, _OpenKey]:
        if not owners:
            return {}
        async with self._database.system_work() as work:
            states = await key_repository.find_keys(work, owners)
        return {
            owner: _OpenKey(
                None if state.sealed_key is None else self._safe.open(*owner, state.sealed_key), state.is_erased
            )
            for owner, state in states.items()
        }

    async def _kept_from(self, principal: Principal) -> UUID | None:
        if not principal.role.is_at_least(Role.ADMIN):
            raise Forbidden
        return principal.user_id if await self._may_be_surprised(principal) else None

    async def _may_be_surprised(self, principal: Principal) -> bool:
        """Also when nobody can say: a record that is missing for a while does less harm than a surprise told."""
        try:
            return (await self._requests.ask(GiftRecipient(principal=principal))).is_recipient
        except TesseraError as error:
            get_logger().warning("nobody could say for whom gifts are planned", code=error.code)
            return True


def _view(tenant_id: UUID, record: Stored, open_key: _OpenKey) -> AuditRecordView:
    personal = _personal(record, open_key)
    known = personal or Personal()
    aggregate = record.aggregate
    return AuditRecordView(
        id=record.id,
        tenant_id=tenant_id,
        user_id=record.user_id,
        session_id=record.session_id,
        api_key_id=record.api_key_id,
        action=record.action,
        endpoint=record.endpoint,
        method=record.method,
        status_code=record.status_code,
        outcome=Outcome(record.outcome),
        ip=known.ip,
        user_agent=known.user_agent,
        # Passed on as the JSON that it is: a page of them would take long to parse.
        request_body=known.request_body and msgspec.Raw(known.request_body.encode()),
        request_bytes=record.request_bytes,
        response_ms=record.response_ms,
        trace_id=record.trace_id,
        created_at=record.created_at,
        aggregate=None if aggregate is None else msgspec.json.decode(aggregate, type=AuditAggregateView),
        erased=personal is None,
    )


def _personal(record: Stored, open_key: _OpenKey) -> Personal | None:
    """None once it was erased."""
    if open_key.is_erased or record.form is Form.ERASED:
        return None
    if record.form is Form.PLAIN:
        return Personal(record.ip, record.user_agent, record.request_body)
    if open_key.key is None or record.personal is None:
        return None
    return open_key.key.open(record.id, record.personal)


def _owner_of(tenant_id: UUID, record: Stored) -> Owner:
    return tenant_id, person_of(record.user_id, record.recorded_at)


def _sealed(record: AuditRecord, at: datetime, key: PersonKey) -> Stored:
    aggregate = record.aggregate
    return Stored(
        id=record.id,
        user_id=record.user_id,
        session_id=record.session_id,
        api_key_id=record.api_key_id,
        action=record.action,
        endpoint=record.endpoint,
        method=record.method,
        status_code=record.status_code,
        outcome=record.outcome.value,
        request_bytes=record.request_bytes,
        response_ms=record.response_ms,
        trace_id=record.trace_id,
        created_at=record.created_at,
        recorded_at=at,
        personal=key.seal(record),
        aggregate=None if aggregate is None else msgspec.json.encode(aggregate).decode(),
    )
