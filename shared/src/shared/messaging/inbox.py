"""The inbox: which events a consumer has applied already, remembered in the transaction that applied them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.tenant_closures.repository import ERASING

KEPT_FOR = timedelta(days=7)
"""Longer than the event log is kept, so that nothing that can come again is forgotten."""

_REMEMBER = f"""
insert into inbox (consumer, event_id) select $1, event_id from unnest($2::uuid[]) as given (event_id)
where not exists ({ERASING})
on conflict do nothing returning event_id
"""  # noqa: S608 - made of constants


class Inbox:
    async def remember(self, work: Work, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those that are new: each is in exactly one committed transaction per consumer.

        A concurrent one waits for its end. Of a tenant that is deleted none is: what it would write is to be erased.
        """
        return {row["event_id"] for row in await work.rows(_REMEMBER, consumer, event_ids)}
