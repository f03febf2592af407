"""The use cases of occasions, each one transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting import statements
from project_service.gifting.access import require_keeper, require_writer
from project_service.gifting.lists import repository as lists
from project_service.gifting.lists.announcing import tell_of_list
from project_service.gifting.occasions import repository
from project_service.gifting.occasions.domain import require_timezone, upcoming
from project_service.gifting.occasions.schemas import (
    CreateOccasion,
    OccasionQuery,
    OccasionSummary,
    OccasionView,
    PatchOccasion,
)
from project_service.gifting.streams import linked, tell
from project_service.limits import OCCASIONS
from project_service.listing import page_of
from project_service.projects.domain import differences
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.changes import Removed
from shared.events.gifting import (
    GiftListUpdated,
    OccasionAdded,
    OccasionDeleted,
    OccasionState,
    OccasionUpdated,
)
from shared.events.topics import occasion_topic, person_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.limits import require_room
from shared.pagination import PageOf
from shared.principal import Principal


class OccasionService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: OccasionQuery) -> PageOf[OccasionView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            rows, total = await repository.find_page(work, principal.tenant_id, query)
        found = msgspec.convert(rows, list[OccasionState])
        return page_of(query, query.sort, rows, [self._view(occasion) for occasion in found], total)

    async def get(self, principal: Principal, occasion_id: UUID) -> OccasionView:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return self._view(await repository.get(work, principal.tenant_id, occasion_id))

    async def summary(self, principal: Principal, occasion_id: UUID) -> OccasionSummary:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.summary(work, principal, occasion_id, self._clock.now())

    async def add(self, principal: Principal, new: CreateOccasion) -> OccasionView:
        """Raises Forbidden, ValidationFailed."""
        require_writer(principal)
        require_timezone(new.timezone)
        new = msgspec.structs.replace(new, person_ids=_distinct(new.person_ids))
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_persons(work, principal.tenant_id, new.person_ids)
            await require_room(work, OCCASIONS, principal.tenant_id)
            occasion = await repository.add(work, principal, new, self._clock.now())
            added = OccasionAdded(entity_id=occasion.id, version=occasion.version, payload=occasion)
            tell(work, await linked(work, principal.tenant_id), _topics(occasion), added)
            return work.answer(self._view(occasion))

    async def change(
        self, principal: Principal, occasion_id: UUID, patch: PatchOccasion, if_match: IfMatch
    ) -> OccasionView:
        """Raises OccasionNotFound, Forbidden, PreconditionFailed, ValidationFailed."""
        require_timezone(patch.timezone)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal.tenant_id, occasion_id)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, before)
            changed = differences(before, _wanted(patch))
            if not changed:
                return self._view(before)
            await _require_persons(work, principal.tenant_id, changed.get("person_ids", ()))
            after = await repository.update(work, principal.tenant_id, occasion_id, changed, self._clock.now())
            updated = OccasionUpdated(
                entity_id=after.id, version=after.version, changed_fields=tuple(changed), payload=after
            )
            topics = dict.fromkeys((*_topics(before), *_topics(after)))
            tell(work, await linked(work, principal.tenant_id), list(topics), updated)
            return self._view(after)

    async def remove(self, principal: Principal, occasion_id: UUID, if_match: IfMatch) -> None:
        """Its lists stay, without an occasion. Raises OccasionNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal.tenant_id, occasion_id)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, before)
            now, links = self._clock.now(), await linked(work, principal.tenant_id)
            for gift_list in await lists.leave_occasion(work, principal.tenant_id, occasion_id, now):
                tell_of_list(work, links, gift_list, GiftListUpdated, now, changed_fields=("occasion_id",))
            await repository.remove(work, principal.tenant_id, occasion_id)
            gone = OccasionDeleted(entity_id=occasion_id, version=before.version + 1, payload=Removed(occasion_id))
            tell(work, links, _topics(before), gone)

    def _view(self, occasion: OccasionState) -> OccasionView:
        return OccasionView(**msgspec.structs.asdict(occasion), next_date=upcoming(occasion, self._clock.now()))


def _topics(occasion: OccasionState) -> list[str]:
    """Its own, and those of the people whom it is for."""
    return [occasion_topic(occasion.id), *map(person_topic, occasion.person_ids)]


def _wanted(patch: PatchOccasion) -> dict[str, Any]:
    wanted = changes(patch)
    if "person_ids" in wanted:
        wanted["person_ids"] = tuple(_distinct(wanted["person_ids"]))
    return wanted


def _distinct(ids: Sequence[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


async def _require_persons(work: Work, tenant_id: UUID, person_ids: Sequence[UUID]) -> None:
    """Raises ValidationFailed."""
    if not person_ids:
        return
    known = await statements.held(work, "gift_persons", tenant_id, person_ids)
    wrong = [
        FieldError(f"person_ids[{place}]", "not_found", "There is no such person.")
        for place, person_id in enumerate(person_ids)
        if person_id not in known
    ]
    if wrong:
        raise ValidationFailed(wrong)
