"""Replays of a tenant wait for each other and for nobody else."""

import asyncio
from uuid import UUID

from realtime_service.replay_turns import ReplayTurns
from shared.ids import new_id
from shared.principal import Principal, Role


def user_of(tenant_id: UUID) -> Principal:
    return Principal(user_id=new_id(), tenant_id=tenant_id, session_id=new_id(), role=Role.DEVELOPER)


async def test_replays_of_one_tenant_are_bounded_and_another_does_not_wait() -> None:
    turns, crowded = ReplayTurns(of_tenant=2), new_id()
    release, running = asyncio.Event(), 0

    async def replay() -> None:
        nonlocal running
        async with turns.of(user_of(crowded)):
            running += 1
            await release.wait()

    replays = [asyncio.create_task(replay()) for _ in range(5)]
    async with turns.of(user_of(new_id())):
        await asyncio.sleep(0)

    assert (running, len(turns)) == (2, 1)
    replays[0].cancel()
    replays[4].cancel()
    release.set()
    await asyncio.gather(*replays, return_exceptions=True)
    assert (running, len(turns)) == (4, 0)


async def test_one_user_leaves_turns_of_the_tenant_to_the_others() -> None:
    turns, tenant = ReplayTurns(of_user=2, of_tenant=3), new_id()
    greedy, modest = user_of(tenant), user_of(tenant)
    release = asyncio.Event()

    async def replay() -> None:
        async with turns.of(greedy):
            await release.wait()

    replays = [asyncio.create_task(replay()) for _ in range(10)]
    await asyncio.sleep(0)
    async with asyncio.timeout(1), turns.of(modest):
        pass

    release.set()
    await asyncio.gather(*replays)
    assert len(turns) == 0
