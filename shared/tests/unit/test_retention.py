"""Old messages are pruned step by step: a step that fails is tried again, and the others are done meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sanic.response import empty

from shared.db.failures import DatabaseUnavailable
from shared.http.app import new_app
from shared.http.background import setup_messaging
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.retention import message_retention_tasks
from shared.supervision import Pace, Supervisor
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually
from shared.testing.service_client import free_port

STEPS = {"prune the event log", "prune the inbox", "prune idempotency keys", "rewrite redacted events"}
QUICK = Pace(first_pause=0.001, longest_pause=0.002)


class BrokenDatabase:
    """Fails the first three statements that `is_broken` picks."""

    name = "sample"

    def __init__(self, is_broken: Callable[[str], bool], failure: Exception) -> None:
        self.on_commit_with_events: list[Callable[[], None]] = []
        self._is_broken = is_broken
        self._failure = failure
        self._left = 3

    @asynccontextmanager
    async def system_work(self) -> AsyncIterator["BrokenDatabase"]:
        yield self

    async def rows(self, sql: str, *_: object) -> list[dict[str, Any]]:
        await self.execute(sql)
        return []

    async def execute(self, sql: str, *_: object) -> int:
        if self._left and self._is_broken(sql):
            self._left -= 1
            raise self._failure
        return 0

    async def system_rows(self, _sql: str, *_: object) -> list[dict[str, Any]]:
        raise DatabaseUnavailable


@pytest.mark.parametrize("table", ["topics", "inbox", "idempotency"])
async def test_a_step_that_fails_is_repeated_and_stops_no_other(table: str) -> None:
    database = BrokenDatabase(lambda sql: table in sql, PermissionError())
    tasks = Supervisor(QUICK)
    steps = message_retention_tasks(database)  # type: ignore[arg-type]
    for step in steps:
        tasks.start_periodic(step)
        step.wake()

    await eventually(lambda: all(each.rounds == 1 for each in tasks.states()))

    assert {each.name for each in tasks.states()} == STEPS
    assert sum(each.failures for each in tasks.states()) == 3
    await tasks.stop()


class StubbornBus(MemoryBus):
    async def stop_consuming(self) -> None:
        raise ValueError


async def test_a_service_whose_bus_cannot_be_drained_stops_its_tasks_all_the_same() -> None:
    bus, app = StubbornBus(), new_app("sample")
    await bus.start()
    app.ctx.metrics = Metrics("sample")
    app.add_route(lambda _request: empty(), "/")
    database = BrokenDatabase(lambda _sql: False, ValueError())
    setup_messaging(app, service="sample", database=database, bus=bus)  # type: ignore[arg-type]

    names = {*STEPS, "relay the outbox", "measure the outbox"}

    async with serving([Served(app, "127.0.0.1", free_port())]):
        assert running_tasks() >= names

    assert running_tasks() & names == set()
    await bus.close()


def running_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}
