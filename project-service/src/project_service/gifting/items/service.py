"""The use cases of the items of lists, each one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from project_service.gifting.access import require_keeper, require_writer
from project_service.gifting.gifts import repository as gifts
from project_service.gifting.items import repository
from project_service.gifting.items.domain import claimed, moved, released
from project_service.gifting.items.schemas import AssignItem, CreateItem, ItemQuery, MoveItem, PatchItem
from project_service.gifting.lists import repository as lists
from project_service.gifting.lists.announcing import tell_item_is_gone, tell_of_item
from project_service.gifting.secrecy import (
    StoredItem,
    StoredList,
    keeps_secrets_from,
    seen_by,
    shows_item,
    subject_of,
    whole,
)
from project_service.gifting.streams import linked
from project_service.projects.domain import differences
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.gifting import ListItemState
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.members import repository as members
from shared.pagination import PageOf
from shared.principal import Principal, Role


class ItemService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, list_id: UUID, query: ItemQuery) -> PageOf[ListItemState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            now = self._clock.now()
            gift_list = await lists.get(work, principal, list_id, now)
            return await repository.find_page(work, principal, gift_list, query, now)

    async def get(self, principal: Principal, item_id: UUID) -> ListItemState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            now = self._clock.now()
            gift_list, item = await repository.get(work, principal, item_id, now)
            return seen_by(gift_list, item, principal.user_id, now)

    async def add(self, principal: Principal, list_id: UUID, new: CreateItem) -> ListItemState:
        """Raises ListNotFound, Forbidden, ValidationFailed."""
        require_writer(principal)
        _require_content(new.gift_id, new.name)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            gift_list = await lists.hold(work, principal, list_id, now)
            await gifts.require_seen(work, principal, new.gift_id, now)
            item = await repository.add(work, principal, list_id, new, now)
            tell_of_item(work, await linked(work, principal.tenant_id), gift_list, item, now, None)
            return work.answer(seen_by(gift_list, item, principal.user_id, now))

    async def change(self, principal: Principal, item_id: UUID, patch: PatchItem, if_match: IfMatch) -> ListItemState:
        """Raises ListItemNotFound, Forbidden, PreconditionFailed, ValidationFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            gift_list, item = await repository.lock(work, principal, item_id, now)
            require_keeper(principal, item.added_by)
            refuse_stale(if_match, seen_by(gift_list, item, principal.user_id, now))
            changed = differences(item, changes(patch))
            _require_content(changed.get("gift_id", item.gift_id), changed.get("name", item.name))
            await gifts.require_seen(work, principal, changed.get("gift_id"), now)
            after = await self._write(work, gift_list, item, changed)
            return seen_by(gift_list, after, principal.user_id, now)

    async def move(self, principal: Principal, item_id: UUID, body: MoveItem, if_match: IfMatch) -> ListItemState:
        """Raises ListItemNotFound, Forbidden, PreconditionFailed, ListItemInvalidTransition."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            gift_list, item = await self._lock_to_claim(work, principal, item_id, if_match)
            changed = moved(whole(item), body.status, principal.user_id, is_admin=_is_admin(principal))
            return whole(await self._write(work, gift_list, item, changed))

    async def assign(self, principal: Principal, item_id: UUID, body: AssignItem, if_match: IfMatch) -> ListItemState:
        """Raises ListItemNotFound, Forbidden, PreconditionFailed, ValidationFailed, ListItemClaimed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            gift_list, item = await self._lock_to_claim(work, principal, item_id, if_match)
            if body.user_id is None:
                changed = released(whole(item), principal.user_id, is_admin=_is_admin(principal))
            else:
                await _require_giver(work, gift_list, body.user_id)
                changed = claimed(whole(item), body.user_id, body.share)
            return whole(await self._write(work, gift_list, item, changed))

    async def remove(self, principal: Principal, item_id: UUID, if_match: IfMatch) -> None:
        """Raises ListItemNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            gift_list, item = await repository.lock(work, principal, item_id, now)
            require_keeper(principal, item.added_by)
            refuse_stale(if_match, seen_by(gift_list, item, principal.user_id, now))
            await _keep_silence(work, gift_list, item, now)
            await repository.remove(work, item)
            tell_item_is_gone(work, await linked(work, principal.tenant_id), gift_list, item, now)

    async def release_of(self, work: Work, tenant_id: UUID, user_id: UUID, until: datetime, at_most: int) -> int:
        """Gives back what somebody who has left had taken; returns how many items, and there may be more.

        Of items that were last written by then.
        """
        taken = await repository.lock_claimed(work, tenant_id, user_id, until, at_most)
        on = await lists.get_any(work, tenant_id, sorted({item.list_id for item in taken}))
        for item in taken:
            await self._write(work, on[item.list_id], item, released(whole(item), user_id, is_admin=False))
        return len(taken)

    async def _lock_to_claim(
        self, work: Work, principal: Principal, item_id: UUID, if_match: IfMatch
    ) -> tuple[StoredList, StoredItem]:
        """Whom the list is for may not: any answer but always the same one would tell them something."""
        now = self._clock.now()
        gift_list, item = await repository.lock(work, principal, item_id, now)
        if keeps_secrets_from(gift_list, principal.user_id, now):
            raise Forbidden
        require_writer(principal)
        refuse_stale(if_match, whole(item))
        return gift_list, item

    async def _write(self, work: Work, gift_list: StoredList, item: StoredItem, changed: dict[str, Any]) -> StoredItem:
        if not changed:
            return item
        now = self._clock.now()
        if "gift_id" in changed:
            await _keep_silence(work, gift_list, item, now)
        after = await repository.update(work, item, changed, now)
        links = await linked(work, item.tenant_id)
        tell_of_item(work, links, gift_list, after, now, tuple(changed))
        return after


async def _keep_silence(work: Work, gift_list: StoredList, item: StoredItem, now: datetime) -> None:
    subject = subject_of(gift_list, now)
    if item.gift_id is not None and subject is not None and shows_item(gift_list, item, subject, now):
        await gifts.keep_silence(work, gift_list, subject, item.id)


def _is_admin(principal: Principal) -> bool:
    return principal.role.is_at_least(Role.ADMIN)


def _require_content(gift_id: UUID | None, name: str | None) -> None:
    if gift_id is None and name is None:
        raise ValidationFailed([FieldError("name", "required", "Give a name or a gift_id.")])


async def _require_giver(work: Work, gift_list: StoredList, user_id: UUID) -> None:
    """A member of the tenant, and not whom the list is for. Raises ValidationFailed."""
    if user_id == gift_list.subject_id or not await members.known(work, gift_list.tenant_id, [user_id]):
        raise ValidationFailed([FieldError("user_id", "not_found", "There is no such member who could give it.")])
