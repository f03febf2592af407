"""Without Redis limits go on: counted here, within a tenth of a second, and together again once it is back."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually

from deploy.local.redis import RedisNode

pytestmark = pytest.mark.skipif(not RedisNode.is_installed(), reason="redis-server is not installed")

Fault = Callable[[RedisNode], Awaitable[None]]


async def kill(redis: RedisNode) -> None:
    await redis.kill()


async def silence(redis: RedisNode) -> None:
    """Connections stay open and new ones are accepted, but no answer ever comes."""
    os.kill(redis.pid, signal.SIGSTOP)


async def bring_back(redis: RedisNode, fault: Fault) -> None:
    if fault is silence:
        os.kill(redis.pid, signal.SIGCONT)
    else:
        await redis.start()


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisNode]:
    async with RedisNode(tmp_path) as node:
        yield node


async def statuses(count: int, *stacks: Stack, **headers: str) -> list[int]:
    async with aiohttp.ClientSession() as session:

        async def ask(stack: Stack) -> int:
            async with session.get(f"http://127.0.0.1:{stack.port}/api/v1/projects", headers=headers) as response:
                return response.status

        return list(await asyncio.gather(*(ask(stacks[number % len(stacks)]) for number in range(count))))


async def cache_of(stack: Stack) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{stack.port}/health") as response:
        return str(msgspec.json.decode(await response.read())["cache"])


@pytest.mark.parametrize("fault", [kill, silence])
async def test_limits_hold_locally_while_redis_is_away_and_together_afterwards(
    start_stack: StartStack, redis: RedisNode, fault: Fault
) -> None:
    one = await start_stack(redis_url=redis.url, rate_limits="user-minute=10")
    other = await start_stack(beside=one, redis_url=redis.url, rate_limits="user-minute=10")
    assert sorted(await statuses(12, one, other, **one.bearer())) == [200] * 10 + [429] * 2
    assert await cache_of(one) == "connected"

    await fault(redis)
    async with asyncio.timeout(5):
        assert sorted(await statuses(12, one, **one.bearer())) == [200] * 10 + [429] * 2

        async def is_noticed() -> bool:
            return await cache_of(one) == "unreachable"

        await eventually(is_noticed)
        assert sorted(await statuses(12, one, **one.bearer())) == [200] * 10 + [429] * 2

    await bring_back(redis, fault)

    async def is_back() -> bool:
        return await cache_of(one) == await cache_of(other) == "connected"

    await eventually(is_back, seconds=10)
    assert sorted(await statuses(12, one, other, **one.bearer())) == [200] * 10 + [429] * 2


async def test_strangers_meet_limits_too_when_redis_was_never_there(start_stack: StartStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        stack = await start_stack(redis_url=url, rate_limits="address-minute=3")

        async with aiohttp.ClientSession() as session:
            answered = []
            for _ in range(5):
                async with session.post(f"http://127.0.0.1:{stack.port}/api/v1/auth/login") as response:
                    answered.append(response.status)

        assert answered == [200, 200, 200, 429, 429]
        assert await cache_of(stack) == "unreachable"
