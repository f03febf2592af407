"""All that Ada can see of a household: answers, pages, orders, totals, streams with offsets, webhooks, mentions."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import msgspec

from deploy.bench.gift_household import Household, Planning, Step
from project_service.comments.schemas import CommentsAboutQuery
from project_service.gifting.gifts.schemas import GiftQuery, GiftSearch
from project_service.gifting.items.schemas import ItemQuery
from project_service.gifting.lists.schemas import ListQuery
from project_service.gifting.occasions.schemas import OccasionQuery
from project_service.gifting.persons.schemas import HistoryQuery, PersonQuery
from project_service.gifting.streams import audience_of
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import TesseraError
from shared.events.changes import Guarded, may_be_told
from shared.events.envelope import Envelope
from shared.events.projects import CommentAdded, CommentUpdated
from shared.events.registry import Registry, default_registry
from shared.messaging.outbox import ENVELOPE_COLUMNS, envelope_of
from shared.pagination import PageOf, PageQuery

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Q = TypeVar("Q", bound=PageQuery)


class _Heard(NamedTuple):
    event: Any
    envelope: Envelope


async def views_of(database: Database, script: Sequence[Step]) -> tuple[str, str, str]:
    """What Ada sees at the end with all the secrets, with every other one, and without."""
    views = []
    for secret_steps in (range(1, len(script) + 1), range(1, len(script) + 1, 2), ()):
        home = Household(database)
        await home.begin()
        await home.play(script, secret_steps)
        views.append(await as_ada_sees_it(home, variety=sum(step.actor + step.thing for step in script)))
    return views[0], views[1], views[2]


async def as_ada_sees_it(home: Household, *, variety: int) -> str:
    """As text, with names in place of ids. Which orders and sizes of pages are read is up to `variety`."""
    heard = await _published(home)
    async with home.database.unit_of_work(home.ada.tenant_id) as work:
        await _record_activity(home, work, heard)
        link = await audience_of(work, home.ada.tenant_id, home.ada.user_id)
    streams = await home.database.system_rows(_STREAMS, home.ada.tenant_id, f"%#{link}")
    async with home.database.unit_of_work(home.ada.tenant_id) as work:
        seen = await _Eyes(home, work, variety).everything()
    return "\n".join((_text(home, seen), _text(home, _told_elsewhere(home, heard)), *_lines(home, streams)))


class _OneTransaction:
    """Stands for the database while only reading is done: for a fraction of the statements."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @asynccontextmanager
    async def unit_of_work(self, _tenant_id: UUID, *, actor_id: UUID | None = None) -> AsyncIterator[Work]:
        assert actor_id is None
        yield self._work


class _Eyes:
    def __init__(self, home: Household, work: Work, variety: int) -> None:
        self._home = home
        self._planning = Planning(cast(Database, _OneTransaction(work)), home.clock)
        self._variety = variety

    async def everything(self) -> dict[str, Any]:
        home, planning, ada = self._home, self._planning, self._home.ada
        lists, about = (*home.lists, home.open_list), home.spoken_of()
        return {
            "answers": home.answers,
            "lists": await self._pages(partial(planning.lists.find, ada), self._lists()),
            "list": [await _asked(planning.lists.get(ada, one)) for one in lists],
            "items": [
                await self._pages(partial(planning.items.find, ada, one), ItemQuery(sort=self._order("updated_at")))
                for one in lists
            ],
            "item": [await _asked(planning.items.get(ada, one)) for one in (*home.items, *home.open_items)],
            "gifts": await self._pages(
                partial(planning.gifts.find, ada), GiftQuery(sort=self._order("created_at", "updated_at", "name"))
            ),
            "found": await self._pages(partial(planning.gifts.find, ada), GiftSearch(q="e")),
            "person": await _asked(planning.persons.get(ada, home.person_id)),
            "persons": await self._pages(partial(planning.persons.find, ada), PersonQuery()),
            "history": await self._pages(partial(planning.persons.history, ada, home.person_id), HistoryQuery()),
            "occasions": await self._pages(partial(planning.occasions.find, ada), OccasionQuery()),
            "summary": await _asked(planning.occasions.summary(ada, home.occasion_id)),
            "dashboard": await _asked(planning.dashboard.get(ada)),
            "comments": [
                await self._pages(
                    partial(planning.comments.find_about, ada),
                    CommentsAboutQuery(entity_type=kind, entity_id=thing),
                )
                for kind, thing in about
            ],
        }

    def _lists(self) -> ListQuery:
        query = ListQuery(sort=self._order("created_at", "updated_at", "name"))
        home, of = self._home, self._variety % 3
        return msgspec.structs.replace(
            query, person_id=home.person_id if of == 1 else None, occasion_id=home.occasion_id if of == 2 else None
        )

    def _order(self, *fields: str) -> str:
        field = fields[self._variety % len(fields)]
        return f"-{field}" if self._variety % 2 else field

    async def _pages(self, find: Callable[[Q], Awaitable[PageOf[Any]]], query: Q) -> Any:
        """The second page by its number, or all by cursors; these name ids, and so are not compared themselves."""
        query = msgspec.structs.replace(query, page_size=1 + self._variety % 4, include_total=self._variety % 5 > 0)
        try:
            if self._variety % 7 == 0:
                return _shown(await find(msgspec.structs.replace(query, page=2)))
            seen = [page := await find(query)]
            while page.next_cursor is not None:
                seen.append(page := await find(msgspec.structs.replace(query, cursor=page.next_cursor)))
            return [_shown(page) for page in seen]
        except TesseraError as error:
            return error.code


def _shown(page: PageOf[Any]) -> Any:
    return page.items, page.total, page.next_cursor is None


async def _asked(question: Awaitable[Any]) -> Any:
    try:
        return await question
    except TesseraError as error:
        return error.code


async def _published(home: Household) -> list[_Heard]:
    """All of it, as consumers hear it."""
    rows = await home.database.system_rows(_PUBLISHED, home.ada.tenant_id, home.since)
    return [_read(row) for row in rows]


async def _record_activity(home: Household, work: Work, heard: Sequence[_Heard]) -> None:
    for event, envelope in heard:
        if isinstance(event, Guarded) and ".comment." not in event.type:
            await home.planning.dashboard.record(work, event, envelope)


def _told_elsewhere(home: Household, heard: Sequence[_Heard]) -> dict[str, Any]:
    """By webhooks that are hers, and by notifications."""
    ada = home.ada.user_id
    remarks = [each.event for each in heard if isinstance(each.event, CommentAdded | CommentUpdated)]
    return {
        "webhooks": [_told(*each) for each in heard if may_be_told(each.event, ada)],
        "mentions": [remark for remark in remarks if ada in remark.newly_mentioned],
        "replies": [remark for remark in remarks if isinstance(remark, CommentAdded) and remark.replied_to == ada],
    }


def _lines(home: Household, rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each event in her streams, whatever their names, sorted as names and offsets say."""
    return sorted(f"{_named(home, row['topic'])} {row['offset']:06} {_text(home, _told(*_read(row)))}" for row in rows)


def _read(row: dict[str, Any]) -> _Heard:
    envelope = envelope_of(row, "project", "epoch")
    return _Heard(_registry().read(envelope), envelope)


def _told(event: Any, envelope: Envelope) -> Any:
    return envelope.type, event.entity_id, event.version, event.changed_fields, event.payload


def _text(home: Household, seen: Any) -> str:
    """Without the moments at which events were stored, the only times that are not the household's."""
    return re.sub(r'"occurred_at":"[^"]*"', '""', _named(home, msgspec.json.encode(seen).decode()))


def _named(home: Household, text: str) -> str:
    return _UUID.sub(lambda match: home.labels.get(match[0], "an id"), text)


@cache
def _registry() -> Registry:
    return default_registry()


# By the primary key, in which ids of earlier households come first: no index knows tenants.
_PUBLISHED = (
    f"select {ENVELOPE_COLUMNS}, redacted as is_redacted from outbox where id > $2 and tenant_id = $1 order by seq"  # noqa: S608
)

_STREAMS = f"""
select t.topic, t."offset", {", ".join(f"o.{column}" for column in ENVELOPE_COLUMNS.split(", "))},
       o.redacted as is_redacted
from outbox_topics t join outbox o on o.id = t.event_id where t.tenant_id = $1 and t.topic like $2
"""  # noqa: S608 - made of constants
