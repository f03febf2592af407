"""What happens when a list is revealed: whom it is for is told what was kept from them."""

from datetime import datetime
from uuid import UUID

import msgspec

from project_service.gifting.commenting import tell_what_was_said
from project_service.gifting.items import repository as items
from project_service.gifting.lists import repository
from project_service.gifting.lists.announcing import tell_of_reveal
from project_service.gifting.secrecy import StoredList, shows_list
from project_service.gifting.streams import linked
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.jobs.job import Job
from shared.jobs.kinds import NO_LIMIT, JobKind, Limits, Retry
from shared.jobs.queue import JobQueue, NewJob


class ListReveal(msgspec.Struct, frozen=True):
    list_id: UUID


REVEAL = JobKind(
    "gift.reveal",
    ListReveal,
    retry=Retry(attempts=NO_LIMIT, first=1.0),  # never given up: nobody would miss it by themselves
    limits=Limits(per_tenant=4),  # at midnight there may be thousands; other tenants' have their turns
)


def is_awaited(gift_list: StoredList, now: datetime) -> bool:
    """Whether its reveal is still to come."""
    return gift_list.reveal_at is not None and gift_list.reveal_at > now


async def schedule_reveal(jobs: JobQueue, work: Work, list_id: UUID, at: datetime | None) -> None:
    """In the transaction that sets, moves or takes away the time, or deletes the list.

    The job of the list moves with it. Without a time it looks at once, finds nothing to tell, and is deleted.
    """
    await jobs.add(work, REVEAL, NewJob(ListReveal(list_id), unique_key=str(list_id), at=at))


class Revealer:
    """The handler of REVEAL: each list is told of once for each `reveal_at`.

    Twice, if an operator retries a job that was cancelled after a newer one has told the same time. That does no harm:
    the events carry the versions that their reader knows already.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def reveal(self, job: Job[ListReveal]) -> None:
        """Its time may be still to come: the clock of the replica that queued the job can be ahead of ours."""
        async with job.work() as work:
            gift_list = await repository.lock_any(work, job.payload.list_id)
            if gift_list is None or gift_list.reveal_at is None:
                return
            now = self._clock.now()
            if gift_list.reveal_at > now:
                await job.postpone(work, "It is too early.", (gift_list.reveal_at - now).total_seconds())
            else:
                await _tell(work, gift_list, now)


async def _tell(work: Work, gift_list: StoredList, now: datetime) -> None:
    on_it = await items.hold_all(work, gift_list.tenant_id, gift_list.id)
    for link in await linked(work, gift_list.tenant_id):
        if link.user_id == gift_list.subject_id and shows_list(gift_list, link.user_id, now):
            tell_of_reveal(work, link, gift_list, on_it)
            things = [gift_list.id, *(item.id for item in on_it)]
            await tell_what_was_said(work, gift_list.tenant_id, link, things)
