"""Background tasks: none dies in silence, and one that cannot be helped takes the process out of use until it can."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from shared.db.failures import DatabaseUnavailable
from shared.http.health import Health
from shared.supervision import Pace, PeriodicTask, Supervisor, TaskSet
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

QUICK = Pace(first_pause=0.001, longest_pause=0.002, failing_after=3, window=60.0, stable=0.05)


@pytest.fixture
async def tasks() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(QUICK)
    yield supervisor
    await supervisor.stop()


class Work:
    """Fails as often as it is told, then goes on until it is cancelled."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.Event().wait()


def state_of(tasks: Supervisor, name: str = "work") -> dict[str, object]:
    [state] = [each for each in tasks.states() if each.name == name]
    return {"running": state.is_running, "failures": state.failures, "restarts": state.restarts}


@pytest.mark.parametrize("failure", [ValueError("secret"), asyncio.CancelledError(), DatabaseUnavailable()])
async def test_a_task_that_fails_is_logged_counted_and_started_again(tasks: Supervisor, failure: BaseException) -> None:
    work = Work(failure)

    with capture_logs() as logs:
        tasks.start("work", work)
        await eventually(lambda: work.calls == 2)

    assert state_of(tasks) == {"running": True, "failures": 1, "restarts": 1}
    assert [entry["task"] for entry in logs] == ["work"]


async def test_a_task_that_returns_although_it_should_not_is_started_again(tasks: Supervisor) -> None:
    calls: list[int] = []

    async def end() -> None:
        calls.append(1)

    tasks.start("work", end)

    await eventually(lambda: len(calls) > 2)


async def test_a_task_that_may_return_is_done_then(tasks: Supervisor) -> None:
    calls: list[int] = []

    async def end() -> None:
        calls.append(1)

    task = tasks.start("work", end, may_return=True)
    await task.wait()

    assert calls == [1]
    assert state_of(tasks) == {"running": False, "failures": 0, "restarts": 0}


async def test_pauses_grow_with_failures_in_a_row_up_to_the_longest() -> None:
    pace = Pace(first_pause=0.1, longest_pause=30.0)
    pauses = [pace.pause(number) for number in (1, 2, 3, 9, 100)]

    for pause, longest in zip(pauses, (0.1, 0.2, 0.4, 25.6, 30.0), strict=True):
        assert longest / 2 <= pause <= longest


async def test_a_task_that_keeps_failing_ends_readiness_by_name_until_it_works(tasks: Supervisor) -> None:
    health = Health({}, {}, tasks)
    health.is_started = True
    work = Work(*(ValueError() for _ in range(3)))
    tasks.start("work", work)

    await eventually(lambda: tasks.failing() == ["work"])
    assert await health.read() == (False, {"tasks": "failing: work"})

    await eventually(lambda: tasks.failing() == [])
    assert await health.read() == (True, {"tasks": "running"})


async def test_what_is_not_essential_is_shown_as_failing_and_leaves_the_service_ready(tasks: Supervisor) -> None:
    health = Health({}, {}, tasks)
    health.is_started = True

    async def fail() -> None:
        raise ValueError

    tasks.start_periodic(PeriodicTask("purge", 0.001, fail))

    await eventually(lambda: tasks.failing() == ["purge"])
    assert await health.read() == (True, {"tasks": "failing: purge"})


async def test_an_outage_of_what_a_task_works_with_does_not_end_readiness(tasks: Supervisor) -> None:
    work = Work(*(DatabaseUnavailable() for _ in range(20)))
    tasks.start("work", work)

    await eventually(lambda: work.calls == 21)

    assert tasks.failing() == []


async def test_a_periodic_task_that_completes_no_round_is_shown_as_late_whatever_the_reason(tasks: Supervisor) -> None:
    metrics, health = Metrics("sample"), Health({}, {}, tasks)
    metrics.watch_tasks(tasks.states)
    health.is_started = True
    work = Work(*(DatabaseUnavailable() for _ in range(6)))
    prune = PeriodicTask("prune", 600.0, work)
    tasks.start_periodic(prune)
    [state] = tasks.states()
    in_time = await health.read()
    prune.wake()
    await eventually(lambda: work.calls == 7)

    state.completed_at -= 3 * 600.0 + 61.0

    lines = metrics.render().decode().splitlines()
    assert (tasks.failing(), tasks.late()) == ([], ["prune"])
    assert (in_time, await health.read()) == ((True, {"tasks": "running"}), (True, {"tasks": "late: prune"}))
    assert 'tessera_background_task_interval_seconds{task="prune"} 600.0' in lines
    assert any(line.startswith('tessera_background_task_round_age_seconds{task="prune"} 186') for line in lines)


async def test_a_periodic_task_that_fails_is_repeated_and_holds_up_no_other(tasks: Supervisor) -> None:
    done: list[str] = []
    failures = [PermissionError(), PermissionError()]

    async def broken() -> None:
        if failures:
            raise failures.pop()
        done.append("broken")

    async def whole() -> int:
        done.append("whole")
        return 3

    for name, work in (("broken", broken), ("whole", whole)):
        tasks.start_periodic(PeriodicTask(name, 3600.0, work, begins_at_once=True, longest_pause=0.01))

    await eventually(lambda: sorted(done) == ["broken", "whole"])
    assert state_of(tasks, "broken") == {"running": True, "failures": 2, "restarts": 2}


async def test_a_periodic_task_rests_for_its_interval_and_works_at_once_when_it_is_woken(tasks: Supervisor) -> None:
    rounds: list[int] = []

    async def work() -> None:
        rounds.append(1)

    periodic = PeriodicTask("work", 3600.0, work)
    tasks.start_periodic(periodic)
    await asyncio.sleep(0)
    assert rounds == []

    periodic.wake()

    await eventually(lambda: rounds == [1])


async def test_a_stop_ends_all_tasks_and_is_not_held_up_by_one_that_refuses() -> None:
    supervisor, released, ended = Supervisor(QUICK), asyncio.Event(), asyncio.Event()

    async def refuse() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        ended.set()

    stubborn = supervisor.start("stubborn", refuse, may_return=True)
    other = supervisor.start("other", Work())
    await asyncio.sleep(0)

    with capture_logs() as logs:
        await supervisor.stop(0.05)
    are_done = (stubborn.is_done, other.is_done)
    released.set()  # before anything is asserted: a task that refuses to end would keep the loop from closing
    await ended.wait()

    assert are_done == (False, True)
    assert [entry["task"] for entry in logs if entry["log_level"] == "error"] == ["stubborn"]


async def test_stopping_a_task_that_has_ended_leaves_another_of_its_name_alone() -> None:
    supervisor = Supervisor(QUICK)

    async def end() -> None:
        return

    first = supervisor.start("work", end, may_return=True)
    await first.wait()
    second = supervisor.start("work", Work())
    await first.stop()
    await asyncio.sleep(0)

    await supervisor.stop()

    assert second.is_done


async def test_metrics_show_each_task_and_those_of_what_it_includes(tasks: Supervisor) -> None:
    metrics, bus = Metrics("sample"), Supervisor(QUICK)
    tasks.include(bus)
    metrics.watch_tasks(tasks.states)
    work = Work(ValueError())
    tasks.start("work", work)
    bus.start("consume", Work())
    await eventually(lambda: work.calls == 2)

    lines = metrics.render().decode().splitlines()

    for expected in (
        'tessera_background_task_running{task="work"} 1.0',
        'tessera_background_task_failures_total{task="work"} 1.0',
        'tessera_background_task_restarts_total{task="work"} 1.0',
        'tessera_background_task_running{task="consume"} 1.0',
    ):
        assert expected in lines
    await bus.stop()


async def test_a_short_task_that_fails_is_logged_with_its_ids() -> None:
    short = TaskSet("deliver")

    async def fail() -> None:
        raise ValueError("secret")

    with capture_logs() as logs:
        short.start(fail(), delivery_id="7")
        await short.wait()
        await asyncio.sleep(0)

    assert [(entry["task"], entry["delivery_id"]) for entry in logs] == [("deliver", "7")]
    assert len(short) == 0
