"""The use case of allotting a part of a tenant's storage to another service, which then fills it by itself."""

from project_service.blobs import repository
from shared.db.databases import Database
from shared.events.questions import StorageAllotment, StorageAllotmentAnswer
from shared.quotas import Quota, limit_of
from shared.tenant_closures import repository as closures


class StorageAllotments:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, question: StorageAllotment) -> StorageAllotmentAnswer:
        """Writers of new contents wait meanwhile, so that together they never take more than the tier includes."""
        limit = limit_of(Quota.STORAGE, question.tier)
        async with self._database.unit_of_work(question.tenant_id) as work:
            if await closures.is_deleted(work):  # asked while the other service is not done with erasing it
                return StorageAllotmentAnswer(allotted=0, used=0, limit=limit)
            used = await repository.change_use(work, question.tenant_id, 0)  # locks the account
            before = await repository.find_allotment(work, question.tenant_id, question.holder)
            allotted = granted(question.size, before, limit - (used - before))
            if allotted != before:
                await repository.put_allotment(work, question.tenant_id, question.holder, allotted)
                used = await repository.change_use(work, question.tenant_id, allotted - before)
        return StorageAllotmentAnswer(allotted=allotted, used=used, limit=limit)


def granted(asked: int, before: int, room: int) -> int:
    """Of what is asked for, as much as there is room for; less than before only for who asks for less.

    `room` is what all others leave, and negative after a downgrade.
    """
    return min(asked, max(before, room))
