"""The event log: what was published to a topic, for clients and nodes that have to catch up."""

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
from shared.messaging.timeline import EPOCH

_POSITION = f"""
select {EPOCH} as epoch, coalesce(
    (select last_offset from topic_offsets where tenant_id = $1 and topic = $2), 0
) as last_offset from event_log_epoch
"""  # noqa: S608 - made of constants
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
