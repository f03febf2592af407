"""Names and declarations at RabbitMQ. Declaring something twice is harmless, declaring it differently is an error.

Limits of length or deliveries are left to the operator's policies: arguments of a queue can never be changed.
"""

from collections.abc import Sequence

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue
from pamqp.common import Arguments

from shared.messaging.bus import MAX_REQUEST_DEADLINE, Binding, QueueSpec
from shared.messaging.queues import dead_queue_of

DECLARE_TIMEOUT = 5.0

ATTEMPT_HEADER = "x-tessera-attempt"
FIRST_FAILED_HEADER = "x-tessera-first-failed"
REASON_HEADER = "x-tessera-reason"
DIED_HEADER = "x-tessera-died"
TRACEPARENT_HEADER = "traceparent"
OWN_HEADERS = {ATTEMPT_HEADER, FIRST_FAILED_HEADER, REASON_HEADER, DIED_HEADER, TRACEPARENT_HEADER}
BUDGET_HEADER = "x-tessera-budget-ms"
FAILED_HEADER = "x-tessera-failed"

SIGNALS_EXCHANGE = "tessera.signals"
NODE_QUEUE_LENGTH = 100_000
"""Messages kept for a node that does not read, before the oldest are thrown away."""

NODE_QUEUE_BYTES = 64 * 1024 * 1024
"""The same in bytes: what is thrown away is missed like anything else, and read again from the event log."""

REQUEST_QUEUE_LENGTH = 10_000
"""Requests that wait for a service. They expire within two seconds, and a service answers less than that in the time:
whoever asks beyond it is told at once that the service is not reachable."""

REQUEST_QUEUE_BYTES = 64 * 1024 * 1024

DEAD_QUEUE_DELIVERY_LIMIT = 1_000_000_000
"""Looking at a dead letter counts as a delivery, and newer brokers throw a message away after twenty."""


def exchange_of(service: str) -> str:
    return f"tessera.{service}"


def selected_exchange_of(service: str) -> str:
    """For events that some queues must not get: the publisher names those that do, by the keys of the next two."""
    return f"tessera.{service}.selected"


def key_for_queue(queue: str, event_type: str) -> str:
    """At the exchange of selected events; `event_type` may be a pattern, in a binding."""
    return f"to.{queue}.{event_type}"


def key_for_nodes(event_type: str) -> str:
    """The same for the queues of single nodes, which lose what they have no room for and refuse nothing."""
    return f"live.{event_type}"


def request_queue_of(service: str) -> str:
    return f"tessera.requests.{service}"


async def declare_exchange(channel: AbstractChannel, name: str) -> AbstractExchange:
    return await channel.declare_exchange(name, ExchangeType.TOPIC, durable=True, timeout=DECLARE_TIMEOUT)


async def declare_consumer_queue(channel: AbstractChannel, spec: QueueSpec) -> AbstractQueue:
    """The queue and its dead letters. A message over a policy's delivery limit ends among them too."""
    dead = await declare_dead_queue(channel, spec.name)
    arguments: Arguments = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead.name,
    }
    queue = await channel.declare_queue(spec.name, durable=True, arguments=arguments, timeout=DECLARE_TIMEOUT)
    await bind(channel, queue, spec.bindings)
    return queue


async def declare_dead_queue(channel: AbstractChannel, queue: str) -> AbstractQueue:
    arguments: Arguments = {"x-queue-type": "quorum", "x-delivery-limit": DEAD_QUEUE_DELIVERY_LIMIT}
    return await channel.declare_queue(dead_queue_of(queue), durable=True, arguments=arguments, timeout=DECLARE_TIMEOUT)


async def declare_delay_queue(channel: AbstractChannel, queue: str, delay_seconds: float) -> AbstractQueue:
    """Holds a message for the delay, then hands it to `queue`, and keeps it until that one has it."""
    milliseconds = round(delay_seconds * 1000)
    arguments: Arguments = {
        "x-queue-type": "quorum",
        "x-message-ttl": milliseconds,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    name = f"{queue}.retry.{milliseconds}ms"
    return await channel.declare_queue(name, durable=True, arguments=arguments, timeout=DECLARE_TIMEOUT)


async def declare_node_queue(channel: AbstractChannel, name: str) -> AbstractQueue:
    """Gone with its connection. Needs a new name each time: a lost one stays locked until the broker notices."""
    arguments: Arguments = {"x-max-length": NODE_QUEUE_LENGTH, "x-max-length-bytes": NODE_QUEUE_BYTES}
    return await channel.declare_queue(name, exclusive=True, arguments=arguments, timeout=DECLARE_TIMEOUT)


async def declare_request_queue(channel: AbstractChannel, service: str) -> AbstractQueue:
    """Shared by a service's replicas and gone with the last one, so that an absent service is noticed at once."""
    arguments: Arguments = {"x-message-ttl": round(MAX_REQUEST_DEADLINE * 1000)}
    return await channel.declare_queue(
        request_queue_of(service), durable=True, auto_delete=True, arguments=arguments, timeout=DECLARE_TIMEOUT
    )


async def bind(channel: AbstractChannel, queue: AbstractQueue, bindings: Sequence[Binding]) -> None:
    """A consumer's queue. Declares the exchanges too: whoever comes first, publisher or listener, makes them."""
    for service in dict.fromkeys(binding.service for binding in bindings):
        await declare_exchange(channel, exchange_of(service))
        await declare_exchange(channel, selected_exchange_of(service))
    for service, pattern in bindings:
        await queue.bind(exchange_of(service), pattern, timeout=DECLARE_TIMEOUT)
        key = key_for_queue(queue.name, pattern)
        await queue.bind(selected_exchange_of(service), key, timeout=DECLARE_TIMEOUT)
