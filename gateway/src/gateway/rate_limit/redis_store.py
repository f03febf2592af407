"""Counts in Redis, for all replicas of the gateway together: one script, one round trip for a request.

Requests that come while an answer is awaited go together in the next round trip, over the same connection. A burst then
neither opens connections nor queues for them, and a client that hangs up takes none with it.

A request's keys belong to its user, its tenant and its address, and must be counted together. A Redis Cluster keeps
them on different nodes, where no script reaches all of them; use a single Redis (with a replica, or Sentinel).
"""

import asyncio
import struct
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from typing import Any, NamedTuple

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionBroken, NoScriptError, RedisError

from gateway.rate_limit.policies import Plan
from gateway.rate_limit.usage import Usage, Verdict, left_of
from shared.telemetry.logs import get_logger

ANSWER_SECONDS = 0.1  # for all of a round trip, connecting included: a request cannot wait longer to be counted
_STEPS = 4
_TOGETHER = 128  # requests in one round trip: their answers take some milliseconds to read
_CONNECTIONS = 2  # one to count, one to check
_PREFIX = "tessera:limit"


class StoreAway(Exception):
    """Redis did not answer, or not as it should."""


class _Call(NamedTuple):
    arguments: list[Any]
    answer: asyncio.Future[list[Any]]


class RedisStore:
    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=None,  # a round trip has one deadline for everything; timers of single steps cost more
            socket_connect_timeout=None,
            # Once, at once: a connection that was closed while it was idle shows only when it is used.
            retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionBroken,)),
        )
        self._redis = Redis.from_pool(pool)
        self._script = files("gateway.rate_limit").joinpath("counter.lua").read_text()
        self._digest = sha1(self._script.encode(), usedforsecurity=False).hexdigest()
        self._waiting: list[_Call] = []
        self._sending: asyncio.Task[None] | None = None

    async def take(self, plan: Plan, subjects: Sequence[str]) -> Verdict:
        """Raises StoreAway."""
        passed, now, *stored = await self._run(plan, subjects, "")
        usages = [_usage(one) for one in stored]
        left = [left_of(usage, policy.windows, now) for policy, usage in zip(plan.policies, usages, strict=True)]
        return Verdict(passed == 1, now, usages, left)

    async def give_back(self, plan: Plan, subjects: Sequence[str], at: float) -> None:
        """Raises StoreAway."""
        await self._run(plan, subjects, str(int(at)))

    async def check(self) -> None:
        """Whether it can count again, which a replica or a full one cannot. Raises StoreAway."""
        async with _in_time():
            await self._redis.set(f"{_PREFIX}:check", 1, px=1000)
            await self._redis.script_load(self._script)

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        await self._redis.aclose()

    async def _run(self, plan: Plan, subjects: Sequence[str], counted_at: str) -> list[Any]:
        prefixes, windows = _told(plan)
        keys = [prefix + subject for prefix, subject in zip(prefixes, subjects, strict=True)]
        loop = asyncio.get_running_loop()
        call = _Call([len(keys), *keys, counted_at, *windows], loop.create_future())
        self._waiting.append(call)
        if self._sending is None:
            self._sending = loop.create_task(self._send_waiting())
        return await call.answer

    async def _send_waiting(self) -> None:
        calls: list[_Call] = []
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
                await self._send(calls)
        except StoreAway as away:
            self._give_up(calls, away)
        except Exception as defect:
            get_logger().exception("limits could not be counted in Redis")
            self._give_up(calls, StoreAway(type(defect).__name__))
        finally:
            self._sending = None

    def _give_up(self, sent: Sequence[_Call], away: StoreAway) -> None:
        """Nobody is left waiting, neither for what was sent nor for what was not."""
        calls, self._waiting = [*sent, *self._waiting], []
        for call in calls:
            if not call.answer.done():
                call.answer.set_exception(StoreAway(*away.args))

    async def _send(self, calls: Sequence[_Call]) -> None:
        async with _in_time():
            pipeline = self._redis.pipeline(transaction=False)
            for call in calls:
                pipeline.evalsha(self._digest, *call.arguments)
            answers = await pipeline.execute(raise_on_error=False)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                await self._redis.script_load(self._script)
                for call in calls:
                    pipeline.evalsha(self._digest, *call.arguments)
                answers = await pipeline.execute(raise_on_error=False)
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, Exception):
                raise StoreAway from answer
            if not call.answer.done():
                call.answer.set_result(answer)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Waits in steps, each of which lets the loop read: what a busy loop has not read yet is no missing answer."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def step(left: int) -> None:
        nonlocal timer
        if left:
            timer = loop.call_later(ANSWER_SECONDS / _STEPS, step, left - 1)
        else:
            limit.reschedule(loop.time())

    try:
        async with asyncio.timeout(None) as limit:
            timer = loop.call_later(ANSWER_SECONDS / _STEPS, step, _STEPS - 1)
            try:
                yield
            finally:
                timer.cancel()
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreAway from error


@lru_cache(maxsize=64)
def _told(plan: Plan) -> tuple[list[str], list[bytes]]:
    """For each policy the beginning of its keys, lengths included (what is stored fits no others), and its windows."""
    prefixes, packed = [], []
    for kind, windows in plan.policies:
        lengths = "-".join(str(window.milliseconds) for window in windows)
        prefixes.append(f"{_PREFIX}:{kind}:{lengths}:")
        packed.append(_packed([number for window in windows for number in (window.milliseconds, window.quota)]))
    return prefixes, packed


def _packed(numbers: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)


def _usage(stored: bytes) -> Usage:
    return array("d", struct.unpack(f"<{len(stored) // 8}d", stored))
