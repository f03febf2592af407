"""Every table of every service has a row that says how long it is kept, and every alert is about a metric there is."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import conversation_service.retention
import project_service.retention
from deploy.retention_table import FILE, SERVICES, markdown
from shared.db.databases import Database, open_databases
from shared.events.projects import Commented
from shared.events.topics import KEEPERS
from shared.messaging.retention import MESSAGING
from shared.retention import AS_WRITTEN, BY_ITS_USER, FOR_EVER, Kept, Pruning, prunings_of
from shared.testing.postgres import FreshDatabase

ROOT = Path(__file__).parents[2]
ALERTS = sorted((ROOT / "deploy" / "observability").glob("*.yaml"))
_TABLES = """
select c.relname as table from pg_class c
where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_each_table_has_a_row_and_each_row_a_table(fresh_database: FreshDatabase, service: str) -> None:
    async with open_databases(fresh_database(service)) as databases:
        tables = await _tables(databases[service])

    rows = {row.table for row in (*MESSAGING, *SERVICES[service])}

    assert tables - rows == set(), f"say in retention.py of {service}-service how long they are kept"
    assert rows - tables == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_due_rows_are_found_through_an_index(fresh_database: FreshDatabase, service: str) -> None:
    """But for tables that stay small."""
    small = {"signing_keys"}
    async with open_databases(fresh_database(service)) as databases:
        for pruning in prunings_of((*MESSAGING, *SERVICES[service])):
            plan = await _plan(databases[service], pruning)
            scanned = set(re.findall(r"Seq Scan on (\w+)", plan)) - small
            assert not scanned, (pruning.name, plan)


@pytest.mark.parametrize("row", [row for rows in SERVICES.values() for row in rows], ids=lambda row: row.table)
def test_a_row_says_why_until_when_and_what_ends_it(row: Kept) -> None:
    assert row.holds
    assert row.because
    if isinstance(row.ended_by, str) and row.ended_by.startswith("the task `"):
        name = row.ended_by.removeprefix("the task `").removesuffix("`")
        assert any(f'"{name}"' in text for text in _sources()), f"no task has the name {name!r}"
    elif isinstance(row.ended_by, str):
        assert row.ended_by in (FOR_EVER, AS_WRITTEN, BY_ITS_USER) or row.ended_by.startswith("the end of the ")
    else:
        assert row.until


@pytest.mark.parametrize(
    ("service", "topics"),
    [("project", project_service.retention.TOPICS), ("conversation", conversation_service.retention.TOPICS)],
)
async def test_counters_are_kept_for_as_long_as_the_thing_of_the_topic(
    fresh_database: FreshDatabase, service: str, topics: Mapping[str, str]
) -> None:
    names = {kind for kind, keeper in KEEPERS.items() if keeper == service} - {"comments"}
    comments = {f"comments:{kind.value}" for kind in Commented} if service == "project" else set()

    assert topics.keys() == names | comments
    async with open_databases(fresh_database(service)) as databases:
        assert set(topics.values()) <= await _tables(databases[service])


def test_names_of_tasks_are_unique() -> None:
    for rows in SERVICES.values():
        names = [pruning.name for pruning in prunings_of((*MESSAGING, *rows))]
        assert len(names) == len(set(names))


def test_the_document_is_up_to_date() -> None:
    assert FILE.read_text() == markdown(), "run `make snapshots`"


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.name)
def test_alerts_are_about_metrics_that_there_are(file: Path) -> None:
    rules = [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    sources = list(_sources())

    assert rules
    for rule in rules:
        names = re.findall(r"tessera_\w+", rule["expr"])
        assert names, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "runbook"}
        for name in names:
            bare = re.sub(r"_(total|bucket|count|sum)$", "", name)
            assert any(f'"{bare}' in text for text in sources), name


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.name)
def test_the_runbook_of_an_alert_is_there(file: Path) -> None:
    for document, title in re.findall(r"runbook: (\S+), \"([^\"]+)\"", file.read_text()):
        assert title in (ROOT / document).read_text(), title


async def _tables(database: Database) -> set[str]:
    return {row["table"] for row in await database.system_rows(_TABLES)}


async def _plan(database: Database, pruning: Pruning) -> str:
    """Of what measures the pruning, which reads the same rows. Empty where nothing does."""
    if pruning.measure is None:
        return ""
    statements: list[tuple[str, tuple[object, ...]]] = []
    async with database.system_work() as work:
        await work.execute("set local enable_seqscan = off")
        original = work.rows

        async def explain(sql: str, *args: object) -> list[dict[str, object]]:
            statements.append((sql, args))
            return await original(sql, *args)

        work.rows = explain  # type: ignore[method-assign, assignment]
        await pruning.measure(work, _now())
        [(sql, args)] = statements
        rows = await original(f"explain {sql}", *args)
    return "\n".join(row["QUERY PLAN"] for row in rows)


def _sources() -> Iterator[str]:
    for path in ROOT.glob("*/src/**/*.py"):
        yield path.read_text()


def _now() -> datetime:
    return datetime.now(UTC)
