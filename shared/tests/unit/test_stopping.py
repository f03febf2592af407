"""A stop runs every step, whatever became of the others, in a bounded time."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import pytest
from sanic.response import empty
from structlog.testing import capture_logs

from shared.http.app import App, new_app
from shared.http.server import Served, serving
from shared.stopping import StopBudget, run_step, run_steps
from shared.testing.service_client import free_port


async def fail() -> None:
    raise ValueError("secret")


async def hang() -> None:
    await asyncio.Event().wait()


async def refuse_to_end() -> None:
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        try:
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            continue


async def be_cancelled() -> None:
    raise asyncio.CancelledError


BAD_STEPS = [fail, hang, be_cancelled, refuse_to_end]


@pytest.mark.parametrize("bad", BAD_STEPS)
async def test_the_steps_behind_a_bad_one_are_run(bad: Callable[[], Awaitable[None]]) -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("work")

    with capture_logs() as logs:
        await run_steps([("first", work), ("bad", bad), ("last", work)], 0.05)

    assert done == ["work", "work"]
    assert {entry["step"] for entry in logs} == {"bad"}


async def test_a_stop_that_is_cancelled_itself_ends_its_step_first() -> None:
    began, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.sleep(0.05)
        done.set()

    stopping = asyncio.create_task(run_step("work", work, 5.0))
    await began.wait()
    stopping.cancel()

    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert done.is_set()


async def test_a_budget_that_is_used_up_leaves_each_step_a_little() -> None:
    budget = StopBudget(0.0)

    assert budget.share(10.0) == pytest.approx(0.2)
    assert StopBudget(5.0).share(1.0) == 1.0


def app_with_stops(name: str, ran: list[str], bad: Callable[[], Awaitable[None]]) -> App:
    app = new_app(name)
    app.add_route(lambda _request: empty(), "/")

    @app.before_server_stop
    async def leave(_app: App) -> None:
        ran.append(f"{name} leaves")

    @app.before_server_stop
    async def stumble(_app: App) -> None:
        await bad()

    @app.after_server_stop
    async def close(_app: App) -> None:
        ran.append(f"{name} closes")

    @app.after_server_stop
    async def stumble_again(_app: App) -> None:
        await bad()

    return app


@pytest.mark.parametrize("bad", BAD_STEPS)
async def test_several_applications_stop_whatever_one_does(bad: Callable[[], Awaitable[None]]) -> None:
    ran: list[str] = []
    served = [Served(app_with_stops(name, ran, bad), "127.0.0.1", free_port()) for name in ("first", "second")]

    began = time.monotonic()
    async with serving(served, stop_seconds=0.1):
        pass

    assert ran == ["second leaves", "second closes", "first leaves", "first closes"]
    assert time.monotonic() - began < 8.0


async def test_background_tasks_that_nobody_stopped_end_with_the_application() -> None:
    ran: list[str] = []
    app = app_with_stops("only", ran, fail)

    async with serving([Served(app, "127.0.0.1", free_port())]):
        task = app.ctx.supervisor.start("work", hang)

    assert task.is_done


PROGRAM = """
import asyncio, sys, time
from shared.http.server import until_stopped
from shared.process import run_process

async def main():
    work = asyncio.ensure_future(asyncio.to_thread(time.sleep, 60))
    stopping = asyncio.ensure_future(until_stopped())
    await asyncio.sleep(0)
    print("started", flush=True)
    await stopping
    print("stopped", flush=True)

run_process(main, thread_seconds=0.2)
"""


def test_a_busy_thread_does_not_keep_the_process_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"

    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    out, log = process.communicate(timeout=20)

    assert time.monotonic() - began < 5.0
    assert (process.returncode, out[:8]) == (0, b"stopped\n")
    assert b"the process ends although threads are busy" in out + log


LOOP_PROGRAM = """
import asyncio, gc
from shared.process import run_process, watch_loop

async def fail():
    raise ValueError("x")

async def main():
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()
    print(watch_loop().count, flush=True)

run_process(main)
"""


def test_an_error_that_nobody_handled_is_logged_and_counted() -> None:
    ended = subprocess.run([sys.executable, "-c", LOOP_PROGRAM], capture_output=True, timeout=20, check=True)

    assert ended.stdout.endswith(b"\n1\n")
    assert b"an error in the event loop was not handled" in ended.stdout
