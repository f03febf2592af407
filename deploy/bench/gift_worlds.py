"""Two worlds that differ in what is kept from somebody, and everything that she can see of each.

A script of what people do is played twice: as it is, and without the claims, surprises and remarks behind Ada's back.
Whatever she is shown, counted, sorted, told live or by webhook has to be the same.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from project_service.comments.entities import KINDS
from project_service.comments.schemas import CommentsAboutQuery, CreateComment
from project_service.comments.service import CommentService
from project_service.gifting.commenting import planned_kinds
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.gifts.metadata import ProductReader
from project_service.gifting.gifts.schemas import CreateGift, GiftQuery, GiftSearch
from project_service.gifting.gifts.service import GiftService
from project_service.gifting.items.schemas import AssignItem, CreateItem, ItemQuery, MoveItem, PatchItem
from project_service.gifting.items.service import ItemService
from project_service.gifting.lists.schemas import CreateList, ListQuery, PatchList
from project_service.gifting.lists.service import ListService
from project_service.gifting.occasions.schemas import CreateOccasion
from project_service.gifting.occasions.service import OccasionService
from project_service.gifting.persons.schemas import CreatePerson, HistoryQuery
from project_service.gifting.persons.service import PersonService
from project_service.gifting.streams import audience_of
from project_service.outbound.client import OutboundClient
from shared.db.databases import Database
from shared.errors import TesseraError
from shared.events.changes import Guarded, may_be_told
from shared.events.envelope import Envelope
from shared.events.gifting import ItemStatus, ListType
from shared.events.projects import Commented
from shared.events.registry import default_registry
from shared.events.topics import stream_of
from shared.http.conditions import IfMatch
from shared.ids import new_id
from shared.messaging.event_log import EventLog
from shared.messaging.outbox import ENVELOPE_COLUMNS, envelope_of
from shared.principal import Principal, Role

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANY = IfMatch(None)
_LOG_LIMIT = 1_000


class Step(NamedTuple):
    """What is done, by the how-manieth of those who may, to the how-manieth thing that it can be done to."""

    act: str
    actor: int
    thing: int


class _Clock:
    """The same time at the same step of both worlds."""

    def __init__(self) -> None:
        self.step = 0

    def now(self) -> datetime:
        return BEGIN + timedelta(minutes=self.step)


class World:
    """Ada is a person here. What she does, and what others do in the open, is public; the rest is behind her back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = _Clock()
        tenant = new_id()
        self.ada, self.ben, self.cleo = (_member(tenant, Role.DEVELOPER) for _ in range(3))
        self.olga = _member(tenant, Role.OWNER)
        self._labels: dict[str, str] = {}
        self._answers: list[Any] = []
        self._lists: list[UUID] = []
        self._items: list[UUID] = []
        self._comments: list[UUID] = []
        self._hidden_lists: list[UUID] = []
        self._hidden_items: list[UUID] = []
        self._open_items: list[UUID] = []
        reader = ProductReader(OutboundClient(frozenset(), user_agent="never opened"))
        self.persons, self.occasions = PersonService(database, self._clock), OccasionService(database, self._clock)
        self.lists, self.items = ListService(database, self._clock), ItemService(database, self._clock)
        self.gifts = GiftService(database, self._clock, reader, lambda: None)
        self.comments = CommentService(database, self._clock, {**KINDS, **planned_kinds(self._clock)})
        self.dashboard = DashboardService(database, self._clock)

    async def begin(self) -> None:
        everybody = (self.ada, self.ben, self.cleo, self.olga)
        async with self._database.unit_of_work(self.ada.tenant_id) as work:
            for number, who in enumerate(everybody):
                self._labels[str(who.user_id)] = f"user {number}"
                await work.execute(_JOIN, who.tenant_id, who.user_id, who.role)
        person = await self.persons.add(self.olga, CreatePerson(name="Ada", user_id=self.ada.user_id))
        self.person_id = self._name(person.id, "Ada")
        party = CreateOccasion(name="Party", date=date(2026, 4, 1), person_ids=[person.id], budget=10_000)
        self.occasion_id = self._name((await self.occasions.add(self.olga, party)).id, "party")
        open_list = await self.lists.add(self.olga, CreateList(name="For anybody", occasion_id=self.occasion_id))
        self._open_list = self._name(open_list.id, "open list")

    async def play(self, script: Sequence[Step], *, with_secrets: bool) -> None:
        for number, step in enumerate(script, start=1):
            self._clock.step = number
            if step.act in PUBLIC or with_secrets:
                await self._do(step, number)

    async def _do(self, step: Step, number: int) -> None:
        """What Ada is answered is part of what she sees; what is refused changes nothing."""
        act: Callable[[World, Step, str], Awaitable[Any]] = {**PUBLIC, **SECRET}[step.act]
        try:
            answer = await act(self, step, f"step {number}")
        except TesseraError as error:
            answer = error.code
        if step.act.startswith("ada"):
            self._answers.append(answer)

    def _name(self, thing_id: UUID, label: str) -> UUID:
        self._labels[str(thing_id)] = label
        return thing_id

    def _other(self, step: Step) -> Principal:
        return (self.ben, self.cleo, self.olga)[step.actor % 3]

    # In the open.

    async def ada_begins_a_list(self, step: Step, label: str) -> Any:
        occasion = self.occasion_id if step.thing % 2 else None
        new = CreateList(
            name=label, person_id=self.person_id, occasion_id=occasion, type=list(ListType)[step.actor % 3]
        )
        made = await self.lists.add(self.ada, new)
        self._lists.append(self._name(made.id, label))
        return made

    async def ada_wishes(self, step: Step, label: str) -> Any:
        made = await self.items.add(self.ada, _one(self._lists, step), CreateItem(name=label))
        self._items.append(self._name(made.id, label))
        return made

    async def ada_edits(self, step: Step, label: str) -> Any:
        return await self.items.change(self.ada, _one(self._items, step), PatchItem(notes=label), _ANY)

    async def ada_edits_version_one(self, step: Step, label: str) -> Any:
        return await self.items.change(self.ada, _one(self._items, step), PatchItem(notes=label), IfMatch((1,)))

    async def ada_takes_back(self, step: Step, _label: str) -> Any:
        return await self.items.remove(self.ada, _one(self._items, step), _ANY)

    async def ada_tries_to_claim(self, step: Step, _label: str) -> Any:
        return await self.items.move(self.ada, _one(self._items, step), MoveItem(status=ItemStatus.SELECTED), _ANY)

    async def ada_says(self, step: Step, label: str) -> Any:
        new = CreateComment(entity_type=Commented.LIST, entity_id=_one(self._lists, step), body=label)
        made = await self.comments.add(self.ada, None, new)
        self._comments.append(self._name(made.id, label))
        return made

    async def ada_unsays(self, step: Step, _label: str) -> Any:
        return await self.comments.remove(self.ada, None, _one(self._comments, step), _ANY)

    async def olga_renames(self, step: Step, label: str) -> None:
        await self.lists.change(self.olga, _one(self._lists, step), PatchList(name=label), _ANY)

    async def somebody_gives_to_anybody(self, step: Step, label: str) -> None:
        other = self._other(step)
        gift = await self.gifts.add(other, CreateGift(name=label, price=500))
        self._name(gift.id, f"gift of {label}")
        made = await self.items.add(other, self._open_list, CreateItem(gift_id=gift.id))
        self._open_items.append(self._name(made.id, label))
        await self.items.move(other, made.id, MoveItem(status=ItemStatus.SELECTED), _ANY)

    # Behind Ada's back.

    async def claim(self, step: Step, _label: str) -> None:
        status = list(ItemStatus)[1 + step.actor % 3]
        item_id = _one([*self._items, *self._hidden_items], step)
        await self.items.move(self._other(step), item_id, MoveItem(status=status), _ANY)

    async def share(self, step: Step, _label: str) -> None:
        other = self._other(step)
        body = AssignItem(user_id=other.user_id if step.thing % 3 else None, share=1 + step.actor % 100)
        await self.items.assign(other, _one(self._items, step), body, _ANY)

    async def surprise(self, step: Step, label: str) -> None:
        other = self._other(step)
        gift = await self.gifts.add(other, CreateGift(name=f"secret {label}", price=700))
        new = CreateItem(gift_id=gift.id) if step.thing % 2 else CreateItem(name=f"secret {label}")
        made = await self.items.add(other, _one([*self._lists, *self._hidden_lists], step), new)
        self._hidden_items.append(made.id)

    async def drop_a_surprise(self, step: Step, _label: str) -> None:
        await self.items.remove(self.olga, _one(self._hidden_items, step), _ANY)

    async def plan(self, step: Step, label: str) -> None:
        kind = ListType.IDEAS if step.thing % 2 else ListType.ASSIGNED
        new = CreateList(name=f"secret {label}", type=kind, person_id=self.person_id, occasion_id=self.occasion_id)
        self._hidden_lists.append((await self.lists.add(self._other(step), new)).id)

    async def drop_a_plan(self, step: Step, _label: str) -> None:
        await self.lists.remove(self.olga, _one(self._hidden_lists, step), _ANY)

    async def whisper(self, step: Step, label: str) -> None:
        about = [
            *((Commented.LIST, one) for one in self._lists),
            *((Commented.LIST_ITEM, one) for one in self._items),
            (Commented.PERSON, self.person_id),
        ]
        kind, thing = about[step.thing % len(about)]
        parent = _one(self._comments, step) if kind is Commented.LIST and self._comments else None
        new = CreateComment(entity_type=kind, entity_id=thing, body=f"secret {label}", parent_id=parent)
        await self.comments.add(self._other(step), None, new)

    # What she sees.

    async def as_ada_sees_it(self) -> str:
        """As JSON, with names in place of ids, which differ from world to world."""
        await self._record_activity()
        seen = {
            "answers": self._answers,
            "lists": [
                await self._asked(self.lists.find(self.ada, ListQuery(sort=sort))) for sort in ("name", "-updated_at")
            ],
            "list": [await self._asked(self.lists.get(self.ada, one)) for one in (*self._lists, self._open_list)],
            "items": [
                await self._asked(self.items.find(self.ada, one, ItemQuery(sort=sort)))
                for one in self._lists
                for sort in ("created_at", "-updated_at")
            ],
            "item": [await self._asked(self.items.get(self.ada, one)) for one in (*self._items, *self._open_items)],
            "gifts": await self._asked(self.gifts.find(self.ada, GiftQuery(sort="-updated_at"))),
            "found": await self._asked(self.gifts.find(self.ada, GiftSearch(q="e"))),
            "person": await self._asked(self.persons.get(self.ada, self.person_id)),
            "history": await self._asked(self.persons.history(self.ada, self.person_id, HistoryQuery())),
            "summary": await self._asked(self.occasions.summary(self.ada, self.occasion_id)),
            "dashboard": await self._asked(self.dashboard.get(self.ada)),
            "comments": [
                await self._asked(self.comments.find_about(self.ada, query)) for query in self._comment_queries()
            ],
            "live": {topic: await self._stream(topic) for topic in self._topics()},
            "webhooks": [_told(event, envelope) for event, envelope in await self._events() if self._is_hers(event)],
        }
        text = re.sub(r'"occurred_at":"[^"]*"', '""', msgspec.json.encode(seen).decode())
        return _UUID.sub(lambda match: self._labels.get(match[0], "an id"), text)

    async def _asked(self, question: Awaitable[Any]) -> Any:
        try:
            return await question
        except TesseraError as error:
            return error.code

    def _comment_queries(self) -> list[CommentsAboutQuery]:
        about = [
            *((Commented.LIST, one) for one in self._lists),
            *((Commented.LIST_ITEM, one) for one in self._items),
            (Commented.PERSON, self.person_id),
        ]
        return [CommentsAboutQuery(entity_type=kind, entity_id=thing) for kind, thing in about]

    def _topics(self) -> list[str]:
        things = [f"list:{one}" for one in (*self._lists, self._open_list)]
        said = [f"comments:{query.entity_type}:{query.entity_id}" for query in self._comment_queries()]
        return ["list-items:all", f"occasion:{self.occasion_id}", f"person:{self.person_id}", *things, *said]

    async def _stream(self, topic: str) -> list[Any]:
        async with self._database.unit_of_work(self.ada.tenant_id) as work:
            stream = stream_of(topic, await audience_of(work, self.ada.tenant_id, self.ada.user_id))
        envelopes = await EventLog(self._database).read(self.ada.tenant_id, stream, 0, _LOG_LIMIT)
        offsets = [place.offset for envelope in envelopes for place in envelope.topics if place.topic == stream]
        told = [_told(default_registry().read(envelope), envelope) for envelope in envelopes]
        return list(zip(offsets, told, strict=True))

    async def _events(self) -> list[tuple[Any, Envelope]]:
        """All that was published, as consumers hear it."""
        rows = await self._database.system_rows(_PUBLISHED, self.ada.tenant_id)
        envelopes = [envelope_of(row, "project", "epoch") for row in rows]
        return [(default_registry().read(envelope), envelope) for envelope in envelopes]

    async def _record_activity(self) -> None:
        for event, envelope in await self._events():
            if isinstance(event, Guarded) and "comment" not in event.type:
                async with self._database.unit_of_work(self.ada.tenant_id) as work:
                    await self.dashboard.record(work, event, envelope)

    def _is_hers(self, event: Any) -> bool:
        return may_be_told(event, self.ada.user_id)


PUBLIC: dict[str, Callable[[World, Step, str], Awaitable[Any]]] = {
    act.__name__: act
    for act in (
        World.ada_begins_a_list,
        World.ada_wishes,
        World.ada_edits,
        World.ada_edits_version_one,
        World.ada_takes_back,
        World.ada_tries_to_claim,
        World.ada_says,
        World.ada_unsays,
        World.olga_renames,
        World.somebody_gives_to_anybody,
    )
}
SECRET: dict[str, Callable[[World, Step, str], Awaitable[Any]]] = {
    act.__name__: act
    for act in (
        World.claim,
        World.share,
        World.surprise,
        World.drop_a_surprise,
        World.plan,
        World.drop_a_plan,
        World.whisper,
    )
}


async def views_of(database: Database, script: Sequence[Step]) -> tuple[str, str]:
    """What Ada sees with the secrets, and without."""
    views = []
    for with_secrets in (True, False):
        world = World(database)
        await world.begin()
        await world.play(script, with_secrets=with_secrets)
        views.append(await world.as_ada_sees_it())
    return views[0], views[1]


def _one(things: Sequence[UUID], step: Step) -> UUID:
    """One that nobody has made, where there is none."""
    return things[step.thing % len(things)] if things else UUID(int=0)


def _told(event: Any, envelope: Envelope) -> Any:
    return envelope.type, event.entity_id, event.version, event.changed_fields, event.payload


def _member(tenant_id: UUID, role: Role) -> Principal:
    return Principal(user_id=new_id(), tenant_id=tenant_id, session_id=new_id(), role=role)


_JOIN = """
insert into tenant_members (tenant_id, user_id, is_member, is_active, role, email, display_name, email_key, mail_handle,
                            name_handle, as_of)
values ($1, $2, true, true, $3, '', '', '', '', '', now())
"""

_PUBLISHED = f"select {ENVELOPE_COLUMNS} from outbox where tenant_id = $1 order by seq"  # noqa: S608 - constants
