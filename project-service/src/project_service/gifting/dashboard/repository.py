"""Every query on gift planning as a whole, and on what happened in it."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from uuid import UUID

import msgspec

from project_service.gifting.dashboard.schemas import GiftActivityView, PersonCard, Pipeline
from project_service.gifting.secrecy import StoredItem, Viewer, whole
from shared.db.unit_of_work import Work
from shared.events.changes import Guarded
from shared.events.envelope import Envelope
from shared.events.gifting import ListItemState
from shared.members.authors import author_column
from shared.principal import Principal


async def pipeline(work: Work, principal: Principal, now: datetime) -> Pipeline:
    rows = await work.rows(_PIPELINE, principal.tenant_id, principal.user_id, now)
    return Pipeline(**{row["status"]: row["number"] for row in rows})


async def people(work: Work, principal: Principal, now: datetime) -> list[PersonCard]:
    rows = await work.rows(_PEOPLE, principal.tenant_id, principal.user_id, now)
    return msgspec.convert(rows, list[PersonCard])


async def ideas(work: Work, principal: Principal, now: datetime) -> list[ListItemState]:
    rows = await work.rows(_IDEAS, principal.tenant_id, principal.user_id, now)
    return [whole(item) for item in msgspec.convert(rows, list[StoredItem])]


async def activity(work: Work, principal: Principal) -> list[GiftActivityView]:
    rows = await work.rows(_ACTIVITY, principal.tenant_id, principal.user_id)
    return msgspec.convert(rows, list[GiftActivityView])


async def record(work: Work, tenant_id: UUID, event: Guarded, envelope: Envelope) -> None:
    """Once per event, with those who may be told of it."""
    await work.execute(
        _RECORD,
        envelope.id,
        tenant_id,
        envelope.actorid,
        envelope.type.partition(".")[2],
        event.entity_id,
        event.only_for or None,
        list(event.hidden_from or ()),
        envelope.time,
    )


async def delete_oldest(work: Work, tenant_id: UUID, kept: int) -> None:
    await work.execute(_DELETE_OLDEST, tenant_id, kept)


_VIEWER = Viewer("$2", "$3")
_SEEN_ITEMS = f"""
list_items i join gift_lists l on l.id = i.list_id left join gift_persons p on p.id = l.person_id
where i.tenant_id = $1 and {_VIEWER.sees_all_of_item}
"""

_PIPELINE = f"select i.status, count(*) as number from {_SEEN_ITEMS} group by i.status"

_PEOPLE = f"""
with named as (
    select * from gift_persons where tenant_id = $1 order by name_key, id limit 20
)
select p.id, p.name, p.relationship, p.birthday,
    count(*) filter (where i.status = 'idea') as idea,
    count(*) filter (where i.status = 'selected') as selected,
    count(*) filter (where i.status = 'purchased') as purchased,
    count(*) filter (where i.status = 'received') as received
from named p
left join (gift_lists l join list_items i on i.list_id = l.id) on l.person_id = p.id and {_VIEWER.sees_all_of_item}
group by p.id, p.name, p.relationship, p.birthday, p.name_key
order by p.name_key, p.id
"""

_IDEAS = f"""
select i.id, i.tenant_id, i.list_id, i.gift_id, i.name, i.status, i.assigned_to, i.quantity, i.shares, i.added_by,
    i.notes, i.version, i.created_at, i.updated_at, i.public_version, i.public_updated_at
from {_SEEN_ITEMS} and i.status = 'idea' order by i.created_at desc, i.id desc limit 10
"""

_ACTIVITY = f"""
select id, actor_id, type, entity_id, occurred_at, {author_column("a.actor_id", "a.tenant_id", "a.occurred_at")}
from gift_activity a
where tenant_id = $1 and (only_for is null or only_for = $2) and not $2 = any(hidden_from)
order by occurred_at desc, id desc limit 20
"""

_DELETE_OLDEST = """
delete from gift_activity where tenant_id = $1 and id = any(array(
    select id from gift_activity where tenant_id = $1 order by occurred_at desc, id desc offset $2
))
"""

_RECORD = """
insert into gift_activity (id, tenant_id, actor_id, type, entity_id, only_for, hidden_from, occurred_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing
"""
