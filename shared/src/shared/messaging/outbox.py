"""The outbox: events written in the transaction that made them true, with their place in each of their topics.

Offsets rise by one per tenant and topic, in commit order: the counter's row stays locked until the commit.
The stored rows are the event log as well; `envelope_of` turns one into its wire form.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

import msgspec
from asyncpg.pool import PoolConnectionProxy

from shared.db.schema import NO_TENANT
from shared.events.blanking import blank_data, is_blankable
from shared.events.envelope import Envelope, Event, TopicOffset
from shared.events.topics import epoch_in
from shared.ids import new_id
from shared.telemetry.tracing import current_traceparent

PARTITIONS = 16
"""Order is kept within a partition; a tenant's events are all in one. Fixed: rows carry the number."""

PARTITION_LOCK = 0x7E55E7A
"""First half of the advisory locks' key; the second is the number of the partition. Its holder sends."""

ENVELOPE_COLUMNS = "id, type, subject, tenant_id, actor_id, time, traceparent, schema_version, data, topics"

EVENT_SIZE = "coalesce(size, octet_length(data::text))"
"""Bytes of an event's data. Those stored by the version before have no `size`: reading it each time costs a copy."""


class PendingEvent(NamedTuple):
    id: UUID
    type: str
    subject: str
    tenant_id: UUID | None
    actor_id: UUID | None
    time: datetime
    traceparent: str | None
    schema_version: int
    data: str
    size: int
    """Bytes of `data`."""

    topics: tuple[str, ...]

    @classmethod
    def of(
        cls,
        event: Event,
        topics: Iterable[str],
        subject: str,
        tenant_id: UUID | None,
        actor_id: UUID | None,
        event_id: UUID | None,
    ) -> Self:
        data = msgspec.json.encode(event)
        return cls(
            id=event_id or new_id(),
            type=event.type,
            subject=subject,
            tenant_id=tenant_id,
            actor_id=actor_id,
            time=datetime.now(UTC),
            traceparent=current_traceparent(),
            schema_version=event.schema_version,
            data=data.decode(),
            size=len(data),
            topics=tuple(dict.fromkeys(topics)),
        )

    @property
    def partition(self) -> int:
        return 0 if self.tenant_id is None else self.tenant_id.int % PARTITIONS


# One statement. The counters are raised in sorted order, the same everywhere, so that two writers never wait for
# each other. `placed` is grouped, and so complete, before a row of the outbox takes its `seq`: whoever has the
# lower offset in a topic also has the lower `seq`, which is the order in which the relay sends.
_STORE = """
with entry as materialized (
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as t (event_id, tenant_id, topic, place)
), raised as (
    insert into topic_offsets as o (tenant_id, topic, last_offset)
    select tenant_id, topic, count(*) from entry group by tenant_id, topic order by tenant_id, topic
    on conflict (tenant_id, topic) do update set last_offset = o.last_offset + excluded.last_offset
    returning o.tenant_id, o.topic, o.last_offset
), numbered as (
    insert into outbox_topics (tenant_id, topic, "offset", event_id)
    select tenant_id, topic, r.last_offset - e.place, e.event_id
    from entry e join raised r using (tenant_id, topic)
    returning event_id, topic, "offset"
), placed as materialized (
    select event_id, json_agg(json_build_object('topic', topic, 'offset', "offset") order by topic) as topics
    from numbered group by event_id
)
insert into outbox (id, partition, type, subject, tenant_id, actor_id, time, traceparent, schema_version,
                    data, size, topics, has_topics)
select e.id, e.partition, e.type, e.subject, e.tenant_id, e.actor_id, e.time, e.traceparent, e.schema_version,
       e.data, e.size, coalesce(p.topics, '[]'), p.topics is not null
from unnest($5::uuid[], $6::smallint[], $7::text[], $8::text[], $9::uuid[], $10::uuid[], $11::timestamptz[],
            $12::text[], $13::smallint[], $14::json[], $15::int[]) with ordinality
     as e (id, partition, type, subject, tenant_id, actor_id, time, traceparent, schema_version, data, size, position)
left join placed p on p.event_id = e.id
order by e.position
"""


class _Entry(NamedTuple):
    event_id: UUID
    tenant_id: UUID
    topic: str
    place: int
    """How many entries of the same topic follow in this transaction."""


async def store_events(session: PoolConnectionProxy, events: Sequence[PendingEvent]) -> None:
    entries = _entries(events)
    columns = zip(*entries, strict=True) if entries else ([], [], [], [])
    await session.execute(
        _STORE,
        *map(list, columns),
        [event.id for event in events],
        [event.partition for event in events],
        [event.type for event in events],
        [event.subject for event in events],
        [event.tenant_id for event in events],
        [event.actor_id for event in events],
        [event.time for event in events],
        [event.traceparent for event in events],
        [event.schema_version for event in events],
        [event.data for event in events],
        [event.size for event in events],
    )


def _entries(events: Sequence[PendingEvent]) -> list[_Entry]:
    following: Counter[tuple[UUID, str]] = Counter()
    entries: list[_Entry] = []
    for event in reversed(events):
        tenant_id = event.tenant_id or UUID(NO_TENANT)
        for topic in event.topics:
            entries.append(_Entry(event.id, tenant_id, topic, following[tenant_id, topic]))
            following[tenant_id, topic] += 1
    return entries


class _StoredTopic(msgspec.Struct):
    topic: str
    offset: int


_TOPICS = msgspec.json.Decoder(tuple[_StoredTopic, ...])


def envelope_of(row: Mapping[str, Any], service: str, epoch: str) -> Envelope:
    """`row` has the ENVELOPE_COLUMNS and `is_redacted`: it goes out blank then, whatever the row still has."""
    is_redacted = row["is_redacted"] and is_blankable(row["type"])
    data = blank_data(row["type"], row["data"]) if is_redacted else row["data"]
    return Envelope(
        id=row["id"],
        source=f"tessera/{service}",
        type=row["type"],
        subject=row["subject"],
        time=row["time"],
        data=msgspec.Raw(data.encode()),
        tenantid=row["tenant_id"],
        actorid=row["actor_id"],
        topics=tuple(_topic_offset(place, epoch) for place in _TOPICS.decode(row["topics"])),
        traceparent=row["traceparent"],
        schemaversion=row["schema_version"],
        redacted=True if is_redacted else msgspec.UNSET,
    )


def _topic_offset(place: _StoredTopic, epoch: str) -> TopicOffset:
    return TopicOffset(place.topic, epoch_in(place.topic, epoch), place.offset)
