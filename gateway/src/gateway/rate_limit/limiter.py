"""Lets requests pass or refuses them, counting in Redis while it answers and in this process while it does not.

One call without an answer is enough to stop asking. A probe in the background finds out when Redis is back, so that
no client's request has to: at most the ones under way at that moment wait, for ANSWER_SECONDS.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from gateway.health import CONNECTED, UNREACHABLE
from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Plan
from gateway.rate_limit.redis_store import RedisStore, StoreAway
from gateway.rate_limit.usage import Tightest, Verdict, tightest
from shared.http.rate_limit_fields import too_many_requests
from shared.supervision import SupervisedTask, Supervisor, TaskSet
from shared.telemetry.logs import get_logger

PROBE_SECONDS = 0.5
REFUSAL_KEPT_SECONDS = 1.0
"""How long whoever is beyond a limit is refused without counting again, if the limit lasts that long."""
_REFUSALS_KEPT = 20_000


class Permit(NamedTuple):
    """A request that was counted, by whom, and what its answer says of the limits."""

    plan: Plan
    subjects: Sequence[str]
    at: float
    is_shared: bool
    field: str
    """As RateLimit says it."""

    @property
    def headers(self) -> dict[str, str]:
        return {"RateLimit-Policy": self.plan.field, "RateLimit": self.field}

    @property
    def lines(self) -> bytes:
        return f"ratelimit-policy: {self.plan.field}\r\nratelimit: {self.field}\r\n".encode()


class _Refusal(NamedTuple):
    window: str
    seconds: int
    until: float
    """By the monotonic clock."""


def _refusal_key(plan: Plan, subjects: Sequence[str]) -> tuple[str, ...]:
    return (plan.field, *subjects)


class RateLimiter:
    """`on_refusal` is told the name of the window that was used up."""

    def __init__(self, local: MemoryStore, shared: RedisStore | None, on_refusal: Callable[[str], None]) -> None:
        self._local = local
        self._shared = shared
        self._on_refusal = on_refusal
        self._is_away = False
        self._refusals: dict[tuple[str, ...], _Refusal] = {}
        self._tasks = Supervisor()
        self._probe: SupervisedTask | None = None
        self._returns = TaskSet("give a count back")

    @property
    def state(self) -> str:
        if self._shared is None:
            return "local"
        return UNREACHABLE if self._is_away else CONNECTED

    def take(self, plan: Plan, subjects: Sequence[str]) -> Permit | None:
        """None when Redis has to be asked, see `ask`. Raises TooManyRequests."""
        self._refuse_again(plan, subjects)
        if self._shared is not None and not self._is_away:
            return None
        return self._permit(plan, subjects, self._local.take(plan, subjects), is_shared=False)

    async def ask(self, plan: Plan, subjects: Sequence[str]) -> Permit:
        """Raises TooManyRequests."""
        self._refuse_again(plan, subjects)
        if self._shared is not None and not self._is_away:
            try:
                return self._permit(plan, subjects, await self._shared.take(plan, subjects), is_shared=True)
            except StoreAway:
                self._stop_asking()
        return self._permit(plan, subjects, self._local.take(plan, subjects), is_shared=False)

    def give_back(self, permit: Permit) -> None:
        """It turned out not to count. Redis is told without waiting; if it is away, the count ends with its window."""
        self._refusals.pop(_refusal_key(permit.plan, permit.subjects), None)
        if not permit.is_shared:
            self._local.give_back(permit.plan, permit.subjects, permit.at)
        elif not self._is_away:
            self._returns.start(self._return(permit))

    async def start(self, tasks: Supervisor) -> None:
        """Finds out whether Redis is there, so that the first request need not. `tasks` keeps the probe running."""
        self._tasks = tasks
        if self._shared is not None:
            try:
                await self._shared.check()
            except StoreAway:
                self._stop_asking()

    async def stop(self) -> None:
        await self._returns.stop()
        if self._probe is not None:
            await self._probe.stop()
        if self._shared is not None:
            await self._shared.close()

    def _permit(self, plan: Plan, subjects: Sequence[str], verdict: Verdict, *, is_shared: bool) -> Permit:
        tight = tightest(plan, verdict)
        if not verdict.has_passed:
            self._on_refusal(tight.name)
            self._remember_refusal(plan, subjects, tight)
            raise too_many_requests(plan.field, tight.name, tight.seconds)
        return Permit(plan, subjects, verdict.at, is_shared, tight.field)

    def _remember_refusal(self, plan: Plan, subjects: Sequence[str], tight: Tightest) -> None:
        """`seconds` is rounded up: whoever comes back a second early may be let in already."""
        kept = min(REFUSAL_KEPT_SECONDS, tight.seconds - 1)
        if kept > 0:
            if len(self._refusals) >= _REFUSALS_KEPT:
                self._refusals.pop(next(iter(self._refusals)))
            self._refusals[_refusal_key(plan, subjects)] = _Refusal(tight.name, tight.seconds, time.monotonic() + kept)

    def _refuse_again(self, plan: Plan, subjects: Sequence[str]) -> None:
        if not self._refusals:
            return
        key = _refusal_key(plan, subjects)
        refusal = self._refusals.get(key)
        if refusal is None:
            return
        if time.monotonic() < refusal.until:
            self._on_refusal(refusal.window)
            raise too_many_requests(plan.field, refusal.window, refusal.seconds)
        del self._refusals[key]

    def _stop_asking(self) -> None:
        if self._is_away:
            return
        self._is_away = True
        get_logger().warning("Redis does not answer: rate limits are counted locally")
        self._probe = self._tasks.start("look for Redis", self._watch, may_return=True, is_essential=False)

    async def _watch(self) -> None:
        assert self._shared is not None
        while self._is_away:
            await asyncio.sleep(PROBE_SECONDS)
            with suppress(StoreAway):
                await self._shared.check()
                self._is_away = False
        get_logger().info("Redis answers again: rate limits are counted for all replicas")

    async def _return(self, permit: Permit) -> None:
        assert self._shared is not None
        try:
            await self._shared.give_back(permit.plan, permit.subjects, permit.at)
        except StoreAway:
            self._stop_asking()
