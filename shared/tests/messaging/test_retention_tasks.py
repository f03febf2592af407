"""Retention works in portions, leaves a table to the replica that is at it, and shows what it has left."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared import retention
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.due_rows import Backlog, DueRows
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.retention import FOR_EVER, RETENTION_SECONDS, Kept, Pruning, prunings_of, retention_tasks
from shared.supervision import PeriodicTask, Supervisor
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

DUE = DueRows("inbox", "applied_at", timedelta(days=7))
INBOX = Pruning.of_rows("prune it", DUE, at_once=2)
ROWS = (Kept("inbox", "ids", "a reason", "7 days", INBOX), Kept("outbox", "events", "a reason", "", FOR_EVER))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("sample")


async def test_a_round_deletes_in_portions_all_that_is_due_and_nothing_else(
    database: Database, metrics: Metrics
) -> None:
    await _fill(database, due=5, young=3)
    prune, measure = _tasks(database, metrics)
    await measure.run_once()
    before = metrics.render().decode()

    await prune.run_once()
    await measure.run_once()

    after = metrics.render().decode()
    assert await _left(database) == 3
    assert 'tessera_retention_backlog_rows{task="prune it"} 5.0' in before
    assert 'tessera_retention_backlog_rows{task="prune it"} 0.0' in after
    assert 86_400 <= _value(before, 'tessera_retention_overdue_seconds{task="prune it"}') < 86_500
    assert 'tessera_retention_overdue_seconds{task="prune it"} 0.0' in after
    assert 'tessera_retention_deleted_total{task="prune it"} 5.0' in after
    assert 'tessera_retention_portion_seconds_count{task="prune it"} 3.0' in after


async def test_a_round_that_reaches_its_most_portions_is_followed_by_another_at_once(
    database: Database, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_PORTIONS", 1)
    await _fill(database, due=5)
    prune, _ = _tasks(database, metrics)
    prune.wake()
    tasks = Supervisor()
    tasks.start_periodic(prune)
    [state] = tasks.states()

    await eventually(lambda: state.rounds == 3)

    assert await _left(database) == 0
    await tasks.stop()


async def test_while_one_replica_deletes_the_others_leave_the_table_to_it(database: Database, metrics: Metrics) -> None:
    await _fill(database, due=5)
    first, _ = _tasks(database, metrics)
    second, _ = _tasks(database, Metrics("sample"))
    held = asyncio.Event(), asyncio.Event()
    slow = Pruning.by_step("prune it", partial(_wait, *held))
    [slow_task, _] = retention_tasks(database, (Kept("inbox", "", "", "", slow),), SystemClock(), Metrics("sample"))
    running = asyncio.create_task(slow_task.run_once())
    await held[0].wait()

    await first.run_once()

    assert await _left(database) == 5
    held[1].set()
    await running
    await second.run_once()
    assert await _left(database) == 0


async def test_a_measure_that_fails_is_noticed_and_stops_no_other(database: Database, metrics: Metrics) -> None:
    await _fill(database, due=5)

    async def fail(_work: Work, _now: datetime) -> Backlog:
        raise TimeoutError

    broken = Kept("outbox", "", "", "", INBOX._replace(name="broken", measure=fail))
    *_, measure = retention_tasks(database, (broken, *ROWS), SystemClock(), metrics)

    with pytest.raises(TimeoutError):
        await measure.run_once()

    assert 'tessera_retention_backlog_rows{task="prune it"} 5.0' in metrics.render().decode()


async def test_a_walk_of_every_day_begins_soon_after_the_start(database: Database, metrics: Metrics) -> None:
    daily = INBOX._replace(interval=86_400.0)

    prune, _ = retention_tasks(database, (Kept("inbox", "", "", "", daily),), SystemClock(), metrics)

    assert (prune.interval, prune._next_interval) == (86_400.0, RETENTION_SECONDS)


async def test_a_pruning_that_ends_rows_of_several_tables_is_one_task() -> None:
    other = Kept("another", "", "", "", INBOX)

    assert prunings_of((*ROWS, other)) == (INBOX,)


async def _wait(reached: asyncio.Event, go_on: asyncio.Event, _work: Work, _now: datetime) -> int:
    reached.set()
    await go_on.wait()
    return 0


def _tasks(database: Database, metrics: Metrics) -> tuple[PeriodicTask, ...]:
    return retention_tasks(database, ROWS, SystemClock(), metrics)


async def _fill(database: Database, *, due: int, young: int = 0) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(days=8)] * due + [now - timedelta(days=6)] * young
    async with database.system_work() as work:
        await work.execute(
            "insert into inbox (consumer, event_id, applied_at)"
            " select 'c', * from unnest($1::uuid[], $2::timestamptz[])",
            [new_id() for _ in times],
            times,
        )


async def _left(database: Database) -> int:
    [row] = await database.system_rows("select count(*) from inbox")
    count: int = row["count"]
    return count


def _value(text: str, name: str) -> float:
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))
