"""The reference client against a real node: what it remembers carries it over lost connections."""

import asyncio

import pytest
from realtime_fakes import some_principal, unix_now

from shared.events.auth import SessionRevoked
from shared.testing.live_client import LiveClient
from shared.testing.live_reader import LiveClosed, SubscriptionRefused

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"


async def test_a_lost_connection_costs_no_event(server, keeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    async with LiveClient(f"ws://127.0.0.1:{server.port}/ws", auth.token(anna), in_frame=True) as live:
        await live.subscribe(TOPIC)

        for _ in range(5):
            for _ in range(3):
                await keeper.publish(anna.tenant_id, TOPIC)
            await live.drop_connection()
            await keeper.publish(anna.tenant_id, TOPIC)
            async with asyncio.timeout(3.0):
                heard = [(await live.next()).offset for _ in range(4)]
            assert heard == list(range(heard[0], heard[0] + 4))

    assert heard[-1] == 20
    assert all(answer.recovered for answer in live.recoveries[1:])


async def test_a_refusal_reaches_the_one_who_asked(server, keeper, auth) -> None:
    async with LiveClient(f"ws://127.0.0.1:{server.port}/ws", auth.token(some_principal()), in_frame=True) as live:
        with pytest.raises(SubscriptionRefused, match="TOPIC_NOT_FOUND"):
            await live.subscribe(TOPIC)


async def test_a_revoked_session_ends_the_client(server, keeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    async with LiveClient(f"ws://127.0.0.1:{server.port}/ws", auth.token(anna), in_frame=True) as live:
        await live.subscribe(TOPIC)
        revoked = SessionRevoked(
            session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout"
        )
        await auth.publish(revoked)

        with pytest.raises(LiveClosed, match="4009"):
            await live.next()
