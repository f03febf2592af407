"""The inbox: which events a consumer has applied already, remembered in the transaction that applied them."""

from datetime import timedelta
from uuid import UUID

from shared.db.unit_of_work import Work

KEPT_FOR = timedelta(days=7)
"""Longer than the event log is kept, so that nothing that can come again is forgotten."""

_REMEMBER = "insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing"


class Inbox:
    async def first_time(self, work: Work, consumer: str, event_id: UUID) -> bool:
        """True in exactly one committed transaction per consumer and event; a concurrent one waits for its end."""
        return await work.execute(_REMEMBER, consumer, event_id) == 1

    async def prune(self, work: Work) -> int:
        """In system work: forgets what nobody can deliver any more, returns how many."""
        return await work.execute("delete from inbox where applied_at < now() - $1::interval", KEPT_FOR)
