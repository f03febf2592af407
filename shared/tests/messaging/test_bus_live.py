"""What is heard at once and kept by nobody: taps and signals."""

import contextvars

from bus_networks import Network, message, numbered, until

from shared.messaging.bus import Binding
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.messaging.signals import Signal, Signals


class TypingStarted(Signal, frozen=True, kw_only=True):
    name = "chat.typing"
    user: str


def ignore(*_: object) -> None:
    """For callbacks a test does not look at."""


async def test_a_tap_hears_every_message_in_order(network: Network) -> None:
    node, heard = await network.node(), []
    await node.tap("live", [Binding(network.publisher, "#")], heard.append, ignore)

    await node.publish(numbered(network.publisher, 500))

    await until(lambda: len(heard) == 500)
    assert heard == [str(number).encode() for number in range(500)]


async def test_every_node_has_a_tap_of_its_own(network: Network) -> None:
    nodes, heard = [await network.node(), await network.node()], ([], [])
    for node, bodies in zip(nodes, heard, strict=True):
        await node.tap("live", [Binding(network.publisher, "project.task.*")], bodies.append, ignore)

    await nodes[0].publish([message(network.publisher, b"for both")])

    await until(lambda: heard == ([b"for both"], [b"for both"]))


async def test_a_tap_placed_at_once_has_missed_nothing_and_is_not_reset(network: Network) -> None:
    node, heard, resets = await network.node(), [], []
    await node.tap("live", [Binding(network.publisher, "#")], heard.append, lambda: resets.append("reset"))

    await node.publish([message(network.publisher, b"first")])

    await until(lambda: heard == [b"first"])
    assert resets == []


async def test_a_tap_that_raises_goes_on_hearing(network: Network) -> None:
    node, heard = await network.node(), []

    def hear(body: bytes) -> None:
        heard.append(body)
        if body == b"0":
            raise RuntimeError("a bug")

    await node.tap("live", [Binding(network.publisher, "#")], hear, ignore)
    await node.publish(numbered(network.publisher, 2))

    await until(lambda: heard == [b"0", b"1"])


async def test_a_tap_does_not_run_inside_the_publishers_context() -> None:
    transaction: contextvars.ContextVar[str] = contextvars.ContextVar("transaction", default="none")
    node, seen = MemoryBus(), []
    await node.start()
    await node.tap("live", [Binding("project", "#")], lambda _: seen.append(transaction.get()), ignore)

    transaction.set("the publisher's")
    await node.publish([message("project")])

    await until(lambda: bool(seen))
    await node.close()
    assert seen == ["none"]


async def test_an_interrupted_memory_broker_resets_its_taps_when_it_is_back() -> None:
    broker, resets = MemoryBroker(), []
    node = MemoryBus(broker)
    await node.start()
    await node.tap("live", [Binding("project", "#")], ignore, lambda: resets.append("reset"))

    broker.interrupt()
    was_connected = node.is_connected
    broker.restore()

    await until(lambda: resets == ["reset"])
    await node.close()
    assert not was_connected


async def test_a_signal_reaches_every_node_the_senders_included(network: Network) -> None:
    nodes, heard = [await network.node(), await network.node()], []
    for node in nodes:
        await Signals(node).on(TypingStarted, heard.append)

    await Signals(nodes[0]).send(TypingStarted(user=network.publisher))

    await until(lambda: heard == [TypingStarted(user=network.publisher)] * 2)


async def test_signals_arrive_in_the_order_a_node_sent_them(network: Network) -> None:
    node, heard = await network.node(), []
    await node.on_signal("count.*", lambda _, body: heard.append(body))

    for number in range(100):
        await node.send_signal("count.up", str(number).encode())

    await until(lambda: len(heard) == 100)
    assert heard == [str(number).encode() for number in range(100)]


async def test_a_signal_that_does_not_fit_its_contract_is_ignored(network: Network) -> None:
    node, heard = await network.node(), []
    await Signals(node).on(TypingStarted, heard.append)

    await node.send_signal("chat.typing", b'{"user": 1}')
    await Signals(node).send(TypingStarted(user="ann"))

    await until(lambda: heard == [TypingStarted(user="ann")])


async def test_sending_a_signal_without_a_broker_does_nothing() -> None:
    away = RabbitBus("amqp://guest:guest@127.0.0.1:1/", "lonely")
    await away.start()

    await away.send_signal("chat.typing", b"{}")

    await away.close()
    assert not away.is_connected
