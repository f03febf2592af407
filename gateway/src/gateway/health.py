"""The state of the whole product in one answer, for load balancers and people: no causes, no names."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from gateway.route_table import Service

_ASKED = (Service.AUTH, Service.PROJECT, Service.CONVERSATION, Service.REALTIME)
_HOLD_SECONDS = 1.0  # a crowd of probes costs the services one question a second
CONNECTED = "connected"
UNREACHABLE = "unreachable"


class ProductHealth(msgspec.Struct, frozen=True):
    status: str
    db: str
    broker: str
    cache: str

    @property
    def is_healthy(self) -> bool:
        return self.status == "healthy"


class AggregateHealth:
    """`ask` brings the parts of one service by name (`db`, `status`); the others are the gateway's own view.

    Without the cache nothing is missing: limits are counted locally (`RateLimiter.state`)."""

    def __init__(
        self,
        ask: Callable[[Service], Awaitable[dict[str, str]]],
        is_broker_up: Callable[[], bool],
        cache_state: Callable[[], str],
    ) -> None:
        self._ask = ask
        self._is_broker_up = is_broker_up
        self._cache_state = cache_state
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._last = ProductHealth("degraded", UNREACHABLE, UNREACHABLE, cache_state())

    async def read(self) -> ProductHealth:
        async with self._asking:
            if time.monotonic() - self._asked_at >= _HOLD_SECONDS:
                self._last = await self._collect()
                self._asked_at = time.monotonic()
        return self._last

    async def _collect(self) -> ProductHealth:
        answers = await asyncio.gather(*(self._ask(service) for service in _ASKED))
        has_databases = all(answer.get("db", CONNECTED) == CONNECTED for answer in answers if answer)
        is_complete = all(answer.get("status") == "healthy" for answer in answers)
        is_healthy = is_complete and has_databases and self._is_broker_up()
        return ProductHealth(
            "healthy" if is_healthy else "degraded",
            CONNECTED if has_databases and any(answers) else UNREACHABLE,
            CONNECTED if self._is_broker_up() else UNREACHABLE,
            self._cache_state(),
        )
