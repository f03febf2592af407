"""Connections cut at random moments, many times: every task of the bus survives, nothing is lost, order holds."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from bus_networks import RETRY_DELAYS, RabbitNetwork, message, one_by_one, publish_as_a_relay, tasks_of, until
from cut_wire import Wire, wire_to

from shared.messaging.bus import Binding, Delivery, RequestTimeout, ServiceUnreachable
from shared.messaging.rabbitmq.bus import RabbitBus

pytestmark = pytest.mark.slow

CUTS = 25


@pytest.fixture
async def wire(amqp_url: str) -> AsyncIterator[Wire]:
    async with wire_to(amqp_url) as wire:
        yield wire


@pytest.fixture
def names(amqp_url: str) -> RabbitNetwork:
    return RabbitNetwork(amqp_url)


@pytest.fixture
async def bus(wire: Wire) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(wire.url, "cut", RETRY_DELAYS)
    await bus.start()
    await until(lambda: bus.is_connected)
    yield bus
    await bus.close()


async def cut_often(wire: Wire, bus: RabbitBus, seed: int) -> None:
    """Also while a connection is only just being made."""
    moments = random.Random(seed)
    for _ in range(CUTS):
        if moments.random() < 0.5:
            await until(lambda: bus.is_connected, seconds=30)
        await asyncio.sleep(moments.uniform(0, 0.25))
        wire.cut()


@pytest.mark.parametrize("seed", [1, 2])
async def test_everything_arrives_in_order_and_every_retry_comes_back(
    names: RabbitNetwork, wire: Wire, bus: RabbitBus, seed: int
) -> None:
    settled, first_tries, resets = set(), [], []
    messages = [message(names.publisher, str(number).encode()) for number in range(3000)]

    async def handle(delivery: Delivery) -> None:
        first_tries.append(delivery.body)
        if int(delivery.body) % 100 == 0 and delivery.attempt == 1:
            await delivery.retry(0.05)
        elif int(delivery.body) % 250 == 1:
            await delivery.dead_letter("ValueError: no.")
            settled.add(delivery.body)
        else:
            await delivery.ack()
            settled.add(delivery.body)

    await bus.consume(tasks_of(names), one_by_one(handle))
    await bus.tap("live", [Binding(names.publisher, "#")], lambda _: None, lambda: resets.append("reset"))
    cutting = asyncio.create_task(cut_often(wire, bus, seed))
    while not cutting.done():
        for start in range(0, 3000, 1000):
            await publish_as_a_relay(bus, messages[start : start + 1000], [])
    await cutting

    await until(lambda: len(settled) == 3000, seconds=30)
    await until(lambda: bus.is_connected)
    assert list(dict.fromkeys(first_tries)) == [sent.body for sent in messages]
    assert resets
    dead = {letter.body for letter in await names.dead_letters().read()}
    assert dead == {str(number).encode() for number in range(3000) if number % 250 == 1}


async def test_requests_and_signals_fail_in_time_and_work_again(
    names: RabbitNetwork, wire: Wire, bus: RabbitBus
) -> None:
    async def echo(_: str, body: bytes) -> bytes:
        return body

    await bus.serve(names.publisher, echo)
    cutting = asyncio.create_task(cut_often(wire, bus, seed=3))
    answered = 0
    while not cutting.done():
        try:
            async with asyncio.timeout(1):
                answered += await bus.call(names.publisher, "echo", b"hello", deadline=0.5) == b"hello"
        except (RequestTimeout, ServiceUnreachable):
            continue
        await bus.send_signal("chat.typing", b"{}")
    await cutting

    await until(lambda: bus.is_connected)
    assert await bus.call(names.publisher, "echo", b"still", deadline=2) == b"still"
    assert answered
