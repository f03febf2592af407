"""HTTP for the items of lists."""

from uuid import UUID

from project_service.gifting.items.errors import ListItemClaimed, ListItemInvalidTransition, ListItemNotFound
from project_service.gifting.items.schemas import AssignItem, CreateItem, ItemQuery, MoveItem, PatchItem
from project_service.gifting.items.service import ItemService
from project_service.gifting.lists.errors import ListNotFound
from project_service.gifting.lists.routes import LIST
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.events.gifting import ListItemState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

ITEMS = LIST + "/items"
ITEM = "/api/v1/list-items/{list_item_id}"
_WRITE_ERRORS = [ListItemNotFound, Forbidden, PreconditionFailed]

routes = Routes("list items", resource="gifting")


@routes.get(ITEMS, summary="List the items of a list", errors=[ListNotFound])
async def list_items(
    principal: Principal, items: ItemService, list_id: UUID, query: ItemQuery
) -> PageOf[ListItemState]:
    return await items.find(principal, list_id, query)


@routes.post(ITEMS, summary="Put something on a list", errors=[ListNotFound, Forbidden, LimitReached], location=ITEM)
async def add_item(principal: Principal, items: ItemService, list_id: UUID, body: CreateItem) -> Created[ListItemState]:
    return Created(await items.add(principal, list_id, body))


@routes.get(ITEM, summary="Read an item", errors=[ListItemNotFound])
async def get_item(principal: Principal, items: ItemService, list_item_id: UUID) -> ListItemState:
    return await items.get(principal, list_item_id)


@routes.put(ITEM, summary="Change an item (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(ITEM, summary="Change an item", errors=_WRITE_ERRORS)
async def change_item(
    principal: Principal, items: ItemService, list_item_id: UUID, body: PatchItem, if_match: IfMatch
) -> ListItemState:
    return await items.change(principal, list_item_id, body, if_match)


@routes.delete(ITEM, summary="Take an item off its list", errors=_WRITE_ERRORS)
async def remove_item(principal: Principal, items: ItemService, list_item_id: UUID, if_match: IfMatch) -> None:
    await items.remove(principal, list_item_id, if_match)


@routes.put(
    ITEM + "/status", summary="Move an item forward, or back", errors=[*_WRITE_ERRORS, ListItemInvalidTransition]
)
async def move_item(
    principal: Principal, items: ItemService, list_item_id: UUID, body: MoveItem, if_match: IfMatch
) -> ListItemState:
    return await items.move(principal, list_item_id, body, if_match)


@routes.put(
    ITEM + "/assign", summary="Take an item, share it, or give it back", errors=[*_WRITE_ERRORS, ListItemClaimed]
)
async def assign_item(
    principal: Principal, items: ItemService, list_item_id: UUID, body: AssignItem, if_match: IfMatch
) -> ListItemState:
    return await items.assign(principal, list_item_id, body, if_match)
