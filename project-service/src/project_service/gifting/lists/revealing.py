"""What happens when a list is revealed: whom it is for is told what was kept from them."""

from datetime import datetime
from uuid import UUID

from project_service.gifting.commenting import tell_what_was_said
from project_service.gifting.items import repository as items
from project_service.gifting.lists import repository
from project_service.gifting.lists.announcing import tell_of_reveal
from project_service.gifting.secrecy import shows_list
from project_service.gifting.streams import linked
from shared.clock import Clock
from shared.db.databases import Database

ROUND_SECONDS = 10.0  # at most that long after the moment, whoever looks at the list is told of it
MOST_AT_ONCE = 100  # lists of a round


class Revealer:
    """Replicas may do it at the same time: each list is told of by one of them, once for each `reveal_at`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def reveal_due(self) -> int:
        """Returns how many lists there were; the next round takes what is left."""
        now = self._clock.now()
        async with self._database.system_work() as work:
            due = await repository.find_due(work, now, MOST_AT_ONCE)
        for tenant_id, list_id in due:
            await self._reveal(tenant_id, list_id, now)
        return len(due)

    async def _reveal(self, tenant_id: UUID, list_id: UUID, now: datetime) -> None:
        async with self._database.unit_of_work(tenant_id) as work:
            gift_list = await repository.take_due(work, tenant_id, list_id, now)
            if gift_list is None:
                return
            on_it = await items.hold_all(work, tenant_id, list_id)
            for link in await linked(work, tenant_id):
                if link.user_id == gift_list.subject_id and shows_list(gift_list, link.user_id, now):
                    tell_of_reveal(work, link, gift_list, on_it)
                    await tell_what_was_said(work, tenant_id, link, [list_id, *(item.id for item in on_it)])
