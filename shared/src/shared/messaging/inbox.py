"""The inbox: which events a consumer has applied already, remembered in the transaction that applied them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from shared.db.unit_of_work import Work

KEPT_FOR = timedelta(days=7)
"""Longer than the event log is kept, so that nothing that can come again is forgotten."""

_REMEMBER = """
insert into inbox (consumer, event_id) select $1, event_id from unnest($2::uuid[]) as given (event_id)
on conflict do nothing returning event_id
"""


class Inbox:
    async def remember(self, work: Work, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those that are new: each is in exactly one committed transaction per consumer.

        A concurrent one waits for its end.
        """
        return {row["event_id"] for row in await work.rows(_REMEMBER, consumer, event_ids)}
