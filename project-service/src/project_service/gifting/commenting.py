"""Comments on what is planned: what others say about somebody's list is kept from them as well."""

# ruff: noqa: S608 - statements are put together from constants

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from project_service.comments import repository as comments
from project_service.comments.entities import EntityKinds, Place
from project_service.gifting.access import is_keeper
from project_service.gifting.secrecy import Viewer
from project_service.gifting.streams import Linked, linked, streams, tell_only
from project_service.members.repository import Mentionable
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.events.changes import Guarded
from shared.events.projects import CommentAdded, CommentDeleted, Commented, CommentState, ProjectRole
from shared.events.topics import comments_topic, stream_of
from shared.principal import Principal

_VIEWER = Viewer("viewer.id", "$4")
_LIST_AND_PERSON = "left join gift_persons p on p.id = l.person_id"


class Planned:
    """A kind of thing in gift planning. `rows` begin with its table and alias.

    `sees` and `is_kept` are conditions: that the viewer sees the thing, and that what others say about it is kept from
    them. `owner` is the only one who sees it, if there is one.
    """

    def __init__(
        self,
        clock: Clock,
        rows: str,
        *,
        made_by: str = "created_by",
        sees: str = "true",
        is_kept: str = "false",
        owner: str = "null::uuid",
    ) -> None:
        self._clock = clock
        table, alias, *_ = rows.split()
        self._hold = f"select id from {table} where tenant_id = $1 and id = $2 for key share"
        self._sql = f"""
            select viewer.id, {alias}.{made_by} as made_by, {is_kept} as is_kept, {owner} as owner
            from {rows} cross join unnest($3::uuid[]) as viewer (id)
            where {alias}.tenant_id = $1 and {alias}.id = $2 and $4::timestamptz is not null and {sees}
        """  # every kind is asked with the time, which not every kind has a use for

    async def find(self, work: Work, principal: Principal, entity_id: UUID) -> Place | None:
        await work.execute(self._hold, principal.tenant_id, entity_id)
        rows = await self._views(work, principal.tenant_id, entity_id, [principal.user_id])
        if not rows:
            return None
        row = rows[0]
        keeps = is_keeper(principal, row["made_by"]) and not row["is_kept"]
        return Place(None, ProjectRole.OWNER if keeps else ProjectRole.VIEWER, hears_others=not row["is_kept"])

    async def readers(
        self, work: Work, tenant_id: UUID, entity_id: UUID, people: Sequence[Mentionable]
    ) -> Sequence[Mentionable]:
        rows = await self._views(work, tenant_id, entity_id, [person.user_id for person in people])
        hearing = {row["id"] for row in rows if not row["is_kept"]}
        return [person for person in people if person.user_id in hearing]

    async def tell(self, work: Work, comment: CommentState, event: Guarded) -> None:
        """To those who see the thing; what others say, not to those from whom it is kept."""
        links = await linked(work, comment.tenant_id)
        asked = {link.user_id for link in links} | {comment.author_id}
        views = {row["id"]: row for row in await self._views(work, comment.tenant_id, comment.entity_id, sorted(asked))}
        hidden = tuple(sorted(user for user in asked if user not in views or views[user]["is_kept"]))
        owner = next((row["owner"] for row in views.values()), None)
        told = msgspec.structs.replace(event, hidden_from=hidden or UNSET, only_for=owner or UNSET)
        topic = comments_topic(comment.entity_type, comment.entity_id)
        work.publish(told, topics=streams([topic], links, hidden), subject=str(comment.id))
        if comment.author_id in hidden:
            _tell_author(work, links, comment, event)

    async def _views(
        self, work: Work, tenant_id: UUID, entity_id: UUID, viewers: Sequence[UUID]
    ) -> list[dict[str, Any]]:
        """Of these viewers, those who see the thing."""
        return await work.rows(self._sql, tenant_id, entity_id, list(viewers), self._clock.now())


def _tell_author(work: Work, links: Sequence[Linked], comment: CommentState, event: Guarded) -> None:
    """What they said themselves, without a trace of replies that they do not see."""
    own = msgspec.structs.replace(event, only_for=comment.author_id)
    if isinstance(own, CommentDeleted):
        own = msgspec.structs.replace(own, payload=msgspec.structs.replace(own.payload, has_replies=False, place=None))
    topic = comments_topic(comment.entity_type, comment.entity_id)
    theirs = [stream_of(topic, link.link_id) for link in links if link.user_id == comment.author_id]
    work.publish(own, topics=theirs, subject=str(comment.id))


async def tell_what_was_said(work: Work, tenant_id: UUID, link: Linked, things: Sequence[UUID]) -> None:
    """Of lists and items that are revealed: what was kept from the one whom they are for."""
    for comment in await comments.said_to_others(work, tenant_id, link.user_id, things):
        topic = comments_topic(comment.entity_type, comment.entity_id)
        tell_only(work, link, [topic], CommentAdded(entity_id=comment.id, version=comment.version, payload=comment))


def planned_kinds(clock: Clock) -> EntityKinds:
    of_list = f"gift_lists l {_LIST_AND_PERSON}"
    of_item = f"list_items i join gift_lists l on l.id = i.list_id {_LIST_AND_PERSON}"
    owner = "case when l.visibility = 'private' then l.created_by end"
    # Not whether it is on a list of theirs at all, which they may not know, but whether they see it there.
    on_own_list = (
        f"exists (select from {of_item} where i.gift_id = g.id and {_VIEWER.sees_item} and {_VIEWER.is_subject})"
    )
    return {
        Commented.LIST: Planned(clock, of_list, sees=_VIEWER.sees_list, is_kept=_VIEWER.is_subject, owner=owner),
        Commented.LIST_ITEM: Planned(
            clock, of_item, made_by="added_by", sees=_VIEWER.sees_item, is_kept=_VIEWER.is_subject, owner=owner
        ),
        Commented.GIFT: Planned(
            clock, "gifts g", sees=_VIEWER.sees_gift, is_kept=f"({on_own_list} or viewer.id = any(g.taken_back_by))"
        ),
        Commented.OCCASION: Planned(clock, "gift_occasions o"),
        Commented.PERSON: Planned(clock, "gift_persons p", is_kept="coalesce(p.user_id = viewer.id, false)"),
    }
