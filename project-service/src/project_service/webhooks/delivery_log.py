"""Every query on deliveries: the log that managers read. When each is sent is up to its job."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.webhooks.delivery_jobs import DELIVERY
from project_service.webhooks.domain import FAULT_OF_OURS, TEST_TYPE, Attempt, Standing, Verdict, patterns_of
from project_service.webhooks.errors import DeliveryNotFound
from project_service.webhooks.repository import Readiness
from project_service.webhooks.schemas import DeliveryQuery, DeliveryStatus, DeliveryView
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, Visibility
from shared.ids import new_id
from shared.jobs.schema import UNFINISHED
from shared.messaging.redaction import ANY, is_redacted
from shared.pagination import PageOf
from shared.principal import Role

SORT = "-created_at"
REDACTED_AT_ONCE = 500  # events in a statement
_BEFORE_ALL = UUID(int=0)
SORT_KEYS = {"created_at": SortKey("created_at", datetime)}
_PENDING = DeliveryStatus.PENDING

_TIME_OF_JOB = f"""
select case when j.status = 'running' then j.started_at else j.due_at end
from jobs j where j.kind = '{DELIVERY.name}' and j.{UNFINISHED}
"""
# Of a line the first one may be tried next, when the receiver wants to be called again: those behind wait for it.
_NEXT_ATTEMPT = f"""
case when d.status <> '{_PENDING}' then null
     when d.on_demand then ({_TIME_OF_JOB} and j.unique_key = d.id::text)
     else greatest(
         ({_TIME_OF_JOB} and j.order_key = d.webhook_id::text || '/' || d.subject order by j.seq limit 1),
         (select w.paused_until from webhooks w where w.id = d.webhook_id)
     )
end"""
_COLUMNS = """
    d.id, d.webhook_id, d.event_id, d.type, d.status, d.attempts, {next_attempt} as next_attempt_at,
    d.attempted_at, d.duration_ms, d.response_status, d.response_body, d.error, d.created_at
"""


class Message(NamedTuple):
    """What an event is to receivers. `body` is what is sent and signed, the same in every attempt."""

    event_id: UUID
    project_id: UUID | None
    type: str
    subject: str
    body: str
    occurred_at: datetime


class Listener(NamedTuple):
    webhook_id: UUID
    maker_id: UUID
    standing: Standing
    is_gone: bool
    """What the event told is redacted by now: it comes late, as a dead letter that is replayed does."""


class Added(NamedTuple):
    id: UUID
    webhook_id: UUID


class Redelivery(NamedTuple):
    view: DeliveryView
    subject: str
    on_demand: bool


class PendingDelivery(NamedTuple):
    """What an attempt needs. `attempts` are those before."""

    id: UUID
    tenant_id: UUID
    webhook_id: UUID
    body: str
    is_of_project: bool
    on_demand: bool
    attempts: int
    webhook: Readiness
    sealed_secrets: tuple[bytes, ...]
    standing: Standing


async def find_page(work: Work, tenant_id: UUID, webhook_id: UUID, query: DeliveryQuery) -> PageOf[DeliveryView]:
    arguments = Arguments([tenant_id, webhook_id])
    condition = "d.tenant_id = $1 and d.webhook_id = $2"
    if query.status is not None:
        condition += f" and d.status = {arguments.add(query.status)}"
    rows, total = await fetch_page(
        work,
        query,
        SORT,
        SORT_KEYS,
        "d",
        columns=_COLUMNS.format(next_attempt=_NEXT_ATTEMPT),
        tables="webhook_deliveries d",
        condition=condition,
        arguments=arguments,
    )
    return page_of(query, SORT, rows, msgspec.convert(rows, list[DeliveryView]), total)


async def listeners(work: Work, tenant_id: UUID, message: Message) -> Sequence[Listener]:
    """Webhooks that were there when it happened. Until this transaction ends nobody changes or deletes them."""
    patterns = patterns_of(message.type)
    rows = await work.rows(_LISTENERS, tenant_id, message.project_id, patterns, message.occurred_at, message.event_id)
    return [Listener(row["id"], row["created_by"], _standing(row), row["is_gone"]) for row in rows]


async def add(work: Work, tenant_id: UUID, webhook_ids: Sequence[UUID], message: Message, now: datetime) -> list[Added]:
    """Once per webhook and event: only what is new."""
    rows = await work.rows(_ADD, tenant_id, [new_id() for _ in webhook_ids], webhook_ids, *message, now)
    return [Added(row["id"], row["webhook_id"]) for row in rows]


async def add_test(work: Work, tenant_id: UUID, webhook_id: UUID, body: str, now: datetime) -> DeliveryView:
    row = await work.row(_ADD_TEST, new_id(), tenant_id, webhook_id, body, now)
    return msgspec.convert(row, DeliveryView)


async def redeliver(work: Work, tenant_id: UUID, webhook_id: UUID, delivery_id: UUID, now: datetime) -> Redelivery:
    """One that still waits keeps its attempts, and is not `on_demand` unless it was. Raises DeliveryNotFound."""
    row = await work.row(_REDELIVER, tenant_id, webhook_id, delivery_id, now)
    if row is None:
        raise DeliveryNotFound
    return Redelivery(msgspec.convert(row, DeliveryView), row["subject"], row["on_demand"])


async def find_pending(
    database: Database, tenant_id: UUID | None, delivery_id: UUID, now: datetime
) -> PendingDelivery | None:
    """None for one that was deleted, or is not to be sent any more."""
    rows = await database.system_rows(_FIND_PENDING, tenant_id, delivery_id, now)
    for row in rows:
        secrets = tuple(filter(None, (row["secret"], row["previous_secret"])))
        columns = {name: row[name] for name in PendingDelivery._fields if name in row}
        webhook = Readiness(row["url"], row["active"], row["paused_until"])
        return PendingDelivery(**columns, webhook=webhook, sealed_secrets=secrets, standing=_standing(row))
    return None


async def settle(work: Work, delivery: PendingDelivery, attempt: Attempt, verdict: Verdict, now: datetime) -> bool:
    """False when it was deleted meanwhile."""
    is_settled = await work.execute(
        _SETTLE,
        delivery.tenant_id,
        delivery.id,
        verdict.status,
        now,
        attempt.duration_ms,
        attempt.status,
        attempt.body,
        attempt.error,
    )
    return is_settled == 1


async def withhold(work: Work, delivery: PendingDelivery) -> None:
    await work.execute(_WITHHOLD, delivery.tenant_id, delivery.id)


async def give_up(work: Work, delivery_id: UUID) -> None:
    await work.execute(_GIVE_UP, work.tenant_id, delivery_id, FAULT_OF_OURS)


async def forget(work: Work, before: datetime, most: int) -> int:
    """In system work; returns how many went, and there may be more."""
    forgotten = await work.execute(_FORGET, before, most)
    if forgotten < most:  # no delivery is older than its body
        forgotten += await work.execute(_DELETE_OLD_BODIES, before, most - forgotten)
    return forgotten


async def delete_of(work: Work, tenant_id: UUID, webhook_id: UUID) -> None:
    """All deliveries of a webhook, those that still wait too."""
    sql = "delete from webhook_deliveries where tenant_id = $1 and webhook_id = $2"
    await work.execute(sql, tenant_id, webhook_id)


async def delete_beyond(work: Work, tenant_bytes: int, most: int) -> int:
    """In system work: one portion of the oldest bodies of a tenant that has more than `tenant_bytes`, with deliveries.

    At most about `most` deliveries; returns how many bodies were deleted, and there may be more.
    """
    tenant = await work.row(_LARGEST_LOG, tenant_bytes)
    if tenant is None:
        return 0
    [row] = await work.rows(_DELETE_OLDEST, tenant["tenant_id"], tenant["bytes"] - tenant_bytes, most)
    deleted: int = row["deleted"]
    return deleted


async def redact_bodies(work: Work, event_ids: Sequence[UUID]) -> None:
    """Of events that are redacted, and what receivers echoed of them."""
    await work.execute(_REDACT_BODIES, list(event_ids))
    await work.execute(_REDACT_ANSWERS, list(event_ids))


async def redact_earlier(work: Work, tenant_id: UUID, subject: str, before: datetime) -> None:
    """Of another service's events about the same thing, whose log is not here."""
    event_id = _BEFORE_ALL
    while earlier := await work.rows(_EARLIER, tenant_id, subject, before, event_id, REDACTED_AT_ONCE):
        await redact_bodies(work, [row["event_id"] for row in earlier])
        event_id = earlier[-1]["event_id"]


def _standing(row: dict[str, str | None]) -> Standing:
    role, visibility, member_role = row["role"], row["visibility"], row["member_role"]
    return Standing(
        role=None if role is None else Role(role),
        visibility=None if visibility is None else Visibility(visibility),
        member_role=None if member_role is None else ProjectRole(member_role),
    )


# Until the copy of the members knows who made a webhook, their role at that time stands for it.
_STANDING = """
case when t.user_id is null then w.creator_role when t.is_active then t.role end as role,
p.visibility, m.role as member_role
"""
_STANDING_JOINS = """
left join tenant_members t on t.tenant_id = w.tenant_id and t.user_id = w.created_by
left join projects p on p.tenant_id = w.tenant_id and p.id = {project_id}
left join project_members m on m.project_id = p.id and m.user_id = w.created_by
"""

_LISTENERS = f"""
select w.id, w.created_by, {_STANDING},
       exists (select from outbox e where e.id = $5 and {is_redacted("e", ANY)}) as is_gone
from webhooks w {_STANDING_JOINS.format(project_id="$2")}
where w.tenant_id = $1 and w.active and (w.project_id is null or w.project_id = $2) and w.events && $3::text[]
  and w.created_at <= $4
for share of w
"""

# One body for all webhooks that receive the event. Deliveries of the version before, and tests, have their own.
_ADD = f"""
with body as (
    insert into webhook_bodies (tenant_id, event_id, body, size, created_at)
    values ($1, $4, $8, octet_length($8::text), $10) on conflict do nothing
)
insert into webhook_deliveries (id, tenant_id, webhook_id, event_id, project_id, type, subject, occurred_at,
                                status, created_at)
select new.id, $1, new.webhook_id, $4, $5, $6, $7, $9, '{_PENDING}', $10
from unnest($2::uuid[], $3::uuid[]) as new (id, webhook_id)
on conflict (webhook_id, event_id) do nothing
returning id, webhook_id
"""

# As `RedactedData` has it, made of what was stored.
_REDACTED = """
json_build_object(
    'type', {body}::json -> 'type', 'timestamp', {body}::json -> 'timestamp', 'data', json_build_object(
        'entity_id', {body}::json #> '{{data,entity_id}}', 'version', {body}::json #> '{{data,version}}',
        'payload', null, 'redacted', true
    )
)::text"""

_REDACT_BODIES = f"""
update webhook_bodies b set body = blank.body, size = octet_length(blank.body)
from (
    select event_id, {_REDACTED.format(body="body")} as body from webhook_bodies where event_id = any($1::uuid[])
) blank
where b.event_id = blank.event_id
"""

_REDACT_ANSWERS = """
update webhook_deliveries d set response_body = null
from webhook_bodies b join webhooks w on w.tenant_id = b.tenant_id
where b.event_id = any($1::uuid[]) and d.webhook_id = w.id and d.event_id = b.event_id
"""

# Found by the subject, webhook by webhook: `offset 0` keeps the planner from reading a whole log instead.
_EARLIER = """
select distinct found.event_id from webhooks w cross join lateral (
    select d.event_id from webhook_deliveries d
    where d.webhook_id = w.id and d.subject = $2 and d.occurred_at < $3 and d.event_id is not null offset 0
) found
where w.tenant_id = $1 and found.event_id > $4
order by found.event_id limit $5
"""

_ADD_TEST = f"""
insert into webhook_deliveries as d (id, tenant_id, webhook_id, type, subject, body, occurred_at, status, on_demand,
                                     created_at)
values ($1, $2, $3, '{TEST_TYPE}', $3::uuid::text, $4, $5, '{_PENDING}', true, $5)
returning {_COLUMNS.format(next_attempt="$5::timestamptz")}
"""

_REDELIVER = f"""
update webhook_deliveries d set status = '{_PENDING}', on_demand = d.on_demand or d.status <> '{_PENDING}'
where d.tenant_id = $1 and d.webhook_id = $2 and d.id = $3
returning {_COLUMNS.format(next_attempt="$4::timestamptz")}, d.subject, d.on_demand
"""

_FIND_PENDING = f"""
select d.id, d.tenant_id, d.webhook_id,
       case when {is_redacted("event", ANY)} then {_REDACTED.format(body="coalesce(d.body, b.body)")}
       else coalesce(d.body, b.body) end as body,
       d.project_id is not null as is_of_project, d.on_demand, d.attempts, w.url, w.active, w.paused_until, w.secret,
       case when w.previous_secret_until > $3 then w.previous_secret end as previous_secret, {_STANDING}
from webhook_deliveries d join webhooks w on w.id = d.webhook_id
left join webhook_bodies b on b.tenant_id = d.tenant_id and b.event_id = d.event_id
left join outbox event on event.id = d.event_id
{_STANDING_JOINS.format(project_id="d.project_id")}
where d.tenant_id = $1 and d.id = $2 and (d.status = '{_PENDING}' or d.error = '{FAULT_OF_OURS}')
"""

_SETTLE = """
update webhook_deliveries
set status = $3, attempted_at = $4, duration_ms = $5, response_status = $6, response_body = $7, error = $8,
    attempts = attempts + 1
where tenant_id = $1 and id = $2
"""

_WITHHOLD = f"update webhook_deliveries set status = '{DeliveryStatus.WITHHELD}' where tenant_id = $1 and id = $2"

_GIVE_UP = f"""
update webhook_deliveries set status = '{DeliveryStatus.FAILED}', error = $3 where tenant_id = $1 and id = $2
"""

_FORGET = """
delete from webhook_deliveries where id = any(array(
    select id from webhook_deliveries where created_at < $1 limit $2
))
"""

_DELETE_OLD_BODIES = """
delete from webhook_bodies where event_id = any(array(
    select event_id from webhook_bodies where created_at < $1 limit $2
))
"""

_LARGEST_LOG = """
select tenant_id, sum(size)::bigint as bytes from webhook_bodies
group by tenant_id having sum(size) > $1 order by bytes desc limit 1
"""

# Sums up from the oldest on, and no more bodies than are deleted. Each body may have a delivery for each webhook.
_DELETE_OLDEST = """
with listening as (
    select id from webhooks where tenant_id = $1
), oldest as (
    select event_id, sum(size) over (order by created_at, event_id rows unbounded preceding) - size as bytes_before
    from webhook_bodies where tenant_id = $1
    order by created_at, event_id limit greatest(1, $3 / greatest(1, (select count(*) from listening)))
), deleted as (
    delete from webhook_bodies b using oldest o
    where o.bytes_before < $2 and b.tenant_id = $1 and b.event_id = o.event_id returning b.event_id
), deliveries as (
    delete from webhook_deliveries d using deleted, listening
    where d.webhook_id = listening.id and d.event_id = deleted.event_id
)
select count(*) as deleted from deleted
"""
