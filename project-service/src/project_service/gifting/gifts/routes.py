"""HTTP for gifts."""

from uuid import UUID

from project_service.gifting.gifts.errors import GiftNotFound
from project_service.gifting.gifts.schemas import (
    CreateGift,
    GiftQuery,
    GiftSearch,
    PatchGift,
    PreviewUrl,
    UrlPreview,
)
from project_service.gifting.gifts.service import GiftService
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.events.gifting import GiftState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

GIFTS = "/api/v1/gifts"
GIFT = GIFTS + "/{gift_id}"
_WRITE_ERRORS = [GiftNotFound, Forbidden, PreconditionFailed]

routes = Routes("gifts", resource="gifting")


@routes.get(GIFTS, summary="List the gifts that you see")
async def list_gifts(principal: Principal, gifts: GiftService, query: GiftQuery) -> PageOf[GiftState]:
    return await gifts.find(principal, query)


@routes.post(GIFTS, summary="Add a gift, by name or from an address", errors=[Forbidden, LimitReached], location=GIFT)
async def add_gift(principal: Principal, gifts: GiftService, body: CreateGift) -> Created[GiftState]:
    return Created(await gifts.add(principal, body))


@routes.get(GIFTS + "/search", summary="Search gifts")
async def search_gifts(principal: Principal, gifts: GiftService, query: GiftSearch) -> PageOf[GiftState]:
    return await gifts.find(principal, query)


@routes.post(GIFTS + "/preview-url", summary="See what a gift from an address would be filled with")
async def preview_url(principal: Principal, gifts: GiftService, body: PreviewUrl) -> UrlPreview:
    return await gifts.preview(body)


@routes.get(GIFT, summary="Read a gift", errors=[GiftNotFound])
async def get_gift(principal: Principal, gifts: GiftService, gift_id: UUID) -> GiftState:
    return await gifts.get(principal, gift_id)


@routes.put(GIFT, summary="Change a gift (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(GIFT, summary="Change a gift", errors=_WRITE_ERRORS)
async def change_gift(
    principal: Principal, gifts: GiftService, gift_id: UUID, body: PatchGift, if_match: IfMatch
) -> GiftState:
    return await gifts.change(principal, gift_id, body, if_match)


@routes.delete(GIFT, summary="Delete a gift", errors=_WRITE_ERRORS)
async def remove_gift(principal: Principal, gifts: GiftService, gift_id: UUID, if_match: IfMatch) -> None:
    await gifts.remove(principal, gift_id, if_match)
