"""The use cases of lists, each one transaction."""

from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting import statements
from project_service.gifting.access import require_keeper, require_writer
from project_service.gifting.gifts import repository as gifts
from project_service.gifting.items import repository as items
from project_service.gifting.items.schemas import ItemQuery
from project_service.gifting.lists import repository
from project_service.gifting.lists.announcing import tell_list_is_gone, tell_list_is_withdrawn, tell_of_list
from project_service.gifting.lists.revealing import is_awaited, schedule_reveal
from project_service.gifting.lists.schemas import CreateList, ListDetail, ListQuery, PatchList
from project_service.gifting.secrecy import StoredList, shows_list, state_of, subject_of
from project_service.gifting.streams import linked
from project_service.projects.domain import differences
from project_service.tasks.domain import require_plausible
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.gifting import GiftListAdded, GiftListState, GiftListUpdated
from shared.events.projects import Visibility
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.jobs.queue import JobQueue
from shared.pagination import PageOf
from shared.principal import Principal

ITEMS_IN_DETAIL = 100


class ListService:
    def __init__(self, database: Database, clock: Clock, jobs: JobQueue) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs

    async def find(self, principal: Principal, query: ListQuery) -> PageOf[GiftListState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query, self._clock.now())

    async def get(self, principal: Principal, list_id: UUID) -> ListDetail:
        first = ItemQuery(page_size=ITEMS_IN_DETAIL, include_total=False)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            now = self._clock.now()
            gift_list = await repository.get(work, principal, list_id, now)
            page = await items.find_page(work, principal, gift_list, first, now)
        return ListDetail(**msgspec.structs.asdict(state_of(gift_list)), items=tuple(page.items))

    async def add(self, principal: Principal, new: CreateList) -> GiftListState:
        """Raises Forbidden, ValidationFailed."""
        require_writer(principal)
        require_plausible("reveal_at", new.reveal_at)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_there(work, principal.tenant_id, person_id=new.person_id, occasion_id=new.occasion_id)
            now = self._clock.now()
            gift_list = await repository.add(work, principal, new, now)
            if is_awaited(gift_list, now):
                await schedule_reveal(self._jobs, work, gift_list.id, gift_list.reveal_at)
            tell_of_list(work, await linked(work, principal.tenant_id), gift_list, GiftListAdded, now)
            return work.answer(state_of(gift_list))

    async def change(self, principal: Principal, list_id: UUID, patch: PatchList, if_match: IfMatch) -> GiftListState:
        """Raises ListNotFound, Forbidden, PreconditionFailed, ValidationFailed."""
        require_plausible("reveal_at", patch.reveal_at)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            before = await repository.lock(work, principal, list_id, now)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, state_of(before))
            changed = differences(before, changes(patch))
            if not changed:
                return state_of(before)
            _refuse_unveiling(principal, before, changed)
            await _require_there(work, principal.tenant_id, occasion_id=changed.get("occasion_id"))
            after = await repository.update(work, principal.tenant_id, list_id, changed, now)
            if "reveal_at" in changed:
                await schedule_reveal(self._jobs, work, list_id, after.reveal_at)
            links = await linked(work, principal.tenant_id)
            if changed.get("visibility") is Visibility.PRIVATE:
                tell_list_is_withdrawn(work, links, before, after, now)
            tell_of_list(work, links, after, GiftListUpdated, now, changed_fields=tuple(changed), before=before)
            return state_of(after)

    async def remove(self, principal: Principal, list_id: UUID, if_match: IfMatch) -> None:
        """With its items. Raises ListNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            before = await repository.lock(work, principal, list_id, now)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, state_of(before))
            subject = subject_of(before, now)
            if subject is not None and shows_list(before, subject, now):
                await gifts.keep_silence(work, before, subject)
            await repository.remove(work, principal.tenant_id, list_id)
            if is_awaited(before, now):
                await schedule_reveal(self._jobs, work, list_id, None)
            tell_list_is_gone(work, await linked(work, principal.tenant_id), before, now)


def _refuse_unveiling(principal: Principal, before: StoredList, changed: dict[str, Any]) -> None:
    """When the secrets end is not for the one to decide from whom they are kept. Raises Forbidden."""
    if "reveal_at" in changed and before.subject_id == principal.user_id:
        raise Forbidden("The list is for you: when it is revealed is for others to say.")


async def _require_there(
    work: Work, tenant_id: UUID, person_id: UUID | None = None, occasion_id: UUID | None = None
) -> None:
    """Raises ValidationFailed for all that is missing."""
    wrong = []
    if person_id is not None and not await statements.held(work, "gift_persons", tenant_id, [person_id]):
        wrong.append(FieldError("person_id", "not_found", "There is no such person."))
    if occasion_id is not None and not await statements.held(work, "gift_occasions", tenant_id, [occasion_id]):
        wrong.append(FieldError("occasion_id", "not_found", "There is no such occasion."))
    if wrong:
        raise ValidationFailed(wrong)
