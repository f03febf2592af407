"""HTTP for lists."""

from uuid import UUID

from project_service.gifting.lists.errors import ListNotFound
from project_service.gifting.lists.schemas import CreateList, ListDetail, ListQuery, PatchList
from project_service.gifting.lists.service import ListService
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.events.gifting import GiftListState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

LISTS = "/api/v1/lists"
LIST = LISTS + "/{list_id}"
_WRITE_ERRORS = [ListNotFound, Forbidden, PreconditionFailed]

routes = Routes("lists", resource="gifting")


@routes.get(LISTS, summary="List the gift lists that you see")
async def list_lists(principal: Principal, lists: ListService, query: ListQuery) -> PageOf[GiftListState]:
    return await lists.find(principal, query)


@routes.post(LISTS, summary="Begin a gift list", errors=[Forbidden, LimitReached], location=LIST)
async def add_list(principal: Principal, lists: ListService, body: CreateList) -> Created[GiftListState]:
    return Created(await lists.add(principal, body))


@routes.get(LIST, summary="Read a gift list with its first items", errors=[ListNotFound])
async def get_list(principal: Principal, lists: ListService, list_id: UUID) -> ListDetail:
    return await lists.get(principal, list_id)


@routes.put(LIST, summary="Change a gift list (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(LIST, summary="Change a gift list", errors=_WRITE_ERRORS)
async def change_list(
    principal: Principal, lists: ListService, list_id: UUID, body: PatchList, if_match: IfMatch
) -> GiftListState:
    return await lists.change(principal, list_id, body, if_match)


@routes.delete(LIST, summary="Delete a gift list with its items", errors=_WRITE_ERRORS)
async def remove_list(principal: Principal, lists: ListService, list_id: UUID, if_match: IfMatch) -> None:
    await lists.remove(principal, list_id, if_match)
