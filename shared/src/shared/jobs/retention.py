"""How long jobs are kept that did not end well; the others go when they are done."""

from datetime import timedelta

from shared.db.due_rows import DueRows
from shared.retention import Kept, Pruning, days

KEPT_FOR = timedelta(days=30)

JOBS = (
    Kept(
        "jobs",
        "work that waits, runs, was set aside or cancelled",
        "it is done behind the transaction that wants it; what was set aside can be retried",
        f"it is done, or {days(KEPT_FOR)} after it was set aside or cancelled",
        Pruning.of_rows("delete old jobs", DueRows("jobs", "ended_at", KEPT_FOR, "ended_at is not null")),
    ),
    Kept(
        "job_pauses",
        "which keys of jobs are paused, and until when",
        "their jobs are not taken meanwhile",
        "it is over, or resumed",
        Pruning.of_rows("delete ended pauses of jobs", DueRows("job_pauses", "until")),
    ),
)
