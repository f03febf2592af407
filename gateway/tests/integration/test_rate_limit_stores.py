"""Both stores keep the same promises: exact at the boundary, all windows or none, given back where it was taken."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import uuid4

import pytest
from gateway_stack import eventually
from rate_limit_model import joint_plan, plan_of
from redis.asyncio import Redis

from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Plan, Window
from gateway.rate_limit.redis_store import RedisStore, StoreAway
from gateway.rate_limit.usage import Verdict, tightest

Take = Callable[[Plan, Sequence[str]], Awaitable[Verdict]]
T = TypeVar("T")
MINUTE = 60_000


async def settled(outcome: T | Awaitable[T]) -> T:
    return await outcome if inspect.isawaitable(outcome) else outcome


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[MemoryStore | RedisStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    redis = RedisStore(request.getfixturevalue("redis_url"))
    yield redis
    await redis.close()


@pytest.fixture
def take(store: MemoryStore | RedisStore) -> Take:
    async def take(plan: Plan, subjects: Sequence[str]) -> Verdict:
        return await settled(store.take(plan, subjects))

    return take


def somebody() -> str:
    return uuid4().hex


async def test_exactly_the_quota_passes_of_two_hundred_at_once(take: Take) -> None:
    plan, subject = plan_of(Window("minute", 100, MINUTE)), somebody()

    verdicts = await asyncio.gather(*(take(plan, (subject,)) for _ in range(200)))

    assert sum(verdict.has_passed for verdict in verdicts) == 100


async def test_all_windows_are_counted_or_none(take: Take) -> None:
    plan = joint_plan(Window("own", 1, MINUTE), Window("shared", 3, MINUTE))
    ada, bea, cem, dan, acme = (somebody() for _ in range(5))

    of_ada = [(await take(plan, (ada, acme))).has_passed for _ in range(10)]
    of_others = [(await take(plan, (user, acme))).has_passed for user in (bea, cem, dan)]

    assert of_ada == [True] + [False] * 9
    assert of_others == [True, True, False]


async def test_the_tightest_window_is_told(take: Take) -> None:
    plan, subject = plan_of(Window("minute", 5, MINUTE), Window("hour", 3, 60 * MINUTE)), somebody()

    told = []
    for _ in range(4):
        verdict = await take(plan, (subject,))
        told.append(tightest(plan, verdict))

    assert [(one.name, one.left) for one in told] == [("hour", 2), ("hour", 1), ("hour", 0), ("hour", 0)]
    assert 3_600 <= told[-1].seconds <= 4_801


async def test_quota_comes_back_after_the_window(take: Take) -> None:
    plan, subject = plan_of(Window("second", 4, 1_000)), somebody()
    for _ in range(4):
        assert (await take(plan, (subject,))).has_passed
    assert not (await take(plan, (subject,))).has_passed

    async def passes() -> bool:
        return (await take(plan, (subject,))).has_passed

    await eventually(passes)
    assert not await passes()


async def test_what_is_given_back_counts_nowhere(store: MemoryStore | RedisStore, take: Take) -> None:
    plan = joint_plan(Window("own", 2, MINUTE), Window("shared", 2, MINUTE))
    subjects = (somebody(), somebody())

    for _ in range(5):
        verdict = await take(plan, subjects)
        assert verdict.has_passed
        await settled(store.give_back(plan, subjects, verdict.at))

    last = await take(plan, subjects)
    assert last.left == [[1], [1]]


async def test_redis_forgets_whoever_has_gone(redis_url: str) -> None:
    store, subject = RedisStore(redis_url), somebody()
    await store.take(plan_of(Window("second", 5, 1_000), Window("minute", 5, MINUTE)), (subject,))

    async with Redis.from_url(redis_url) as redis:
        [key] = [key async for key in redis.scan_iter(f"tessera:limit:*{subject}", count=10_000)]
        assert 0 < await redis.pttl(key) <= 2 * MINUTE
    await store.close()


async def test_two_connections_share_their_counts(redis_url: str) -> None:
    one, other, plan, subject = (
        RedisStore(redis_url),
        RedisStore(redis_url),
        plan_of(Window("m", 2, MINUTE)),
        somebody(),
    )

    verdicts = [await store.take(plan, (subject,)) for store in (one, other, one)]

    assert [verdict.has_passed for verdict in verdicts] == [True, True, False]
    await one.close()
    await other.close()


async def test_a_script_that_redis_has_forgotten_is_sent_again(redis_url: str) -> None:
    store = RedisStore(redis_url)
    async with Redis.from_url(redis_url) as redis:
        await redis.script_flush()

    assert (await store.take(plan_of(Window("m", 1, MINUTE)), (somebody(),))).has_passed
    await store.close()


async def test_a_loop_that_was_busy_itself_takes_no_answer_for_missing(redis_url: str) -> None:
    store = RedisStore(redis_url)
    taking = asyncio.create_task(store.take(plan_of(Window("m", 1, MINUTE)), (somebody(),)))
    asyncio.get_running_loop().call_later(0.001, time.sleep, 0.3)

    assert (await taking).has_passed
    await store.close()


async def test_a_server_that_speaks_something_else_is_away() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        store = RedisStore(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        with pytest.raises(StoreAway):
            await store.take(plan_of(Window("m", 1, MINUTE)), (somebody(),))
        await store.close()
