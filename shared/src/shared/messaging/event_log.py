"""The event log: what was published to a topic, for clients and nodes that have to catch up."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from shared.db.databases import Database
from shared.db.schema import NO_TENANT
from shared.errors import Gone
from shared.events.envelope import Envelope
from shared.events.questions import MAX_REPLAY_BYTES
from shared.events.topics import epoch_in
from shared.messaging.outbox import EVENT_SIZE, envelope_of
from shared.messaging.redaction import ANY_OF_TENANT, is_redacted

KEPT_FOR = timedelta(hours=24)
KEPT_PER_TOPIC = 1_000
"""At least this many events of a topic stay, however old they are."""

PRUNE_BATCH = 5_000

_POSITION = """
select epoch, coalesce(
    (select last_offset from topic_offsets where tenant_id = $1 and topic = $2), 0
) as last_offset from event_log_epoch
"""
# Position and events in one statement, and so of one moment: an event committed in between would look like a gap.
_READ = f"""
select position.*, event.*, {is_redacted("event", "position.has_redactions")} as is_redacted
from (select standing.*, {ANY_OF_TENANT} as has_redactions from ({_POSITION}) as standing) as position
left join lateral (
    select * from (
        select t."offset" as place, e.*,
               sum({EVENT_SIZE}) over (order by t."offset") - {EVENT_SIZE} as bytes_before
        from outbox_topics t join outbox e on e.id = t.event_id
        where t.tenant_id = $1 and t.topic = $2 and t."offset" > $3
        order by t."offset" limit $4
    ) measured where bytes_before < $5
) as event on true
order by place
"""  # noqa: S608 - made of constants
_PRUNE_TOPICS = """
delete from outbox_topics where ctid = any(array(
    select old.ctid from topic_offsets o cross join lateral (
        select t.ctid from outbox_topics t join outbox e on e.id = t.event_id and e.sent_at is not null
        where t.tenant_id = o.tenant_id and t.topic = o.topic
          and t."offset" <= o.last_offset - $2 and t.stored_at < now() - $1::interval
        order by t."offset" limit $3
    ) as old limit $3
)) returning event_id
"""
_PRUNE_EVENTS = """
delete from outbox e where id = any($1::uuid[])
and not exists (select from outbox_topics t where t.event_id = e.id)
"""
_PRUNE_TOPICLESS = """
delete from outbox where ctid = any(array(
    select ctid from outbox where not has_topics and time < now() - $1::interval and sent_at is not null limit $2
))
"""


class Position(NamedTuple):
    """The last offset of a topic, 0 before its first event. Offsets of different epochs cannot be compared."""

    epoch: str
    offset: int


class WindowPassed(Gone):
    code = "WINDOW_PASSED"
    message = "Some of the missed events are no longer kept: read the state anew."


class EventLog:
    """Reads as system work, scoped by the tenant that every method takes first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def position(self, tenant_id: UUID | None, topic: str) -> Position:
        [row] = await self._database.system_rows(_POSITION, tenant_id or UUID(NO_TENANT), topic)
        return Position(epoch_in(topic, row["epoch"]), row["last_offset"])

    async def read(
        self, tenant_id: UUID | None, topic: str, after: int, limit: int, max_bytes: int = MAX_REPLAY_BYTES
    ) -> list[Envelope]:
        """The events that follow offset `after`, oldest first, without a gap, at most `limit` (1 or more).

        Fewer where their data would have more than `max_bytes`, but always one.

        Raises WindowPassed when the first of them is gone already, or when `after` was never reached.
        """
        rows = await self._database.system_rows(_READ, tenant_id or UUID(NO_TENANT), topic, after, limit, max_bytes)
        events = [row for row in rows if row["place"] is not None]
        first = events[0]["place"] if events else rows[0]["last_offset"] + 1
        if first != after + 1:
            raise WindowPassed
        return [envelope_of(row, self._database.name, row["epoch"]) for row in events]

    async def prune(self) -> int:
        """Drops what is older than the window, in small transactions; returns the number of events dropped."""
        dropped = 0
        is_done = False
        while not is_done:
            async with self._database.system_work() as work:
                places = await work.rows(_PRUNE_TOPICS, KEPT_FOR, KEPT_PER_TOPIC, PRUNE_BATCH)
                dropped += await work.execute(_PRUNE_EVENTS, [place["event_id"] for place in places])
                topicless = await work.execute(_PRUNE_TOPICLESS, KEPT_FOR, PRUNE_BATCH)
            dropped += topicless
            is_done = max(len(places), topicless) < PRUNE_BATCH
        return dropped


async def read_epoch(database: Database) -> str:
    [row] = await database.system_rows("select epoch from event_log_epoch")
    epoch: str = row["epoch"]
    return epoch
