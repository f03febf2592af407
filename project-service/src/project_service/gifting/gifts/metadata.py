"""Gifts from an address: fetched in the background, as anybody's page is fetched, and filled with what it says."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from project_service.gifting.gifts import repository
from project_service.gifting.gifts.announcing import tell_of_gift
from project_service.gifting.gifts.errors import GiftNotFound
from project_service.gifting.gifts.page_reader import PageReader, PageUnreadable, ReaderBusy
from project_service.gifting.gifts.products import PageBytes, Product
from project_service.gifting.streams import linked
from project_service.outbound.client import OutboundClient, OutboundFailed
from project_service.outbound.destinations import DestinationRefused
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.errors import Unavailable
from shared.events.gifting import GiftState, GiftUpdated, MetadataStatus
from shared.telemetry.logs import get_logger

USER_AGENT = "Tessera-Gifts/1"
SECONDS = 5.0
MOST_BYTES = 2 * 1024 * 1024
REDIRECTS = 5
AT_ONCE = 4  # pages in the background, per replica
PREVIEWS_AT_ONCE = 8  # per replica
PREVIEWS_OF_TENANT = 2
"""At one time: a tenant whose pages are slow or hostile waits for itself before others wait for it."""
POLL_SECONDS = 5.0  # for what another replica left undone; what is new here wakes us
LEASE = timedelta(seconds=60)
"""Longer than a page takes: after it, somebody else may try."""
TURN_SECONDS = 30.0
"""How long a page waits for the reader, which other tenants' pages may keep busy: far below the lease."""
PREVIEW_TURN_SECONDS = 5.0
"""The same while a caller waits."""
POSTPONED_FOR = timedelta(seconds=10)
MOST_ATTEMPTS = 3
"""A page that has taken its reader down so often is left alone."""

_BLOCKED = frozenset({401, 403, 429, 503})


class Reading(NamedTuple):
    status: MetadataStatus
    product: Product = Product()


class ProductReader:
    """`client` is open for as long as anybody reads; `seconds` bound fetching and reading, each."""

    def __init__(self, client: OutboundClient, pages: PageReader, seconds: float = SECONDS) -> None:
        self._client = client
        self._pages = pages
        self._seconds = seconds
        self._previews: Counter[UUID] = Counter()

    async def preview(self, tenant_id: UUID, url: str) -> Reading:
        """For somebody who waits. Raises Unavailable where too many do."""
        if self._previews.total() >= PREVIEWS_AT_ONCE or self._previews[tenant_id] >= PREVIEWS_OF_TENANT:
            raise Unavailable("Other pages are being read just now: try again shortly.")
        self._previews[tenant_id] += 1
        try:
            return await self.read(tenant_id, url, PREVIEW_TURN_SECONDS)
        except ReaderBusy:
            raise Unavailable("Other pages are being read just now: try again shortly.") from None
        finally:
            self._previews -= Counter([tenant_id])

    async def read(self, tenant_id: UUID, url: str, turn_seconds: float = TURN_SECONDS) -> Reading:
        """What cannot be read has a status as well. Raises ReaderBusy when the page has no turn in `turn_seconds`."""
        try:
            return await self._read(tenant_id, url, turn_seconds)
        except (DestinationRefused, OutboundFailed, PageUnreadable):
            return Reading(MetadataStatus.FAILED)

    async def _read(self, tenant_id: UUID, url: str, turn_seconds: float) -> Reading:
        answer = await self._client.get(url, seconds=self._seconds, most_bytes=MOST_BYTES, redirects=REDIRECTS)
        content_type = answer.headers.get("content-type", "text/html")
        if answer.status not in _BLOCKED and (answer.status >= 300 or "html" not in content_type):
            return Reading(MetadataStatus.FAILED)
        page_bytes = PageBytes(answer.body, content_type, answer.url)
        page = await self._pages.read(tenant_id, page_bytes, turn_seconds)
        if answer.status in _BLOCKED or page.is_captcha:
            return Reading(MetadataStatus.BLOCKED)
        is_known = page.product != Product()
        return Reading(MetadataStatus.READY if is_known else MetadataStatus.FAILED, page.product)


class MetadataFiller:
    """Fills what waits to be filled. Replicas share the work: each gift is leased by whoever reads its page."""

    def __init__(self, database: Database, reader: ProductReader, clock: Clock) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._awake.clear()
            try:
                while await self.fill_some():
                    pass
            except (DatabaseUnavailable, TransactionConflict):
                get_logger().warning("gifts could not be filled")
            except Exception:
                get_logger().exception("gifts could not be filled")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._awake.wait()

    async def fill_some(self) -> bool:
        """False when nothing was left to do."""
        now = self._clock.now()
        async with self._database.system_work() as work:
            leased = await repository.lease_pending(work, now, now + LEASE, AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for gift in leased:
                group.create_task(self._fill(gift))
        return bool(leased)

    async def _fill(self, gift: repository.PendingGift) -> None:
        is_hopeless = gift.attempts > MOST_ATTEMPTS
        try:
            reading = (
                Reading(MetadataStatus.FAILED) if is_hopeless else await self._reader.read(gift.tenant_id, gift.url)
            )
        except ReaderBusy:
            await self._postpone(gift)
        else:
            await self._store(gift.tenant_id, gift.id, gift.url, reading, self._clock.now())

    async def _postpone(self, gift: repository.PendingGift) -> None:
        """The page was not tried: other tenants' pages must not use up its attempts."""
        async with self._database.unit_of_work(gift.tenant_id) as work:
            await repository.postpone(work, gift, self._clock.now() + POSTPONED_FOR)

    async def _store(self, tenant_id: UUID, gift_id: UUID, url: str, reading: Reading, now: datetime) -> None:
        """Nothing when the gift is deleted or has another address by now."""
        async with self._database.unit_of_work(tenant_id) as work:
            with suppress(GiftNotFound):
                before = await repository.lock_any(work, tenant_id, gift_id)
                if before.url != url or before.metadata_status is not MetadataStatus.PENDING:
                    return
                changed = {"metadata_status": reading.status, **_missing(before, reading.product)}
                after = await repository.update(work, before, {**changed, "metadata_due_at": None}, now)
                updated = GiftUpdated(
                    entity_id=gift_id, version=after.version, changed_fields=tuple(changed), payload=after
                )
                await tell_of_gift(work, await linked(work, tenant_id), after, updated, now)


def _missing(gift: GiftState, product: Product) -> dict[str, str | int]:
    """What the page knows and nobody has given; a price is never mixed with another currency."""
    found: dict[str, str | int] = {}
    if gift.name is None and product.name is not None:
        found["name"] = product.name
    if gift.image_url is None and product.image_url is not None:
        found["image_url"] = product.image_url
    if gift.price is None and product.price is not None and product.currency is not None:
        found |= {"price": product.price, "currency": product.currency}
    return found
