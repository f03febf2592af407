"""Redaction: what was deleted, or written anew, is not read from the event log any more.

A redaction is a row that names a subject, a topic or an author, and a place in the log: every event about it that was
stored before that place is redacted. Replays and the relay apply it from the commit on, so that a deletion costs one
row however long the history is. A periodic task rewrites the events themselves, portion by portion, and then deletes
the row. Offsets, types, times and ids stay; see `shared.events.blanking`.

A published deletion redacts its own subject (`Change.redacts_earlier`). What goes with it without an event of its own
is named by the functions here, in the same unit of work.
"""

# ruff: noqa: S608 - statements are put together from constants

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from asyncpg.pool import PoolConnectionProxy

from shared.db.schema import NO_TENANT
from shared.events.blanking import blank_data, is_blankable
from shared.events.changes import Change
from shared.events.registry import default_registry

if TYPE_CHECKING:
    from shared.db.unit_of_work import Work

SUBJECT, TOPIC, AUTHOR = "subject", "topic", "author"


def redact_subjects(work: "Work", tenant_id: UUID | None, subjects: Iterable[UUID | str]) -> None:
    """All events about these things until now: they go, or their texts do, without an event of their own."""
    work.redact(tenant_id, SUBJECT, map(str, subjects))


def redact_topics(work: "Work", tenant_id: UUID | None, topics: Iterable[str]) -> None:
    """All events on these topics until now, also where they are on other topics as well.

    An audience's own stream is a topic of its own: name it too.
    """
    work.redact(tenant_id, TOPIC, topics)


def redact_authored(work: "Work", tenant_id: UUID | None, user_id: UUID) -> None:
    """All messages and comments of this user until now: events of contracts that name an `author_field`."""
    work.redact(tenant_id, AUTHOR, [str(user_id)])


class _Key(NamedTuple):
    tenant_id: UUID
    kind: str
    key: str


class Redactions:
    """Those of one unit of work."""

    def __init__(self) -> None:
        self._before: dict[_Key, UUID | None] = {}

    def __bool__(self) -> bool:
        return bool(self._before)

    def add(self, tenant_id: UUID | None, kind: str, key: str, before: UUID | None = None) -> None:
        """`before` is the event that redacts those stored before it; None: everything before this unit of work.

        Of several for one key, which tell different audiences of one deletion, the first one counts.
        """
        self._before.setdefault(_Key(tenant_id or UUID(NO_TENANT), kind, key), before)

    async def store(self, session: PoolConnectionProxy, event_ids: Sequence[UUID]) -> None:
        """After the events of the unit of work, which are `event_ids`."""
        ordered = sorted(self._before)  # the same everywhere, so that two writers never wait for each other
        columns = zip(*ordered, strict=True)
        await session.execute(_STORE, *map(list, columns), [self._before[key] for key in ordered], list(event_ids))


_STORE = """
with own as materialized (
    select id, seq from outbox where id = any($5::uuid[])
), start as materialized (
    select coalesce((select min(seq) from own), nextval('outbox_seq_seq')) as seq
)
insert into redactions as r (tenant_id, kind, key, before_seq)
select k.tenant_id, k.kind, k.key, coalesce(own.seq, start.seq)
from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) with ordinality as k (tenant_id, kind, key, event_id, place)
cross join start left join own on own.id = k.event_id
order by k.place
on conflict (tenant_id, kind, key) do update
set before_seq = greatest(r.before_seq, excluded.before_seq), after_topic = '', after_offset = 0
"""

# What replays and the relay ask of each event, without a cost where nothing is to be redacted.

ANY = "(select exists (select from redactions))"

ANY_OF_TENANT = "exists (select from redactions where tenant_id = $1)"

AUTHOR_FIELDS = {
    contract.type: contract.author_field
    for contract in default_registry()
    if issubclass(contract, Change) and contract.author_field is not None
}
"""By the type of the event."""


def is_redacted(event: str, may_be: str) -> str:
    """SQL: whether the row `event` of the outbox is redacted. `may_be` is false where there is no redaction at all."""
    return f"""({event}.redacted or case when {may_be} then (
        exists ({_OF_EVENT.format(event=event, kind=SUBJECT)} and r.key = {event}.subject)
        or exists ({_OF_EVENT.format(event=event, kind=AUTHOR)} and r.key = {_author_of(event)})
        or exists (
            select from outbox_topics x join redactions r on r.tenant_id = x.tenant_id and r.key = x.topic
            where x.event_id = {event}.id and r.kind = '{TOPIC}' and r.before_seq > {event}.seq
        )
    ) else false end)"""


_OF_EVENT = f"""
select from redactions r
where r.tenant_id = coalesce({{event}}.tenant_id, '{NO_TENANT}') and r.kind = '{{kind}}'
and r.before_seq > {{event}}.seq
"""


def _author_of(event: str) -> str:
    """SQL: the author's id as text, null where the contract names none."""
    fields = AUTHOR_FIELDS.items()
    found = " ".join(f"when '{type_name}' then {event}.data #>> '{{payload,{field}}}'" for type_name, field in fields)
    return f"case {event}.type {found} end"


KEYS_AT_ONCE = 200
"""Subjects that one transaction deals with: each is a look into an index."""

ROWS_AT_ONCE = 500
"""Events that one transaction rewrites, or walks past: a fraction of a second, and short locks."""


OnRedacted = Callable[["Work", Sequence[UUID]], Awaitable[None]]
"""Redacts the copies that a service keeps of its own events, named by their ids, in the same transaction."""


async def no_copies(_work: "Work", _event_ids: Sequence[UUID]) -> None:
    """Of a service that keeps none."""


async def rewrite_redacted(work: "Work", _now: datetime, on_redacted: OnRedacted = no_copies) -> int:
    """A retention step: rewrites a portion of the events that are redacted, and deletes the redactions that are done.

    What has not been sent waits for the relay, which sends it blank and marks its row.
    """
    return await _rewrite_subjects(work, on_redacted) or await _rewrite_walk(work, on_redacted)


async def _rewrite_subjects(work: "Work", on_redacted: OnRedacted) -> int:
    found = await work.rows(_SUBJECTS, KEYS_AT_ONCE)
    if not found:
        return 0
    columns = [[row[name] for row in found] for name in ("tenant_id", "key", "before_seq")]
    events = await work.rows(_OF_SUBJECTS, *columns, ROWS_AT_ONCE)
    await _rewrite(work, events, on_redacted)
    return len(events) + await work.execute(_DELETE_SUBJECTS, *columns)


async def _rewrite_walk(work: "Work", on_redacted: OnRedacted) -> int:
    """One portion of one topic, or of everything that an author's tenant has on topics."""
    found = await work.rows(_NEXT_WALK)
    if not found:
        return 0
    [redaction] = found
    events = await work.rows(
        _ALONG_TOPIC if redaction["kind"] == TOPIC else _ALONG_TENANT, *redaction.values(), ROWS_AT_ONCE
    )
    passed = list(takewhile(lambda event: event["is_sent"] or not event["is_meant"], events))
    await _rewrite(work, [event for event in passed if event["is_meant"]], on_redacted)
    if len(passed) == len(events) < ROWS_AT_ONCE:
        return await work.execute(_DELETE, redaction["tenant_id"], redaction["kind"], redaction["key"])
    if passed:
        last = passed[-1]["topic"], passed[-1]["offset"]
        await work.execute(_ADVANCE, redaction["tenant_id"], redaction["kind"], redaction["key"], *last)
    return len(passed)


async def _rewrite(work: "Work", events: Sequence[dict[str, Any]], on_redacted: OnRedacted) -> None:
    if not events:
        return
    ids, data = [event["id"] for event in events], [_blank(event["type"], event["data"]) for event in events]
    await work.execute(_REWRITE, ids, data, [len(text.encode()) for text in data])
    await work.execute(_EMPTY_ANSWERS, ids)
    await on_redacted(work, ids)


def _blank(type_name: str, data: str) -> str:
    return blank_data(type_name, data) if is_blankable(type_name) else data


_SUBJECTS = f"""
select tenant_id, key, before_seq from redactions where kind = '{SUBJECT}' order by created_at limit $1
for update skip locked
"""

_MEANT = f"e.subject = r.key and coalesce(e.tenant_id, '{NO_TENANT}') = r.tenant_id and e.seq < r.before_seq"

_OF_SUBJECTS = f"""
select e.id, e.type, e.data
from unnest($1::uuid[], $2::text[], $3::bigint[]) as r (tenant_id, key, before_seq) join outbox e on {_MEANT}
where not e.redacted and e.sent_at is not null limit $4
for update of e skip locked
"""

# Those of which nothing is left, be it unsent or in somebody else's hands.
_DELETE_SUBJECTS = f"""
delete from redactions r using unnest($1::uuid[], $2::text[], $3::bigint[]) as done (tenant_id, key, before_seq)
where r.tenant_id = done.tenant_id and r.kind = '{SUBJECT}' and r.key = done.key
and not exists (select from outbox e where {_MEANT} and not e.redacted)
"""

_REWRITE = """
update outbox e set data = blank.data, size = blank.size, redacted = true
from unnest($1::uuid[], $2::json[], $3::int[]) as blank (id, data, size) where e.id = blank.id
"""

# The answers of the requests that made what is gone now, kept for repeats, say the same.
_EMPTY_ANSWERS = "update idempotency_keys set body = '' where event_ids && $1::uuid[] and body <> ''"

_NEXT_WALK = f"""
select tenant_id, kind, key, before_seq, after_topic, after_offset from redactions where kind in ('{TOPIC}', '{AUTHOR}')
order by created_at limit 1 for update skip locked
"""

_ALONG = """
select t.topic, t."offset", e.id, e.type, e.data, e.sent_at is not null as is_sent,
       not e.redacted and e.seq < $4 and {is_meant} as is_meant
from outbox_topics t join outbox e on e.id = t.event_id
where t.tenant_id = $1 and $2::text is not null and (t.topic, t."offset") > ($5, $6)
"""

_ALONG_TOPIC = f'{_ALONG.format(is_meant="true")} and t.topic = $3 order by t.topic, t."offset" limit $7'

_ALONG_TENANT = f"""
{_ALONG.format(is_meant=f"{_author_of('e')} is not distinct from $3")} order by t.topic, t."offset" limit $7
"""

_OF_KEY = "tenant_id = $1 and kind = $2 and key = $3"

_DELETE = f"delete from redactions where {_OF_KEY}"

_ADVANCE = f"update redactions set after_topic = $4, after_offset = $5 where {_OF_KEY}"
