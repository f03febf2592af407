"""Who hears what: a topic has one stream for everybody, and one more for each member who is a person here.

Offsets must have no gaps for anybody, and what is kept from somebody must not leave one. So whoever something could be
kept from hears every topic of gift planning on a stream of their own, in which their hidden events never were.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from shared.db.unit_of_work import Work
from shared.events.changes import Guarded
from shared.events.topics import stream_of

G = TypeVar("G", bound=Guarded)

MAX_LINKED = 100
"""Members who are persons, of one tenant: each is one more offset in every topic that a change is told to."""


class Linked(NamedTuple):
    """A member of the tenant who is a person here. A link that is made anew is another one, with new streams."""

    user_id: UUID
    link_id: UUID


async def linked(work: Work, tenant_id: UUID) -> list[Linked]:
    """Who has streams of their own; that does not change before this transaction ends."""
    await work.execute("select pg_advisory_xact_lock_shared($1, hashtext($2))", _LOCK_CLASS, str(tenant_id))
    rows = await work.rows(_LINKED, tenant_id)
    return [Linked(**row) for row in rows]


async def hold_links(work: Work, tenant_id: UUID) -> None:
    """Before links change: waits for all who tell something meanwhile, and lets nobody else begin."""
    await work.execute("select pg_advisory_xact_lock($1, hashtext($2))", _LOCK_CLASS, str(tenant_id))


async def audience_of(work: Work, tenant_id: UUID, user_id: UUID) -> UUID | None:
    """The link that names their streams; None: they hear what everybody hears."""
    row = await work.row(_LINK_OF, tenant_id, user_id)
    return None if row is None else row["link_id"]


def streams(topics: Iterable[str], links: Sequence[Linked], hidden_from: Collection[UUID] = ()) -> list[str]:
    """Everybody's and everybody's own, but for those from whom it is hidden."""
    audiences = [link.link_id for link in links if link.user_id not in hidden_from]
    return [name for topic in topics for name in (topic, *(stream_of(topic, audience) for audience in audiences))]


def tell(
    work: Work,
    links: Sequence[Linked],
    topics: Sequence[str],
    event: G,
    *,
    hidden_from: UUID | None = None,
    as_they_see_it: G | None = None,
    only_for: UUID | None = None,
) -> None:
    """`as_they_see_it` is for whom `event` is hidden from; `only_for` is the owner of a private thing."""
    hidden = () if hidden_from is None else (hidden_from,)
    guarded = msgspec.structs.replace(
        event, hidden_from=hidden or msgspec.UNSET, only_for=msgspec.UNSET if only_for is None else only_for
    )
    work.publish(guarded, topics=streams(topics, links, hidden), subject=str(event.entity_id))
    if as_they_see_it is not None:
        for link in links:
            if link.user_id == hidden_from:
                tell_only(work, link, topics, as_they_see_it)


def tell_only(work: Work, link: Linked, topics: Iterable[str], event: Guarded) -> None:
    theirs = msgspec.structs.replace(event, only_for=link.user_id)
    work.publish(theirs, topics=[stream_of(topic, link.link_id) for topic in topics], subject=str(event.entity_id))


_LOCK_CLASS = 0x61F7
"""First half of the advisory lock's key; the second is the tenant."""

_LINKED = "select user_id, link_id from gift_persons where tenant_id = $1 and user_id is not null order by link_id"

_LINK_OF = "select link_id from gift_persons where tenant_id = $1 and user_id = $2"
