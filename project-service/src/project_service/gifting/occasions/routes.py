"""HTTP for occasions."""

from uuid import UUID

from project_service.gifting.occasions.errors import OccasionNotFound
from project_service.gifting.occasions.schemas import (
    CreateOccasion,
    OccasionQuery,
    OccasionSummary,
    OccasionView,
    PatchOccasion,
)
from project_service.gifting.occasions.service import OccasionService
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

OCCASIONS = "/api/v1/occasions"
OCCASION = OCCASIONS + "/{occasion_id}"
_WRITE_ERRORS = [OccasionNotFound, Forbidden, PreconditionFailed]

routes = Routes("occasions", resource="gifting")


@routes.get(OCCASIONS, summary="List occasions")
async def list_occasions(
    principal: Principal, occasions: OccasionService, query: OccasionQuery
) -> PageOf[OccasionView]:
    return await occasions.find(principal, query)


@routes.post(OCCASIONS, summary="Add an occasion", errors=[Forbidden, LimitReached], location=OCCASION)
async def add_occasion(principal: Principal, occasions: OccasionService, body: CreateOccasion) -> Created[OccasionView]:
    return Created(await occasions.add(principal, body))


@routes.get(OCCASION, summary="Read an occasion", errors=[OccasionNotFound])
async def get_occasion(principal: Principal, occasions: OccasionService, occasion_id: UUID) -> OccasionView:
    return await occasions.get(principal, occasion_id)


@routes.put(OCCASION, summary="Change an occasion (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(OCCASION, summary="Change an occasion", errors=_WRITE_ERRORS)
async def change_occasion(
    principal: Principal, occasions: OccasionService, occasion_id: UUID, body: PatchOccasion, if_match: IfMatch
) -> OccasionView:
    return await occasions.change(principal, occasion_id, body, if_match)


@routes.delete(OCCASION, summary="Delete an occasion", errors=_WRITE_ERRORS)
async def remove_occasion(
    principal: Principal, occasions: OccasionService, occasion_id: UUID, if_match: IfMatch
) -> None:
    await occasions.remove(principal, occasion_id, if_match)


@routes.get(OCCASION + "/summary", summary="Sum up an occasion per person", errors=[OccasionNotFound])
async def summarise_occasion(principal: Principal, occasions: OccasionService, occasion_id: UUID) -> OccasionSummary:
    return await occasions.summary(principal, occasion_id)
