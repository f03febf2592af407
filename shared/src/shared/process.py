"""The life of a process on one event loop: what nobody handled is logged, and busy threads do not keep it alive."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop

from shared.telemetry.logs import get_logger

THREAD_SECONDS = 2.0
"""What threads get to end after everything else has ended; a thread cannot be cancelled."""
_LOOK_SECONDS = 0.02


class LoopErrors:
    """The handler of errors that nothing in the event loop has handled: logs a fixed sentence and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.count += 1
        error = context.get("exception")
        task = context.get("task") or context.get("future")
        name = task.get_name() if isinstance(task, asyncio.Task) else None
        get_logger().error(
            "an error in the event loop was not handled",
            about=context.get("message"),
            task=name,
            error=type(error).__name__,
            exc_info=error,
        )


def watch_loop() -> LoopErrors:
    """The one of the running loop; put in place by the first who asks."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    if not isinstance(handler, LoopErrors):
        handler = LoopErrors()
        loop.set_exception_handler(handler)
    return handler


def run_process(main: Callable[[], Coroutine[Any, Any, None]], thread_seconds: float = THREAD_SECONDS) -> None:
    """Runs `main` on uvloop. When it has ended, threads that are still busy do not keep the process alive.

    What `main` raises is raised here, unless a busy thread forces the process to end, with status 1 then.
    """
    uvloop.run(_run(main, thread_seconds))


async def _run(main: Callable[[], Coroutine[Any, Any, None]], thread_seconds: float) -> None:
    watch_loop()
    pool = ThreadPoolExecutor(thread_name_prefix="worker")
    asyncio.get_running_loop().set_default_executor(pool)
    failure: BaseException | None = None
    try:
        await main()
    except BaseException as error:
        failure = error
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if left := await _busy_threads(thread_seconds):
            get_logger().error("the process ends although threads are busy", threads=sorted(left), exc_info=failure)
            _exit_now(0 if failure is None else 1)


async def _busy_threads(seconds: float) -> list[str]:
    """Names of those that had not ended after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while (left := _other_threads()) and loop.time() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
    return left


def _other_threads() -> list[str]:
    here = threading.current_thread()
    return [each.name for each in threading.enumerate() if each is not here and not each.daemon]


def _exit_now(status: int) -> None:
    """Past the interpreter's own end, which would wait for the threads."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
