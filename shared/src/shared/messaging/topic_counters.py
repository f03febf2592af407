"""Counters of topics whose things are gone: the last offset of a topic is kept for as long as anybody may follow it.

A counter never begins anew: whoever remembers a higher offset would take a part of the log for the whole of it. So age
alone deletes none. A thing that is deleted for good never comes back, its id is not given again, and its topic is not
found by anybody: its counter may go once the log has no event of the topic any more.
"""

# ruff: noqa: S608 - statements are made of names of ours

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.db.portions import Portion
from shared.db.unit_of_work import Work

LOOKED_AT = 2_000  # counters in one transaction, with two probes of an index for each

_BEGINNING = (UUID(int=0), "")
_ID_AT_END = ":[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class GoneTopics:
    """Walks all counters. `tables` maps what stands before the id in the name of a topic to the table of the things."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self._reached = _BEGINNING
        exists = "\n".join(
            f"when o.prefix = '{prefix}' then not exists (select from {table} thing where thing.id = o.thing_id)"
            for prefix, table in tables.items()
        )
        self._sql = f"""
            with looked_at as materialized (
                select tenant_id, topic, split_part(topic, '#', 1) as name from topic_offsets
                where (tenant_id, topic) > ($1::uuid, $2::text) order by tenant_id, topic limit $3
            ), things as materialized (
                select tenant_id, topic, left(name, -37) as prefix, right(name, 36)::uuid as thing_id
                from looked_at where name ~ '{_ID_AT_END}'
            ), deleted as (
                delete from topic_offsets c using things o
                where c.tenant_id = o.tenant_id and c.topic = o.topic and case {exists} else false end
                  and not exists (
                      select from outbox_topics place where place.tenant_id = o.tenant_id and place.topic = o.topic
                  )
                returning c.topic
            )
            select tenant_id, topic, (select count(*) from deleted) as deleted from looked_at
            order by tenant_id desc, topic desc limit 1
        """

    async def delete(self, work: Work, _now: datetime) -> Portion:
        """In system work."""
        row = await work.row(self._sql, *self._reached, LOOKED_AT)
        if row is None:
            self._reached = _BEGINNING
            return Portion(0, is_last=True)
        self._reached = (row["tenant_id"], row["topic"])
        return Portion(row["deleted"], is_last=False)
