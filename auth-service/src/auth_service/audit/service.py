"""Use cases of the audit log: keeping what the gateways tell, showing a tenant its own."""

from collections.abc import Sequence
from uuid import UUID

from auth_service.audit import repository
from auth_service.audit.chain import Entry, chained
from auth_service.audit.repository import NOBODYS_CHAIN
from auth_service.audit.schemas import AuditQuery, AuditRecordView
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden, TesseraError
from shared.events.gateway import AuditRecord
from shared.events.questions import GiftRecipient
from shared.messaging.requests import Requests
from shared.pagination import PageOf
from shared.principal import Principal, Role
from shared.telemetry.logs import get_logger


async def keep(work: Work, records: Sequence[AuditRecord]) -> None:
    """In system work. Appends each to the chain of its tenant."""
    by_tenant: dict[UUID, list[AuditRecord]] = {}
    for record in records:
        by_tenant.setdefault(record.tenant_id or NOBODYS_CHAIN, []).append(record)
    if not by_tenant:
        return
    ends = await repository.lock_chains(work, by_tenant)
    entries: list[tuple[UUID, Entry]] = []
    for tenant_id, own in by_tenant.items():
        entries += ((tenant_id, entry) for entry in chained(ends[tenant_id], tenant_id, own))
    await repository.add_entries(work, entries)


class AuditLogs:
    def __init__(self, database: Database, requests: Requests) -> None:
        self._database = database
        self._requests = requests

    async def find(self, principal: Principal, query: AuditQuery) -> PageOf[AuditRecordView]:
        """For whom gifts are planned: without what others did in that (ADR 13). Raises Forbidden."""
        if not principal.role.is_at_least(Role.ADMIN):
            raise Forbidden
        kept_from = principal.user_id if await self._may_be_surprised(principal) else None
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.list_records(work, principal.tenant_id, query, planning_kept_from=kept_from)

    async def _may_be_surprised(self, principal: Principal) -> bool:
        """Also when nobody can say: a record that is missing for a while does less harm than a surprise told."""
        try:
            return (await self._requests.ask(GiftRecipient(principal=principal))).is_recipient
        except TesseraError as error:
            get_logger().warning("nobody could say for whom gifts are planned", code=error.code)
            return True
