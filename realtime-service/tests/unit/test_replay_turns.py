"""Replays of a tenant wait for each other and for nobody else."""

import asyncio

from realtime_service.replay_turns import ReplayTurns
from shared.ids import new_id


async def test_replays_of_one_tenant_are_bounded_and_another_does_not_wait() -> None:
    turns, crowded, calm = ReplayTurns(at_once=2), new_id(), new_id()
    release, running = asyncio.Event(), 0

    async def replay() -> None:
        nonlocal running
        async with turns.of(crowded):
            running += 1
            await release.wait()

    replays = [asyncio.create_task(replay()) for _ in range(5)]
    async with turns.of(calm):
        await asyncio.sleep(0)

    assert (running, len(turns)) == (2, 1)
    replays[0].cancel()
    replays[4].cancel()
    release.set()
    await asyncio.gather(*replays, return_exceptions=True)
    assert (running, len(turns)) == (4, 0)
