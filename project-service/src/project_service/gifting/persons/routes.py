"""HTTP for persons."""

from uuid import UUID

from project_service.gifting.persons.errors import (
    PersonInUse,
    PersonLinked,
    PersonLinkNeedsConsent,
    PersonNotFound,
    TooManyLinkedPersons,
)
from project_service.gifting.persons.schemas import (
    CreatePerson,
    GivenGift,
    HistoryQuery,
    PatchPerson,
    PersonDetail,
    PersonQuery,
)
from project_service.gifting.persons.service import PersonService
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.events.gifting import PersonState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

PERSONS = "/api/v1/persons"
PERSON = PERSONS + "/{person_id}"
_LINKS = [PersonLinkNeedsConsent, PersonLinked, TooManyLinkedPersons]
_WRITE_ERRORS = [PersonNotFound, Forbidden, PreconditionFailed, *_LINKS]

routes = Routes("persons", resource="gifting")


@routes.get(PERSONS, summary="List the persons who are given gifts")
async def list_persons(principal: Principal, persons: PersonService, query: PersonQuery) -> PageOf[PersonState]:
    return await persons.find(principal, query)


@routes.post(PERSONS, summary="Add a person", errors=[Forbidden, *_LINKS, LimitReached], location=PERSON)
async def add_person(principal: Principal, persons: PersonService, body: CreatePerson) -> Created[PersonState]:
    return Created(await persons.add(principal, body))


@routes.get(PERSON, summary="Read a person, with history and relationships", errors=[PersonNotFound])
async def get_person(principal: Principal, persons: PersonService, person_id: UUID) -> PersonDetail:
    return await persons.get(principal, person_id)


@routes.put(PERSON, summary="Change a person (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(PERSON, summary="Change a person", errors=_WRITE_ERRORS)
async def change_person(
    principal: Principal, persons: PersonService, person_id: UUID, body: PatchPerson, if_match: IfMatch
) -> PersonState:
    return await persons.change(principal, person_id, body, if_match)


@routes.delete(PERSON, summary="Delete a person", errors=[PersonNotFound, Forbidden, PreconditionFailed, PersonInUse])
async def remove_person(principal: Principal, persons: PersonService, person_id: UUID, if_match: IfMatch) -> None:
    await persons.remove(principal, person_id, if_match)


@routes.get(PERSON + "/history", summary="List what a person was given, newest first", errors=[PersonNotFound])
async def list_history(
    principal: Principal, persons: PersonService, person_id: UUID, query: HistoryQuery
) -> PageOf[GivenGift]:
    return await persons.history(principal, person_id, query)
