"""Both buses behind one door, so that each test of the contract runs against each of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from uuid import UUID, uuid4

from shared.messaging.bus import Binding, Bus, DeliveriesHandler, Delivery, OutgoingMessage, PublishFailed, QueueSpec
from shared.messaging.deadletters import DeadLetters, FolderDeadLetters
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.messaging.rabbitmq.dead_letters import RabbitDeadLetters
from shared.testing.eventually import eventually

RETRY_DELAYS = (0.05, 0.2)


class Network(Protocol):
    """Nodes that reach each other. `publisher` and `queue` are names no other test uses."""

    publisher: str
    queue: str

    async def node(self) -> Bus:
        """Started and connected."""

    def dead_letters(self) -> DeadLetters: ...

    async def close(self) -> None: ...


class MemoryNetwork:
    def __init__(self, folder: Path) -> None:
        self.publisher, self.queue = "project", "reader.events"
        self._folder = folder
        self._broker = MemoryBroker(folder)
        self._nodes: list[MemoryBus] = []

    async def node(self) -> Bus:
        node = MemoryBus(self._broker)
        self._nodes.append(node)
        await node.start()
        return node

    def dead_letters(self) -> DeadLetters:
        return FolderDeadLetters(self._folder)

    async def close(self) -> None:
        for node in self._nodes:
            await node.close()


class RabbitNetwork:
    def __init__(self, url: str) -> None:
        self.publisher, self.queue = f"project-{token_hex(4)}", f"reader-{token_hex(4)}.events"
        self._url = url
        self._nodes: list[RabbitBus] = []

    async def node(self) -> Bus:
        node = RabbitBus(self._url, f"test-{token_hex(2)}", RETRY_DELAYS)
        self._nodes.append(node)
        await node.start()
        await until(lambda: node.is_connected)
        return node

    def dead_letters(self) -> DeadLetters:
        return RabbitDeadLetters(self._url, [self.queue])

    async def close(self) -> None:
        for node in self._nodes:
            await node.close()


class Inbox:
    """A handler that keeps the bodies it was given, in order."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.bodies.append(delivery.body)
            await delivery.ack()


def one_by_one(handle: Callable[[Delivery], Awaitable[None]]) -> DeliveriesHandler:
    """One after the other."""

    async def handle_all(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await handle(delivery)

    return handle_all


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Long enough for a broker that comes back."""
    await eventually(condition, within=seconds)


async def publish_as_a_relay(bus: Bus, messages: list[OutgoingMessage], confirmed: list[UUID]) -> None:
    """In batches; after a failure again from the first one that was not confirmed."""
    while len(confirmed) < len(messages):
        batch = messages[len(confirmed) : len(confirmed) + 200]
        try:
            await bus.publish(batch)
        except PublishFailed as failure:
            confirmed += [sent.id for sent in batch[: failure.confirmed]]
            await asyncio.sleep(0.05)
        else:
            confirmed += [sent.id for sent in batch]


def message(service: str, body: bytes = b"{}", type_name: str = "project.task.updated") -> OutgoingMessage:
    return OutgoingMessage(service, type_name, uuid4(), body)


def numbered(service: str, count: int) -> list[OutgoingMessage]:
    return [message(service, str(number).encode()) for number in range(count)]


def tasks_of(network: Network) -> QueueSpec:
    return QueueSpec(network.queue, (Binding(network.publisher, "project.task.*"),))
