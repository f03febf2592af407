"""What ends in the audit log, and makes room in it: periodic tasks, each a portion in a transaction of its own."""

from datetime import datetime, timedelta
from uuid import UUID

from auth_service.audit import keeping_repository as repository, key_repository as keys
from auth_service.audit.chain import Entry
from auth_service.audit.signing import AuditSigner
from shared.db.unit_of_work import Work
from shared.retention import Pruning, Retention

KEPT_FOR = timedelta(days=400)
"""Records, at least: a year can be compared with the one before. Deleted in whole months, so up to 431 days."""
STRANGERS_KEPT_FOR = timedelta(days=90)
"""Addresses and user agents of whoever belongs to no account, counted from the end of their month."""
_LONGEST_MONTH = timedelta(days=31)
MONTHS_AHEAD = 2

ADD_MONTHS = "make the next months of the audit log"
END_MONTHS = "delete old months of the audit log"
ERASE_PEOPLE = "erase people from older audit records"
FORGET_STRANGERS = "forget strangers in the audit log"


async def forget_person(work: Work, user_id: UUID, now: datetime) -> None:
    """In system work: from now on nobody can read the personal fields of their records, in any tenant."""
    await keys.erase_person(work, user_id, now)


async def forget_tenant(work: Work, tenant_id: UUID, now: datetime) -> None:
    """In system work: the same for all records of a tenant. What was done in it stays until its months end."""
    await keys.erase_tenant(work, tenant_id, now)


class AuditKeeping:
    def __init__(self, signer: AuditSigner) -> None:
        self._signer = signer
        self._set_aside: set[UUID] = set()

    def prunings(self) -> tuple[Pruning, ...]:
        steps: dict[str, Retention] = {
            ADD_MONTHS: self.add_months,
            END_MONTHS: self.end_month,
            ERASE_PEOPLE: self.erase_plain,
            FORGET_STRANGERS: self.forget_strangers,
        }
        measures = {ADD_MONTHS: repository.measure_rest}
        return tuple(Pruning.by_step(name, step)._replace(measure=measures.get(name)) for name, step in steps.items())

    async def add_months(self, work: Work, now: datetime) -> int:
        """Also those that were missing when something was recorded. Returns 0: there is nothing more to do."""
        day = now.date().replace(day=1)
        for _ in range(MONTHS_AHEAD + 1):
            await repository.add_month(work, day)
            day = (day + _LONGEST_MONTH + timedelta(days=1)).replace(day=1)
        for missing in await repository.months_in_rest(work, before=day):
            await repository.add_month(work, missing)
        return 0

    async def end_month(self, work: Work, now: datetime) -> int:
        """First signs where each chain is cut, in portions; then the month goes as a whole."""
        month = await repository.first_ended(work, now - KEPT_FOR)
        if month is None:
            return 0
        ends = await repository.ends_to_sign(work, month)
        if not ends:
            return int(await repository.drop_month(work, month))
        signed = {tenant: (end, self._signer.sign_checkpoint(tenant, end)) for tenant, end in ends.items()}
        await repository.put_checkpoints(work, signed, now)
        return len(ends)

    async def erase_plain(self, work: Work, now: datetime) -> int:
        """Entries of before personal fields were sealed: they lose them, and the service signs what is left."""
        subject = await keys.next_erasure(work, self._set_aside)
        if subject is None:
            self._set_aside.clear()
            return 0
        try:
            return await self._erase_part(work, subject, now)
        except Exception:
            self._set_aside.add(subject)  # the next round goes on with the others, and the one after that tries again
            raise

    async def _erase_part(self, work: Work, subject: UUID, now: datetime) -> int:
        entries = await repository.plain_entries(work, subject)
        if entries:
            await repository.erase_entries(
                work, [(tenant, each, self._attest(tenant, each)) for tenant, each in entries]
            )
        else:
            await keys.finish_erasure(work, subject, now)
        return len(entries) or 1

    async def forget_strangers(self, work: Work, now: datetime) -> int:
        forgotten = await keys.delete_strangers_keys(work, now - STRANGERS_KEPT_FOR - _LONGEST_MONTH)
        return forgotten + await keys.delete_old_erasures(work, now - KEPT_FOR - _LONGEST_MONTH)

    def _attest(self, tenant_id: UUID, entry: Entry) -> bytes:
        return self._signer.sign_erased(tenant_id, entry)
