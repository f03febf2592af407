"""A broker that is late, killed, or out of memory: nothing confirmed is lost, order holds, everybody comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from bus_networks import RETRY_DELAYS, Inbox, message, one_by_one, publish_as_a_relay, until

from deploy.local.rabbitmq import RabbitMQNode
from shared.messaging.bus import Binding, Delivery, PublishFailed, QueueSpec
from shared.messaging.rabbitmq.bus import RabbitBus

pytestmark = pytest.mark.slow

TASKS = QueueSpec("reader.events", (Binding("project", "project.task.*"),))
EVERYTHING = [Binding("project", "#")]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RabbitMQNode]:
    async with RabbitMQNode(tmp_path / "rabbitmq") as broker:
        yield broker


@pytest.fixture
async def connect(broker: RabbitMQNode) -> AsyncIterator[Callable[[], RabbitBus]]:
    """Makes nodes that are closed before the broker ends."""
    nodes: list[RabbitBus] = []

    def connect() -> RabbitBus:
        nodes.append(RabbitBus(broker.url, f"node-{len(nodes)}", RETRY_DELAYS))
        return nodes[-1]

    yield connect
    for node in nodes:
        await node.close()


async def test_a_broker_killed_under_load_loses_nothing_confirmed_and_keeps_the_order(
    broker: RabbitMQNode, connect: Callable[[], RabbitBus]
) -> None:
    publisher, reader = connect(), connect()
    inbox, resets, confirmed = Inbox(), [], []
    await reader.consume(TASKS, inbox)
    for node in (publisher, reader):
        await node.start()
        await until(lambda node=node: node.is_connected)
    await reader.tap("live", EVERYTHING, lambda _: None, lambda: resets.append("reset"))
    await until(broker.has_its_queues_on_disk)
    messages = [message("project", str(number).encode()) for number in range(5000)]

    publishing = asyncio.create_task(publish_as_a_relay(publisher, messages, confirmed))
    await until(lambda: len(confirmed) >= 1000)
    await broker.kill()
    await until(lambda: not publisher.is_connected and not reader.is_connected, seconds=2)
    confirmed_before = len(confirmed)
    await broker.start()
    async with asyncio.timeout(60):
        await publishing

    assert confirmed_before < 5000
    await until(lambda: len(set(inbox.bodies)) == 5000, seconds=30)
    assert list(dict.fromkeys(inbox.bodies)) == [sent.body for sent in messages]
    assert resets


async def test_a_broker_that_comes_late_finds_everything_registered(
    broker: RabbitMQNode, connect: Callable[[], RabbitBus]
) -> None:
    await broker.stop()
    node, inbox, tapped, signals, resets = connect(), Inbox(), [], [], []
    started = time.monotonic()
    await node.start()
    await node.consume(TASKS, inbox)
    await node.tap("live", EVERYTHING, tapped.append, lambda: resets.append("reset"))
    await node.on_signal("chat.*", lambda name, _: signals.append(name))
    await node.serve("project", echo)
    with pytest.raises(PublishFailed):
        await node.publish([message("project")])
    assert time.monotonic() - started < 0.5

    await broker.start()
    await until(lambda: node.is_connected)
    await until(lambda: bool(resets))
    await node.publish([message("project", b"at last")])
    await node.send_signal("chat.typing", b"{}")

    assert await node.call("project", "echo", b"hello", deadline=2) == b"hello"
    await until(lambda: (inbox.bodies, tapped, signals) == ([b"at last"], [b"at last"], ["chat.typing"]))
    assert resets == ["reset"]


async def test_requests_signals_and_taps_work_again_after_a_restart(
    broker: RabbitMQNode, connect: Callable[[], RabbitBus]
) -> None:
    asker, answerer, tapped, signals = connect(), connect(), [], []
    for node in (asker, answerer):
        await node.start()
        await until(lambda node=node: node.is_connected)
    await answerer.serve("project", echo)
    await answerer.tap("live", EVERYTHING, tapped.append, lambda: None)
    await answerer.on_signal("chat.*", lambda name, _: signals.append(name))

    await broker.kill()
    await broker.start()
    await until(lambda: asker.is_connected and answerer.is_connected)
    await asker.publish([message("project", b"again")])
    await asker.send_signal("chat.typing", b"{}")

    assert await asker.call("project", "echo", b"hello", deadline=2) == b"hello"
    await until(lambda: tapped == [b"again"] and signals == ["chat.typing"])


async def test_the_message_in_hand_when_the_broker_dies_is_finished_once_and_then_seen_again(
    broker: RabbitMQNode, connect: Callable[[], RabbitBus]
) -> None:
    node, running, most, seen, may_finish = connect(), 0, 0, [], asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        seen.append(delivery.body)
        await may_finish.wait()
        running -= 1
        await delivery.ack()

    await node.consume(TASKS, one_by_one(handle))
    await node.start()
    await until(lambda: node.is_connected)
    await until(broker.has_its_queues_on_disk)
    await node.publish([message("project", b"first"), message("project", b"second")])
    await until(lambda: bool(seen))
    await broker.kill()
    await broker.start()
    await until(lambda: node.is_connected)
    may_finish.set()

    await until(lambda: seen.count(b"first") == 2 and seen[-1] == b"second", seconds=30)
    assert list(dict.fromkeys(seen)) == [b"first", b"second"]
    assert most == 1


@pytest.mark.parametrize(
    ("setting", "short", "enough"),
    [("vm_memory_high_watermark", "0.000001", "0.4"), ("disk_free_limit", "1000000GB", "50MB")],
)
async def test_a_broker_short_of_memory_or_disk_fails_publishing_in_time_but_goes_on_delivering(
    broker: RabbitMQNode, connect: Callable[[], RabbitBus], setting: str, short: str, enough: str
) -> None:
    node, inbox, may_read = connect(), [], asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        await may_read.wait()
        inbox.append(delivery.body)
        await delivery.ack()

    await node.consume(TASKS._replace(prefetch=1), one_by_one(handle))
    await node.start()
    await until(lambda: node.is_connected)
    await node.publish([message("project", str(number).encode()) for number in range(20)])

    await broker.control(f"set_{setting}", short)
    started = time.monotonic()
    with pytest.raises(PublishFailed):
        await node.publish([message("project", b"too much")])
    failed_after = time.monotonic() - started
    may_read.set()
    await until(lambda: len(inbox) == 20)
    await broker.control(f"set_{setting}", enough)

    async with asyncio.timeout(20):
        await publish_as_a_relay(node, [message("project", b"fine again")], [])
    await until(lambda: b"fine again" in inbox)
    assert failed_after < 5


async def echo(operation: str, body: bytes) -> bytes:
    return body
