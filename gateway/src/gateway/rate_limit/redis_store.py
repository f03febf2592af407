"""Counts in Redis, for all replicas of the gateway together: one script, one round trip for a request.

A request's keys belong to its user, its tenant and its address, and must be counted together. A Redis Cluster keeps
them on different nodes, where no script reaches all of them; use a single Redis (with a replica, or Sentinel).
"""

import asyncio
import sys
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.resources import files
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.rate_limit.policies import Plan
from gateway.rate_limit.usage import Usage, Verdict

ANSWER_SECONDS = 0.1  # for all of a call, a connection included: a request cannot wait longer to be counted
_CONNECTIONS = 64  # further calls wait their turn, within the same time
_PREFIX = "tessera:limit"


class StoreAway(Exception):
    """Redis did not answer, or not as it should."""


class RedisStore:
    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis.from_pool(pool)
        # Sent by its digest, and whole only when Redis does not know it (NOSCRIPT).
        self._script = self._redis.register_script(files("gateway.rate_limit").joinpath("counter.lua").read_text())

    async def take(self, plan: Plan, subjects: Sequence[str]) -> Verdict:
        """Raises StoreAway."""
        passed, now, *stored = await self._run(plan, subjects, "")
        return Verdict(passed == 1, now, [_usage(one) for one in stored])

    async def give_back(self, plan: Plan, subjects: Sequence[str], at: float) -> None:
        """Raises StoreAway."""
        await self._run(plan, subjects, str(int(at)))

    async def check(self) -> None:
        """Whether it can count again, which a replica or a full one cannot. Raises StoreAway."""
        async with _in_time():
            await self._redis.set(f"{_PREFIX}:check", 1, px=1000)
            await self._redis.script_load(self._script.script)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _run(self, plan: Plan, subjects: Sequence[str], taken_at: str) -> list[Any]:
        prefixes, arguments = _told(plan)
        keys = [prefix + subject for prefix, subject in zip(prefixes, subjects, strict=True)]
        async with _in_time():
            answer: list[Any] = await self._script(keys=keys, args=[taken_at, *arguments])
        return answer


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreAway from error


@lru_cache(maxsize=64)
def _told(plan: Plan) -> tuple[list[str], list[int]]:
    """The beginnings of the keys, with the lengths of the windows: what is stored fits no others. And the arguments."""
    prefixes, arguments = [], []
    for kind, windows in plan.policies:
        lengths = "-".join(str(window.milliseconds) for window in windows)
        prefixes.append(f"{_PREFIX}:{kind}:{lengths}:")
        arguments.append(len(windows))
        arguments += [number for window in windows for number in (window.milliseconds, window.quota)]
    return prefixes, arguments


def _usage(stored: bytes) -> Usage:
    usage = array("d")
    usage.frombytes(stored)
    if sys.byteorder == "big":
        usage.byteswap()
    return usage
