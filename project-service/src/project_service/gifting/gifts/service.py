"""The use cases of gifts, each one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting.access import require_keeper, require_writer
from project_service.gifting.gifts import repository
from project_service.gifting.gifts.announcing import tell_of_gift
from project_service.gifting.gifts.metadata import METADATA, GiftPage, ProductReader
from project_service.gifting.gifts.schemas import (
    CreateGift,
    GiftQuery,
    GiftSearch,
    PatchGift,
    PreviewUrl,
    UrlPreview,
)
from project_service.gifting.items import repository as items
from project_service.gifting.lists import repository as lists
from project_service.gifting.lists.announcing import tell_of_item
from project_service.gifting.money import DEFAULT_CURRENCY
from project_service.gifting.streams import Linked, linked
from project_service.projects.domain import differences
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.changes import Removed
from shared.events.gifting import GiftAdded, GiftDeleted, GiftState, GiftUpdated, MetadataStatus
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.jobs.queue import JobQueue, NewJob
from shared.pagination import PageOf
from shared.principal import Principal


class GiftService:
    def __init__(self, database: Database, clock: Clock, reader: ProductReader, jobs: JobQueue) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader
        self._jobs = jobs

    async def find(self, principal: Principal, query: GiftQuery | GiftSearch) -> PageOf[GiftState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query, self._clock.now())

    async def get(self, principal: Principal, gift_id: UUID) -> GiftState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, gift_id, self._clock.now())

    async def preview(self, principal: Principal, asked: PreviewUrl) -> UrlPreview:
        """Raises Unavailable where too many pages are being read."""
        reading = await self._reader.preview(principal.tenant_id, asked.url)
        return UrlPreview(url=asked.url, metadata_status=reading.status, **reading.product._asdict())

    async def add(self, principal: Principal, new: CreateGift) -> GiftState:
        """Raises Forbidden, ValidationFailed."""
        require_writer(principal)
        _require_content(new.name, new.url)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            values = {**msgspec.structs.asdict(new), "currency": _currency(new.price, new.currency)}
            gift = await repository.add(work, principal, {**values, "metadata_status": _status_of(new.url)}, now)
            await self._enqueue_reading(work, gift)
            added = GiftAdded(entity_id=gift.id, version=gift.version, payload=gift)
            await tell_of_gift(work, await linked(work, principal.tenant_id), gift, added, now)
            return work.answer(gift)

    async def change(self, principal: Principal, gift_id: UUID, patch: PatchGift, if_match: IfMatch) -> GiftState:
        """Raises GiftNotFound, Forbidden, PreconditionFailed, ValidationFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            before = await repository.lock(work, principal, gift_id, now)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, before)
            changed = differences(before, _wanted(before, patch))
            if not changed:
                return before
            _require_content(changed.get("name", before.name), changed.get("url", before.url))
            if "url" in changed:
                changed["metadata_status"] = _status_of(changed["url"])
            after = await repository.update(work, before, changed, now)
            if "url" in changed:
                await self._enqueue_reading(work, after)
            updated = GiftUpdated(
                entity_id=gift_id, version=after.version, changed_fields=tuple(changed), payload=after
            )
            await tell_of_gift(work, await linked(work, principal.tenant_id), after, updated, now)
            return after

    async def remove(self, principal: Principal, gift_id: UUID, if_match: IfMatch) -> None:
        """The items that it was stay, under its name. Raises GiftNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            before = await repository.lock(work, principal, gift_id, now)
            require_keeper(principal, before.created_by)
            refuse_stale(if_match, before)
            links = await linked(work, principal.tenant_id)
            gone = GiftDeleted(entity_id=gift_id, version=before.version + 1, payload=Removed(gift_id))
            await tell_of_gift(work, links, before, gone, now)
            await _release(work, links, before, now)
            await repository.remove(work, before)

    async def _enqueue_reading(self, work: Work, gift: GiftState) -> None:
        """Of its page, if it has an address."""
        if gift.url is not None:
            await self._jobs.add(work, METADATA, NewJob(GiftPage(gift.id), unique_key=str(gift.id)))


async def _release(work: Work, links: list[Linked], gift: GiftState, now: datetime) -> None:
    held = await items.holding(work, gift.tenant_id, gift.id, "for update")
    on = await lists.get_any(work, gift.tenant_id, [item.list_id for item in held])
    for item in held:
        changed = {"gift_id": None, "name": item.name or gift.name or gift.url}
        after = await items.update(work, item, changed, now)
        tell_of_item(work, links, on[item.list_id], after, now, tuple(differences(item, changed)))


def _wanted(before: GiftState, patch: PatchGift) -> Mapping[str, Any]:
    wanted = changes(patch)
    if "tags" in wanted:
        wanted["tags"] = tuple(wanted["tags"])
    price, currency = wanted.get("price", before.price), wanted.get("currency", before.currency)
    return {**wanted, "currency": _currency(price, currency)}


def _status_of(url: str | None) -> MetadataStatus | None:
    """Of a gift that has just got this address."""
    return None if url is None else MetadataStatus.PENDING


def _currency(price: int | None, currency: str | None) -> str | None:
    return currency or (DEFAULT_CURRENCY if price is not None else None)


def _require_content(name: str | None, url: str | None) -> None:
    if name is None and url is None:
        raise ValidationFailed([FieldError("name", "required", "Give a name or a url.")])
