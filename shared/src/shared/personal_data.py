"""What the tables of a service hold about people, and what becomes of it: each service has a list, `personal_data.py`.

A test compares each list with the schema, `make snapshots` writes them down for readers
(`shared/docs/personal-data.md`), and the erasure of a deleted tenant walks them: a table that nobody has decided about
fails the build.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.messaging.event_log_pruning import IS_SENT
from shared.tenant_closures.erasure import ERASURE, ErasureStep


class Fate(StrEnum):
    DELETED = "deleted"
    CLEARED = "cleared"
    """The row stays without it."""
    ANONYMISED = "anonymised"
    """Something that tells nobody takes its place."""
    PASSED_ON = "passed on"
    """To somebody else of the tenant."""
    KEPT = "kept"


class Person(NamedTuple):
    """Columns that name or describe somebody: `whose` says whom. What happens when they leave, and are erased.

    An id alone is kept: the account that it points to is anonymised, so it tells nobody who that was.
    """

    columns: tuple[str, ...]
    whose: str
    leaves: Fate = Fate.KEPT
    erased: Fate = Fate.KEPT


class Rows(NamedTuple):
    """How the rows of a tenant are found and deleted in portions, when it is deleted.

    Without a statement and a step others delete them, or nobody has to.
    """

    said: str
    """For readers."""
    statements: tuple[str, ...] = ()
    """Each deletes a portion of `$2` rows of the tenant `$1`; it is the turn of one when those before find nothing."""
    step: ErasureStep | None = None
    """Where a statement is not enough."""


class Table(NamedTuple):
    """One table. `note` says why something is kept, and for how long where it is not as long as the tenant."""

    name: str
    holds: str
    ends: Rows
    people: tuple[Person, ...] = ()
    note: str = ""
    exported: tuple[str, ...] = ()
    """Sections of the export of somebody's data that have what is theirs of it."""
    not_exported: str = ""
    """Why there is none."""
    impersonal: tuple[str, ...] = ()
    """Columns that look like something about people, and are not."""


DELETED_BY_TENANT = "deleted"


def rows_of_tenant(table: str, *, column: str = "tenant_id", key: str = "ctid", condition: str = "true") -> Rows:
    """Of a table with an index that begins with the `column`, at least for what fulfils the `condition`.

    A table in partitions needs a `key` of its own.
    """
    return Rows(DELETED_BY_TENANT, (_OWN.format(table=table, column=column, key=key, condition=condition),))


def rows_below(table: str, parent: str, column: str, key: str = "id") -> Rows:
    """Of a table that is found by its parent: `column` refers to the parent's `key`."""
    return Rows(DELETED_BY_TENANT, (_BELOW.format(table=table, parent=parent, column=column, key=key),))


def one_after_the_other(*parts: Rows) -> Rows:
    """Of a table whose rows are found in more than one way."""
    return Rows(DELETED_BY_TENANT, tuple(statement for part in parts for statement in part.statements))


def rows_with(parent: str) -> Rows:
    """Deleted by the database together with what they belong to; there are few for each."""
    return Rows(f"deleted with `{parent}`")


def rows_of_age(age: str) -> Rows:
    """Nothing looks for them: they are deleted after `age` in any case, and say nothing about anybody."""
    return Rows(f"deleted by age: {age}")


def rows_of_nobody(why: str) -> Rows:
    """They belong to no tenant."""
    return Rows(why)


def erasure_steps(tables: Sequence[Table]) -> list[ErasureStep]:
    """In the order of the list."""
    return [step for table in tables if (step := _step_of(table.ends)) is not None]


def _step_of(rows: Rows) -> ErasureStep | None:
    return partial(_delete, rows.statements) if rows.statements else rows.step


async def _delete(statements: Sequence[str], work: Work, tenant_id: UUID, limit: int) -> int:
    for statement in statements:
        if count := await work.execute(statement, tenant_id, limit):
            return count
    return 0


_OWN = """
delete from {table} where {column} = $1 and {key} = any(array(
    select {key} from {table} where {column} = $1 and {condition} limit $2
))
"""

_BELOW = """
delete from {table} where ctid = any(array(
    select below.ctid from {parent} parent cross join lateral (
        select ctid from {table} where {column} = parent.{key} and tenant_id = $1 limit $2
    ) below
    where parent.tenant_id = $1 limit $2
))
"""


async def _erase_event_log(work: Work, tenant_id: UUID, limit: int) -> int:
    """What was sent to every queue: the end of the tenant itself is told to everybody before its record goes."""
    rows = await work.rows(_TOPICS_OF_EVENTS, tenant_id, limit)
    await work.execute("delete from outbox where id = any($1::uuid[])", [row["event_id"] for row in rows])
    return len(rows)


_TOPICS_OF_EVENTS = f"""
delete from outbox_topics where ctid = any(array(
    select t.ctid from outbox_topics t
    where t.tenant_id = $1 and not exists (select from outbox where outbox.id = t.event_id and not ({IS_SENT}))
    limit $2
)) returning event_id
"""  # noqa: S608 - made of constants

JOBS = Table(
    "jobs",
    "work that is done behind a transaction, or at its time",
    rows_of_tenant("jobs", condition=f"kind <> '{ERASURE.name}'"),
    impersonal=("lane", "line", "order_key", "concurrency_key", "worker", "log", "error"),
)
"""Each service says with `jobs_about` what its own kinds hold. First of all: none of them runs on what is half erased,
and what one does that runs is not committed any more. The job that erases ends with the erasure."""


def jobs_about(*people: Person, note: str, not_exported: str) -> Table:
    """`note` says how long jobs of the service's kinds stay."""
    return JOBS._replace(people=people, note=note, not_exported=not_exported)


MESSAGING = (
    Table(
        "outbox",
        "events that were published, each with the state it told of: what is sent, and what clients catch up with",
        Rows("deleted, what has no topic by age: 24 hours"),
        (Person(("actor_id", "data"), "who did it, and what it was about"),),
        "Kept for 24 hours, and the last 1,000 of each topic. What is deleted is taken out of earlier events.",
        not_exported="the things themselves are exported",
    ),
    Table("outbox_topics", "the place of an event in a topic", Rows(DELETED_BY_TENANT, step=_erase_event_log)),
    Table("topic_offsets", "how far a topic has come", rows_of_tenant("topic_offsets")),
    Table(
        "outbox_backlog",
        "which events a full queue has not got yet",
        rows_of_nobody("deleted when the queue has taken the event: the end of a tenant reaches it last"),
    ),
    Table(
        "redactions",
        "what of the event log must not be read any more",
        rows_of_tenant("redactions"),
        (Person(("key",), "where everything that somebody wrote is meant, the author", erased=Fate.DELETED),),
        "Minutes, until the events are rewritten.",
        not_exported="it is made when there is nobody left to export for",
    ),
    Table("event_log_epoch", "the name of the event log's time line", rows_of_nobody("of no tenant")),
    Table("inbox", "ids of events that were applied", rows_of_age("7 days")),
    Table(
        "idempotency_keys",
        "answers to requests that may be repeated",
        rows_of_tenant("idempotency_keys"),
        (Person(("user_id", "headers", "body"), "who asked"),),
        "Kept for 24 hours.",
        not_exported="copies of answers they have had",
    ),
    Table(
        "tenant_closures",
        "which tenants are closed or deleted",
        Rows("kept for 90 days, so that late events write nothing for it"),
    ),
    Table(
        "job_pauses",
        "which keys of jobs are paused",
        rows_of_tenant("job_pauses"),
        impersonal=("concurrency_key", "lane"),
    ),
    Table("aerich", "which migrations were applied", rows_of_nobody("of no tenant"), impersonal=("content",)),
)
"""The tables that every service has; last of all, because what is deleted before may be told of."""


def as_markdown(tables_by_service: dict[str, Sequence[Table]]) -> str:
    """The page for readers."""
    parts = [_HEAD]
    for service, tables in tables_by_service.items():
        parts.append(f"\n## {service}-service\n\n{_COLUMNS}")
        parts += (_row(table) for table in sorted(tables, key=lambda table: table.name))
    return "".join(parts)


def _row(table: Table) -> str:
    return "".join(f"| {cell} " for cell in _cells(table)) + "|\n"


def _cells(table: Table) -> tuple[str, ...]:
    people = table.people
    return (
        f"`{table.name}`",
        table.holds,
        "<br>".join(f"{', '.join(f'`{name}`' for name in each.columns)}: {each.whose}" for each in people) or "nobody",
        "<br>".join(each.leaves for each in people) or "-",
        "<br>".join(each.erased for each in people) or "-",
        table.ends.said,
        " ".join(filter(None, (table.note, _export(table)))),
    )


def _export(table: Table) -> str:
    if table.exported:
        return f"Exported: {', '.join(f'`{name}`' for name in table.exported)}."
    return f"Not exported: {table.not_exported}." if table.people else ""


_HEAD = """# What is held about people

Written by `make snapshots` from the lists in `<service>/personal_data.py`, which tests compare with the schemas. A
member leaves when they are removed from a tenant or close their account, which nobody opens again; an account is
erased 30 days after it was closed; a tenant ends 30 days after an owner closed it, or when its last person is erased.
Where ids of people are kept, the account behind an erased one says nothing about anybody.
"""

_COLUMNS = (
    "| table | what it holds | about whom | member leaves | account erased | tenant ends | why, how long, export |\n"
    "|---|---|---|---|---|---|---|\n"
)
