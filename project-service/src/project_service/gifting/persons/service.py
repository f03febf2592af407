"""The use cases of persons, each one transaction. Who is linked to a person cannot undo it: that would tell secrets."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting.access import require_keeper, require_writer
from project_service.gifting.persons import repository
from project_service.gifting.persons.errors import PersonLinkNeedsConsent
from project_service.gifting.persons.schemas import (
    CreatePerson,
    GivenGift,
    HistoryQuery,
    PatchPerson,
    PersonDetail,
    PersonQuery,
)
from project_service.gifting.streams import audience_of, hold_links, linked, tell
from project_service.projects.domain import differences
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.changes import Removed
from shared.events.gifting import PersonAdded, PersonDeleted, PersonState, PersonUpdated
from shared.events.questions import GiftRecipient, GiftRecipientAnswer
from shared.events.topics import person_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.members import repository as members
from shared.messaging.redaction import redact_subjects
from shared.pagination import PageOf
from shared.principal import Principal, Role

NOBODY: Mapping[str, Any] = MappingProxyType(
    {"name": "Former member", "relationship": None, "birthday": None, "notes": None, "sizes": {}, "user_id": None}
)
"""What is left of a person whose account is erased."""


class PersonService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: PersonQuery) -> PageOf[PersonState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal.tenant_id, query)

    async def get(self, principal: Principal, person_id: UUID) -> PersonDetail:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            person = await repository.get(work, principal.tenant_id, person_id)
            now = self._clock.now()
            given = await repository.history(work, principal, person_id, HistoryQuery(include_total=False), now)
            related = await repository.relationships(work, principal, person_id, now)
        return PersonDetail(**msgspec.structs.asdict(person), history=tuple(given.items), relationships=related)

    async def history(self, principal: Principal, person_id: UUID, query: HistoryQuery) -> PageOf[GivenGift]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await repository.get(work, principal.tenant_id, person_id)
            return await repository.history(work, principal, person_id, query, self._clock.now())

    async def recipient(self, question: GiftRecipient) -> GiftRecipientAnswer:
        asked = question.principal
        async with self._database.unit_of_work(asked.tenant_id) as work:
            return GiftRecipientAnswer(await audience_of(work, asked.tenant_id, asked.user_id) is not None)

    async def anonymise(self, work: Work, tenant_id: UUID, user_id: UUID) -> None:
        """Whoever is or was linked to the account: what is planned for them stays, who they are does not."""
        await hold_links(work, tenant_id)
        for person in await repository.lock_all_of(work, tenant_id, user_id):
            redact_subjects(work, tenant_id, [person.id])
            await self._write(work, person, differences(person, NOBODY), former_user_id=None)

    async def add(self, principal: Principal, new: CreatePerson) -> PersonState:
        """Raises Forbidden, PersonLinkNeedsConsent, ValidationFailed, PersonLinked, TooManyLinkedPersons."""
        require_writer(principal)
        _require_consent(principal, new.user_id)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            if new.user_id is not None:
                await _prepare_link(work, principal.tenant_id, new.user_id)
            person = await repository.add(work, principal, new, self._clock.now())
            added = PersonAdded(
                entity_id=person.id, version=person.version, relinked=_users(new.user_id), payload=person
            )
            tell(work, await linked(work, principal.tenant_id), [person_topic(person.id)], added)
            return work.answer(person)

    async def change(self, principal: Principal, person_id: UUID, patch: PatchPerson, if_match: IfMatch) -> PersonState:
        """Raises PersonNotFound, Forbidden, PreconditionFailed, ValidationFailed, and as `add` for links."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            if patch.user_id is not msgspec.UNSET:
                await hold_links(work, principal.tenant_id)
            before = await repository.lock(work, principal.tenant_id, person_id)
            _require_right(principal, before)
            refuse_stale(if_match, before)
            changed = differences(before, changes(patch))
            if not changed:
                return before
            await _check_link(work, principal, before, changed)
            return await self._write(work, before, changed)

    async def unlink(self, work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
        """Of somebody who has left: the person is no member any more, and what was kept from them is kept no more.

        Not a person that was written since. Who they were is remembered, unseen, until their account is erased.
        """
        await hold_links(work, tenant_id)
        person = await repository.lock_member(work, tenant_id, user_id)
        if person is not None and person.updated_at <= until:
            await self._write(work, person, {"user_id": None}, former_user_id=user_id)

    async def remove(self, principal: Principal, person_id: UUID, if_match: IfMatch) -> None:
        """Raises PersonNotFound, Forbidden, PreconditionFailed, PersonInUse."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await hold_links(work, principal.tenant_id)
            before = await repository.lock(work, principal.tenant_id, person_id)
            _require_right(principal, before)
            _refuse_oneself(principal, before)
            refuse_stale(if_match, before)
            links = await linked(work, principal.tenant_id)
            await repository.remove(work, principal.tenant_id, person_id)
            gone = PersonDeleted(
                entity_id=person_id,
                version=before.version + 1,
                relinked=_users(before.user_id),
                payload=Removed(person_id),
            )
            tell(work, links, [person_topic(person_id)], gone)

    async def _write(
        self, work: Work, before: PersonState, changed: dict[str, Any], **unseen: UUID | None
    ) -> PersonState:
        """`unseen` are columns that nobody is told of."""
        after = await repository.update(work, before.tenant_id, before.id, {**changed, **unseen}, self._clock.now())
        updated = PersonUpdated(
            entity_id=after.id,
            version=after.version,
            changed_fields=tuple(changed),
            relinked=_users(before.user_id, after.user_id) if "user_id" in changed else (),
            payload=after,
        )
        tell(work, await linked(work, before.tenant_id), [person_topic(after.id)], updated)
        return after


def _require_right(principal: Principal, person: PersonState) -> None:
    if person.user_id == principal.user_id:
        require_writer(principal)
    else:
        require_keeper(principal, person.created_by)


def _refuse_oneself(principal: Principal, person: PersonState) -> None:
    if person.user_id == principal.user_id:
        raise Forbidden


async def _check_link(work: Work, principal: Principal, before: PersonState, changed: dict[str, Any]) -> None:
    if "user_id" in changed:
        _refuse_oneself(principal, before)
        if changed["user_id"] is not None:
            _require_consent(principal, changed["user_id"])
            await _prepare_link(work, principal.tenant_id, changed["user_id"])


def _require_consent(principal: Principal, user_id: UUID | None) -> None:
    """Whoever is linked sees less of gift planning, and in the audit log. Raises PersonLinkNeedsConsent."""
    if user_id not in (None, principal.user_id) and not principal.role.is_at_least(Role.ADMIN):
        raise PersonLinkNeedsConsent


async def _prepare_link(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    await hold_links(work, tenant_id)
    if not await members.known(work, tenant_id, [user_id]):
        raise ValidationFailed([FieldError("user_id", "not_found", "There is no such member here.")])
    await repository.require_room_for_link(work, tenant_id)


def _users(*user_ids: UUID | None) -> tuple[UUID, ...]:
    return tuple(user_id for user_id in user_ids if user_id is not None)
