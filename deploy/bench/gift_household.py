"""A household that plans gifts, and what people do in it: in the open, and behind Ada's back."""

from collections.abc import Awaitable, Callable, Container, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from project_service.comments.entities import KINDS
from project_service.comments.schemas import CreateComment
from project_service.comments.service import CommentService
from project_service.gifting.commenting import planned_kinds
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.gifts.metadata import ProductReader
from project_service.gifting.gifts.page_reader import PageReader
from project_service.gifting.gifts.schemas import CreateGift, PatchGift
from project_service.gifting.gifts.service import GiftService
from project_service.gifting.items.schemas import AssignItem, CreateItem, MoveItem, PatchItem
from project_service.gifting.items.service import ItemService
from project_service.gifting.lists.schemas import CreateList, PatchList
from project_service.gifting.lists.service import ListService
from project_service.gifting.occasions.schemas import CreateOccasion
from project_service.gifting.occasions.service import OccasionService
from project_service.gifting.persons.schemas import CreatePerson
from project_service.gifting.persons.service import PersonService
from project_service.outbound.client import OutboundClient
from shared.clock import Clock
from shared.db.databases import Database
from shared.errors import TesseraError
from shared.events.gifting import ItemStatus, ListType
from shared.events.projects import Commented
from shared.http.conditions import IfMatch
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from shared.principal import Principal, Role

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ANY = IfMatch(None)


class Step(NamedTuple):
    """What is done, by the how-manieth of those who may, to the how-manieth thing that it can be done to."""

    act: str
    actor: int
    thing: int


class StepClock:
    """The same time at the same step of both worlds."""

    def __init__(self) -> None:
        self.step = 0

    def now(self) -> datetime:
        return BEGIN + timedelta(minutes=self.step)


class Planning:
    """The use cases of gift planning."""

    def __init__(self, database: Database, clock: Clock) -> None:
        reader = ProductReader(OutboundClient(frozenset(), user_agent="never opened"), PageReader())
        self.persons, self.occasions = PersonService(database, clock), OccasionService(database, clock)
        jobs = JobQueue(clock)
        self.lists, self.items = ListService(database, clock, jobs), ItemService(database, clock)
        self.gifts = GiftService(database, clock, reader, jobs)
        self.comments = CommentService(database, clock, {**KINDS, **planned_kinds(clock)})
        self.dashboard = DashboardService(database, clock)


class Household:
    """Ada is a person here. What she does, and what others do in the open, is public; the rest is behind her back.

    `labels` name what is public, in place of ids, which differ from world to world; `since` is an id that is older.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = StepClock()
        self.planning = Planning(database, self.clock)
        self.since, tenant = new_id(), new_id()
        self.ada, self.ben, self.cleo = (_member(tenant, Role.DEVELOPER) for _ in range(3))
        self.olga = _member(tenant, Role.OWNER)
        self.labels: dict[str, str] = {}
        self.answers: list[Any] = []
        self.lists: list[UUID] = []
        self.items: list[UUID] = []
        self.gifts: list[UUID] = []
        self.comments: list[UUID] = []
        self.open_items: list[UUID] = []
        self._wished: list[UUID] = []
        self._hidden_lists: list[UUID] = []
        self._hidden_items: list[UUID] = []

    async def begin(self) -> None:
        everybody = {"ada": self.ada, "ben": self.ben, "cleo": self.cleo, "olga": self.olga}
        async with self.database.unit_of_work(self.ada.tenant_id) as work:
            for name, who in everybody.items():
                self._name(who.user_id, name)
                await work.execute(_JOIN, who.tenant_id, who.user_id, who.role, name)
        person = await self.planning.persons.add(self.olga, CreatePerson(name="Ada", user_id=self.ada.user_id))
        self.person_id = self._name(person.id, "Ada")
        party = CreateOccasion(name="Party", date=date(2026, 4, 1), person_ids=[person.id], budget=10_000)
        self.occasion_id = self._name((await self.planning.occasions.add(self.olga, party)).id, "party")
        new = CreateList(name="For anybody", occasion_id=self.occasion_id)
        self.open_list = self._name((await self.planning.lists.add(self.olga, new)).id, "open list")

    async def play(self, script: Sequence[Step], secret_steps: Container[int]) -> None:
        """Of what happens behind her back, only the steps of these numbers."""
        for number, step in enumerate(script, start=1):
            self.clock.step = number
            if step.act in PUBLIC or number in secret_steps:
                await self._do(step, number)

    def spoken_of(self) -> list[tuple[Commented, UUID]]:
        """What Ada may ask for comments about, that others speak of behind her back."""
        of_lists = [(Commented.LIST, one) for one in self.lists]
        of_items = [(Commented.LIST_ITEM, one) for one in self.items]
        of_gifts = [(Commented.GIFT, one) for one in self._wished]
        return [*of_lists, *of_items, *of_gifts, (Commented.PERSON, self.person_id)]

    async def _do(self, step: Step, number: int) -> None:
        """What Ada is answered is part of what she sees; what is refused changes nothing."""
        try:
            answer = await ACTS[step.act](self, step, f"step {number}")
        except TesseraError as error:
            answer = error.code
        if step.act.startswith("ada"):
            self.answers.append(answer)

    def _name(self, thing_id: UUID, label: str) -> UUID:
        self.labels[str(thing_id)] = label
        return thing_id

    def _other(self, step: Step) -> Principal:
        return (self.ben, self.cleo, self.olga)[step.actor % 3]

    # In the open.

    async def ada_begins_a_list(self, step: Step, label: str) -> Any:
        occasion = self.occasion_id if step.thing % 2 else None
        kind = list(ListType)[step.actor % 3]
        new = CreateList(name=label, person_id=self.person_id, occasion_id=occasion, type=kind)
        made = await self.planning.lists.add(self.ada, new)
        self.lists.append(self._name(made.id, label))
        return made

    async def ada_finds_a_gift(self, _step: Step, label: str) -> Any:
        made = await self.planning.gifts.add(self.ada, CreateGift(name=label, price=300))
        self.gifts.append(self._name(made.id, f"gift of {label}"))
        return made

    async def ada_edits_a_gift(self, step: Step, label: str) -> Any:
        return await self.planning.gifts.change(self.ada, _one(self.gifts, step), PatchGift(notes=label), _ANY)

    async def ada_drops_a_gift(self, step: Step, _label: str) -> Any:
        return await self.planning.gifts.remove(self.ada, _one(self.gifts, step), _ANY)

    async def ada_wishes(self, step: Step, label: str) -> Any:
        gift_id = _one(self.gifts, step) if self.gifts and step.actor % 2 else None
        new = CreateItem(name=label, gift_id=gift_id)
        made = await self.planning.items.add(self.ada, _one(self.lists, step), new)
        self._wished += [gift_id] if gift_id is not None and gift_id not in self._wished else []
        self.items.append(self._name(made.id, label))
        return made

    async def ada_edits(self, step: Step, label: str) -> Any:
        patch = PatchItem(notes=label, quantity=1 + step.actor)
        return await self.planning.items.change(self.ada, _one(self.items, step), patch, _ANY)

    async def ada_edits_version_one(self, step: Step, label: str) -> Any:
        return await self.planning.items.change(self.ada, _one(self.items, step), PatchItem(notes=label), IfMatch((1,)))

    async def ada_takes_back(self, step: Step, _label: str) -> Any:
        return await self.planning.items.remove(self.ada, _one(self.items, step), _ANY)

    async def ada_tries_to_claim(self, step: Step, _label: str) -> Any:
        return await self.planning.items.move(self.ada, _one(self.items, step), MoveItem(status=_status(step)), _ANY)

    async def ada_tries_to_share(self, step: Step, _label: str) -> Any:
        body = AssignItem(user_id=self.ben.user_id, share=1)
        return await self.planning.items.assign(self.ada, _one(self.items, step), body, _ANY)

    async def ada_says(self, step: Step, label: str) -> Any:
        new = CreateComment(entity_type=Commented.LIST, entity_id=_one(self.lists, step), body=f"@ben {label}")
        made = await self.planning.comments.add(self.ada, None, new)
        self.comments.append(self._name(made.id, label))
        return made

    async def ada_unsays(self, step: Step, _label: str) -> Any:
        return await self.planning.comments.remove(self.ada, None, _one(self.comments, step), _ANY)

    async def ada_drops_a_list(self, step: Step, _label: str) -> Any:
        return await self.planning.lists.remove(self.ada, _one(self.lists, step), _ANY)

    async def olga_renames(self, step: Step, label: str) -> None:
        await self.planning.lists.change(self.olga, _one(self.lists, step), PatchList(name=label), _ANY)

    async def somebody_gives_to_anybody(self, step: Step, label: str) -> None:
        other = self._other(step)
        gift = await self.planning.gifts.add(other, CreateGift(name=label, price=500))
        self._name(gift.id, f"gift of {label}")
        made = await self.planning.items.add(other, self.open_list, CreateItem(gift_id=gift.id))
        self.open_items.append(self._name(made.id, label))
        await self.planning.items.move(other, made.id, MoveItem(status=ItemStatus.SELECTED), _ANY)

    # Behind Ada's back.

    async def claim(self, step: Step, _label: str) -> None:
        item_id = _one([*self.items, *self._hidden_items], step)
        await self.planning.items.move(self._other(step), item_id, MoveItem(status=_status(step)), _ANY)

    async def share(self, step: Step, _label: str) -> None:
        other = self._other(step)
        body = AssignItem(user_id=other.user_id if step.thing % 3 else None, share=1 + step.actor % 100)
        await self.planning.items.assign(other, _one(self.items, step), body, _ANY)

    async def surprise(self, step: Step, label: str) -> None:
        """With a gift of their own, or with one of Ada's."""
        other = self._other(step)
        gift_id = _one(self.gifts, step) if self.gifts and step.actor % 2 else None
        if gift_id is None:
            gift_id = (await self.planning.gifts.add(other, CreateGift(name=f"secret {label}", price=700))).id
        new = CreateItem(gift_id=gift_id) if step.thing % 2 else CreateItem(name=f"secret {label}")
        made = await self.planning.items.add(other, _one([*self.lists, *self._hidden_lists], step), new)
        self._hidden_items.append(made.id)

    async def change_a_surprise(self, step: Step, label: str) -> None:
        await self.planning.items.change(self.olga, _one(self._hidden_items, step), PatchItem(notes=label), _ANY)

    async def drop_a_surprise(self, step: Step, _label: str) -> None:
        await self.planning.items.remove(self.olga, _one(self._hidden_items, step), _ANY)

    async def plan(self, step: Step, label: str) -> None:
        kind = ListType.IDEAS if step.thing % 2 else ListType.ASSIGNED
        new = CreateList(name=f"secret {label}", type=kind, person_id=self.person_id, occasion_id=self.occasion_id)
        self._hidden_lists.append((await self.planning.lists.add(self._other(step), new)).id)

    async def drop_a_plan(self, step: Step, _label: str) -> None:
        await self.planning.lists.remove(self.olga, _one(self._hidden_lists, step), _ANY)

    async def whisper(self, step: Step, label: str) -> None:
        about = self.spoken_of()
        kind, thing = about[step.thing % len(about)]
        parent = _one(self.comments, step) if kind is Commented.LIST and self.comments else None
        new = CreateComment(entity_type=kind, entity_id=thing, body=f"@ada secret {label}", parent_id=parent)
        await self.planning.comments.add(self._other(step), None, new)


Act = Callable[[Household, Step, str], Awaitable[Any]]
_IN_THE_OPEN: Sequence[Act] = (
    Household.ada_begins_a_list,
    Household.ada_finds_a_gift,
    Household.ada_edits_a_gift,
    Household.ada_drops_a_gift,
    Household.ada_wishes,
    Household.ada_edits,
    Household.ada_edits_version_one,
    Household.ada_takes_back,
    Household.ada_tries_to_claim,
    Household.ada_tries_to_share,
    Household.ada_says,
    Household.ada_unsays,
    Household.ada_drops_a_list,
    Household.olga_renames,
    Household.somebody_gives_to_anybody,
)
_BEHIND_HER_BACK: Sequence[Act] = (
    Household.claim,
    Household.share,
    Household.surprise,
    Household.change_a_surprise,
    Household.drop_a_surprise,
    Household.plan,
    Household.drop_a_plan,
    Household.whisper,
)
PUBLIC, SECRET = ({act.__name__: act for act in acts} for acts in (_IN_THE_OPEN, _BEHIND_HER_BACK))
ACTS = {**PUBLIC, **SECRET}


def _one(things: Sequence[UUID], step: Step) -> UUID:
    """One that nobody has made, where there is none."""
    return things[step.thing % len(things)] if things else UUID(int=0)


def _status(step: Step) -> ItemStatus:
    return list(ItemStatus)[1 + step.actor % 3]


def _member(tenant_id: UUID, role: Role) -> Principal:
    return Principal(user_id=new_id(), tenant_id=tenant_id, session_id=new_id(), role=role)


_JOIN = """
insert into tenant_members (tenant_id, user_id, is_member, is_active, role, email, display_name, email_key, mail_handle,
                            name_handle, as_of)
values ($1, $2, true, true, $3, '', '', '', $4, '', now())
"""
