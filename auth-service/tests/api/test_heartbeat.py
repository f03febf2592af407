"""Listeners hear auth-service even when nothing happens, and hear how far behind it is."""

import asyncio

import pytest
from auth_client import RunAuth
from auth_fakes import SettableClock

from auth_service.heartbeat import Heart
from shared.db.databases import Database
from shared.events.auth import Heartbeat
from shared.events.envelope import decode
from shared.events.registry import default_registry
from shared.messaging.bus import Binding, PublishFailed
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker


async def test_a_running_service_is_heard(run_auth: RunAuth, database: Database, bus: MemoryBus) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    await bus.tap("test", [Binding("auth", Heartbeat.type)], heard.put_nowait, lambda: None)

    async with run_auth(database), asyncio.timeout(5):
        beat = default_registry().read(decode(await heard.get()))

    assert beat == Heartbeat(unsent_seconds=0.0)


async def test_what_waits_to_be_sent_is_told(bus: MemoryBus) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    await bus.tap("test", [Binding("auth", Heartbeat.type)], heard.put_nowait, lambda: None)

    await Heart("auth", bus, late, SettableClock()).beat()

    assert default_registry().read(decode(await heard.get())) == Heartbeat(unsent_seconds=7.5)


async def test_without_a_broker_there_is_silence() -> None:
    broker = MemoryBroker()
    bus = MemoryBus(broker)
    await bus.start()
    broker.interrupt()

    with pytest.raises(PublishFailed):
        await Heart("auth", bus, late, SettableClock()).beat()
    await bus.close()


async def late() -> float:
    return 7.5
