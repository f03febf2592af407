"""Gifts from an address: fetched in the background, as anybody's page is fetched, and filled with what it says."""

from collections import Counter
from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.gifting.gifts import repository
from project_service.gifting.gifts.announcing import tell_of_gift
from project_service.gifting.gifts.page_reader import PageReader, PageUnreadable, ReaderBusy
from project_service.gifting.gifts.products import PageBytes, Product
from project_service.gifting.streams import linked
from project_service.outbound.client import OutboundClient, OutboundFailed
from project_service.outbound.destinations import DestinationRefused
from project_service.projects.domain import differences
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.errors import Unavailable
from shared.events.gifting import GiftState, GiftUpdated, MetadataStatus
from shared.jobs.errors import Postponed
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind, Limits, Retry

USER_AGENT = "Tessera-Gifts/1"
SECONDS = 5.0
MOST_BYTES = 2 * 1024 * 1024
REDIRECTS = 5
AT_ONCE = 4  # pages in the background, per replica
OF_TENANT_AT_ONCE = 2
"""Over all replicas: a tenant whose pages are slow or hostile waits for itself before others wait for it."""
PREVIEWS_AT_ONCE = 8  # per replica
PREVIEWS_OF_TENANT = 2
"""At one time, per replica, for the same reason."""
TURN_SECONDS = 30.0
"""How long a page waits for the reader, which other tenants' pages may keep busy."""
PREVIEW_TURN_SECONDS = 5.0
"""The same while a caller waits."""
ATTEMPT_SECONDS = 60.0  # to fetch, a turn, to read and to store: 40 s and what the database takes
POSTPONED_SECONDS = 10.0
MOST_ATTEMPTS = 3
"""A page that has taken its worker down so often is left alone."""

_BLOCKED = frozenset({401, 403, 429, 503})


class GiftPage(msgspec.Struct, frozen=True):
    """Whose page it is. Its address stays with the gift: operators see jobs, and the gift may be a surprise."""

    gift_id: UUID


METADATA = JobKind(
    "gift.metadata",
    GiftPage,
    timeout=ATTEMPT_SECONDS,
    retry=Retry(attempts=MOST_ATTEMPTS),
    limits=Limits(per_worker=AT_ONCE, per_tenant=OF_TENANT_AT_ONCE),
)


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
    """Fills gifts from their pages: the handler of METADATA."""

    def __init__(self, reader: ProductReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def fill(self, job: Job[GiftPage]) -> None:
        """Holds no transaction while it reads. A gift that is deleted or has another address by then stays as it is."""
        async with job.begin() as work:
            gift = await repository.find_unfilled(work, job.payload.gift_id)
        if gift is None or gift.url is None:
            return
        try:
            reading = await self._reader.read(gift.tenant_id, gift.url)
        except ReaderBusy:
            raise Postponed("Other pages were being read.", POSTPONED_SECONDS) from None
        async with job.work() as work:
            before = await repository.lock_unfilled(work, gift.id)
            if before is not None and before.url == gift.url:
                await self._store(work, before, reading)

    async def give_up(self, work: Work, job: Job[GiftPage], _reason: str) -> None:
        """In the transaction that sets the job aside."""
        gift = await repository.lock_unfilled(work, job.payload.gift_id)
        if gift is not None:
            await self._store(work, gift, Reading(MetadataStatus.FAILED))

    async def _store(self, work: Work, before: GiftState, reading: Reading) -> None:
        now = self._clock.now()
        changed = differences(before, {"metadata_status": reading.status, **_missing(before, reading.product)})
        if not changed:
            return
        after = await repository.update(work, before, changed, now)
        updated = GiftUpdated(entity_id=after.id, version=after.version, changed_fields=tuple(changed), payload=after)
        await tell_of_gift(work, await linked(work, after.tenant_id), after, updated, now)


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
