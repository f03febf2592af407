"""How long every service keeps what its messages and keyed requests leave behind."""

from collections.abc import Mapping
from functools import partial

from shared.db import idempotency_keys
from shared.db.due_rows import DueRows
from shared.db.schema import KEPT_PER_TOPIC
from shared.jobs.retention import JOBS
from shared.messaging import inbox
from shared.messaging.event_log_pruning import (
    IS_SENT,
    KEPT_AT_MOST,
    KEPT_FOR,
    BusyTopics,
    OldEvents,
    measure_old_events,
)
from shared.messaging.redaction import OnRedacted, no_copies, rewrite_redacted
from shared.messaging.topic_counters import GoneTopics
from shared.retention import FOR_EVER, WALK_SECONDS, Kept, Pruning, days, task
from shared.tenant_closures import repository as closures

EVENT_LOG = Pruning("prune the event log", lambda: BusyTopics().delete).for_messages()
OLD_EVENTS = Pruning(
    "delete events beyond the age limit", lambda: OldEvents().delete, measure_old_events
).for_messages()
SENT_EVENTS = Pruning.of_rows(
    "prune events without topics", DueRows("outbox", "time", KEPT_FOR, f"not has_topics and {IS_SENT}")
).for_messages()
INBOX = Pruning.of_rows("prune the inbox", DueRows("inbox", "applied_at", inbox.KEPT_FOR)).for_messages()
KEYS = Pruning.of_rows(
    "prune idempotency keys", DueRows("idempotency_keys", "created_at", idempotency_keys.KEPT_FOR)
).for_messages()

CLOSURES = Pruning.by_step("forget tenants that were erased long ago", closures.forget_old)

REDACTION_SECONDS = 60.0
"""Until a text that nobody can read any more leaves the disk, too."""


def _rewriting(on_redacted: OnRedacted) -> Pruning:
    step = partial(rewrite_redacted, on_redacted=on_redacted)
    return Pruning.by_step("rewrite redacted events", step)._replace(interval=REDACTION_SECONDS)


def counters_of_gone(tables: Mapping[str, str]) -> Kept:
    """The row of a service for the topics of its things: `tables` is what GoneTopics takes."""
    return Kept(
        "topic_offsets",
        "counters of topics whose things are gone",
        "the last events of the topic are still read",
        f"its thing is deleted for good, and its last event is {days(KEPT_AT_MOST)} old",
        Pruning("forget topics that are gone", lambda: GoneTopics(tables).delete, interval=WALK_SECONDS),
    )


MESSAGING: tuple[Kept, ...] = (
    Kept(
        "outbox_topics",
        "the places of events in their topics, the event log",
        "clients and nodes that were away get what they missed",
        f"{days(KEPT_FOR)}, and at least {KEPT_PER_TOPIC:,} of each topic; {days(KEPT_AT_MOST)} at most",
        EVENT_LOG,
    ),
    Kept(
        "outbox",
        "events with topics",
        "the same; what was not sent yet always stays",
        f"the last of its topics has let it go; {days(KEPT_AT_MOST)} at most",
        OLD_EVENTS,
    ),
    Kept(
        "outbox",
        "events without topics",
        "they are sent; a bus without memory gets the newest again",
        f"sent and {days(KEPT_FOR)} old",
        SENT_EVENTS,
    ),
    Kept(
        "outbox_backlog",
        "events that a full queue has not got yet",
        "the queue gets them, in order, when it has room",
        "the queue has taken it, or an update has removed its consumer",
        task("relay the outbox"),
    ),
    Kept(
        "redactions",
        "what must not be read from the event log any more",
        "replays and the relay leave it out, until the events are rewritten",
        "its events are rewritten",
        _rewriting(no_copies),
    ),
    Kept(
        "topic_offsets",
        "the last offset of each topic",
        "an offset must never come again: whoever knows a higher one would take a part of the log for the whole",
        "the tenant is erased, or as the rows of a service say; about 100 bytes for each topic",
        FOR_EVER,
    ),
    Kept(
        "event_log_epoch", "one row: the name of this history", "positions of another cannot be compared", "", FOR_EVER
    ),
    Kept(
        "inbox",
        "ids of events that were applied",
        "an event that is delivered again has no second effect; longer than any event can come again",
        f"{days(inbox.KEPT_FOR)} old",
        INBOX,
    ),
    Kept(
        "idempotency_keys",
        "answers to keyed requests, sealed",
        "a request that is sent again gets the same answer",
        f"{days(idempotency_keys.KEPT_FOR)} old",
        KEYS,
    ),
    Kept(
        "tenant_closures",
        "which tenants are closed or deleted",
        "late events write nothing for a tenant that is erased",
        f"{days(closures.REMEMBERED_FOR)} after it was erased or restored",
        CLOSURES,
    ),
    *JOBS,
    Kept("aerich", "which migrations were applied", "an upgrade goes on from there", "", FOR_EVER),
)


def rows_of_messages(on_redacted: OnRedacted) -> tuple[Kept, ...]:
    """MESSAGING for a service that keeps copies of its own events."""
    rewriting = _rewriting(on_redacted)
    return tuple(row._replace(ended_by=rewriting) if row.table == "redactions" else row for row in MESSAGING)
