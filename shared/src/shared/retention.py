"""What is deleted after a while: each kind is a periodic task of its own, so that a failure of one stops no other."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from shared.clock import Clock, SystemClock
from shared.db import idempotency_keys
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.redaction import OnRedacted, no_copies, rewrite_redacted
from shared.supervision import PeriodicTask

RETENTION_SECONDS = 600.0  # nothing of a service's own is noticed within minutes
MESSAGES_SECONDS = 3600.0  # the windows are a day and more: an hour more does not matter

REDACTION_SECONDS = 60.0
"""Until a text that nobody can read any more leaves the disk, too."""

MOST_PORTIONS = 100
"""Transactions of one step in a round: what callers leave behind faster than one portion a round is deleted, too."""

Retention = Callable[[Work, datetime], Awaitable[int]]
"""One portion, in one transaction; returns how many rows it has dealt with, 0 when nothing is left."""


def retention_tasks(database: Database, steps: Mapping[str, Retention], clock: Clock) -> tuple[PeriodicTask, ...]:
    """`steps` by the name under which they are logged and counted. Every replica may run them at any time."""
    return tuple(
        PeriodicTask(name, RETENTION_SECONDS, partial(_in_portions, database, step, clock))
        for name, step in steps.items()
    )


def message_retention_tasks(database: Database, on_redacted: OnRedacted = no_copies) -> tuple[PeriodicTask, ...]:
    """For what every service stores about messages and requests. Readiness depends on them: without, tables only grow.

    Users cannot make them fail, only slow, and a statement that takes too long does not count as a defect.
    """
    steps: Mapping[str, Callable[[], Awaitable[int]]] = {
        "prune the event log": EventLog(database).prune,
        "prune the inbox": partial(_in_portions, database, _prune_inbox, SystemClock()),
        "prune idempotency keys": partial(_in_portions, database, _prune_keys, SystemClock()),
    }
    pruning = tuple(PeriodicTask(name, MESSAGES_SECONDS, step, is_essential=True) for name, step in steps.items())
    rewriting = partial(_in_portions, database, partial(rewrite_redacted, on_redacted=on_redacted), SystemClock())
    return (*pruning, PeriodicTask("rewrite redacted events", REDACTION_SECONDS, rewriting))


async def _in_portions(database: Database, step: Retention, clock: Clock) -> int:
    count = 0
    for _ in range(MOST_PORTIONS):
        async with database.system_work() as work:
            portion = await step(work, clock.now())
        count += portion
        if not portion:
            break
    return count


async def _prune_inbox(work: Work, _now: datetime) -> int:
    return await Inbox().prune(work)


async def _prune_keys(work: Work, _now: datetime) -> int:
    return await idempotency_keys.prune(work)
