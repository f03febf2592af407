"""The seam to the message broker: what may be asked of a bus, whichever adapter (memory, RabbitMQ) stands behind it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol
from uuid import UUID

from shared.errors import Unavailable, UpstreamError, UpstreamTimeout
from shared.supervision import Supervisor

RETRY_DELAYS = (1.0, 5.0, 30.0, 120.0)
"""Seconds. A broker can only wait for fixed times; a request for another one is rounded up to the next of these."""

PUBLISH_TIMEOUT = 3.0
"""Seconds a message may stay unconfirmed: long enough for a leader election, short enough to hold a lock over."""

MAX_ATTEMPTS = 5
"""Tries of a message that fails by a defect, before it is a dead letter."""

BATCH_BYTES = 4 * 1024 * 1024
"""Of messages that a handler is given together; a message that begins below it may end above."""

MAX_REQUEST_DEADLINE = 2.0
"""Seconds a request may last at most: somebody waits behind an HTTP call for its answer."""


class OutgoingMessage(NamedTuple):
    """`service` names the exchange (`tessera.<service>`), `type` is the routing key.

    `withheld_from`: names of the queues that must not get it now, because earlier messages still wait for them.
    """

    service: str
    type: str
    id: UUID
    body: bytes
    traceparent: str | None = None
    withheld_from: frozenset[str] = frozenset()


class Offered(NamedTuple):
    """What became of messages that were offered: the first `number` are wherever they belong, but for full queues.

    `refused` names, by message id, the queues that had no room for one of them.
    """

    number: int
    refused: Mapping[UUID, frozenset[str]]


class Binding(NamedTuple):
    """`pattern` is an AMQP topic pattern over the event type: `*` is one word, `#` any number of words."""

    service: str
    pattern: str


class QueueSpec(NamedTuple):
    """`prefetch` is how many messages a consumer takes in hand at once, at most."""

    name: str
    bindings: tuple[Binding, ...]
    prefetch: int = 64


class Delivery(Protocol):
    """One message in hand. Its handler settles it exactly once, by one of the three methods."""

    @property
    def body(self) -> bytes: ...

    @property
    def type(self) -> str: ...

    @property
    def message_id(self) -> UUID: ...

    @property
    def attempt(self) -> int:
        """1 for the first try, raised by each counted retry."""

    @property
    def first_failed(self) -> datetime | None:
        """When it was first put off, counted or not; None before that."""

    async def ack(self) -> None: ...

    async def retry(self, delay_seconds: float, *, counted: bool = True) -> None:
        """Deliver again later, behind what waits by then. `counted=False` keeps `attempt` as it is."""

    async def dead_letter(self, reason: str) -> None:
        """Put aside in `<queue>.dead` with `reason`, which operators read: no payload in it."""


class PublishFailed(Exception):
    """Not every message was confirmed. The first `confirmed` of them are safe; any of the others may be stored too.

    `refused` is as in `Offered`, for those that are safe.
    """

    def __init__(
        self, reason: str, confirmed: int = 0, refused: Mapping[UUID, frozenset[str]] = MappingProxyType({})
    ) -> None:
        super().__init__(reason)
        self.confirmed = confirmed
        self.refused = refused


class RequestTimeout(UpstreamTimeout):
    message = "A service behind this address took too long to answer."


class ServiceUnreachable(Unavailable):
    message = "A service behind this address is not reachable just now."


class RequestFailed(UpstreamError):
    message = "A service behind this address failed to answer properly."


DeliveriesHandler = Callable[[Sequence[Delivery]], Awaitable[None]]
RequestHandler = Callable[[str, bytes], Awaitable[bytes]]
SignalHandler = Callable[[str, bytes], None]
MessageCallback = Callable[[bytes], None]
ResetCallback = Callable[[], None]


class Bus(Protocol):
    """One node's door to the broker.

    Everything may be called before `start` and while the broker is away: what is registered takes effect as soon as
    it is reachable.
    """

    async def start(self) -> None:
        """Begin connecting. Returns at once, whether the broker is up or not."""

    async def close(self) -> None:
        """Let go of the broker. Deliveries still in hand are cancelled and delivered again later."""

    @property
    def tasks(self) -> Supervisor:
        """Keeps the bus's own background tasks."""

    @property
    def is_connected(self) -> bool:
        """Whether everything registered is in place at the broker right now."""

    @property
    def is_forgetful(self) -> bool:
        """Whether messages that were accepted but not consumed are lost with this process."""

    @property
    def queues(self) -> Sequence[str]:
        """The durable queues a publisher may find full, and whose messages it then keeps."""

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        """Publish in order. Returns when each message is in every queue bound to it; PublishFailed otherwise."""

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        """Publish in order to every queue bound to a message that has room; a full one delays no other.

        Ends early behind a message that was refused. Raises PublishFailed when the broker fails.
        """

    async def offer_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> int:
        """Publish in order to one of `queues`, where it is bound; how many, from the first on, it has taken.

        Raises PublishFailed when the broker fails.
        """

    async def queue_depths(self) -> Mapping[str, int]:
        """How many messages wait in each of `queues` that exists, and among its dead letters where the broker has them.

        Empty while the broker is away.
        """

    async def consume(self, queue: QueueSpec, handler: DeliveriesHandler) -> None:
        """Deliver from a durable queue: what waits there, in order, and no more until the handler is through with it.

        What the handler leaves unsettled comes again later.
        """

    async def tap(
        self, name: str, bindings: Sequence[Binding], on_message: MessageCallback, on_reset: ResetCallback
    ) -> None:
        """Hear every matching message on this node, in order, from when `tap` returns.

        `on_reset` is called each time the tap is put in place later than that: something may have been missed.
        """

    async def serve(self, service: str, handler: RequestHandler) -> None:
        """Answer requests to `service` with `await handler(operation, body)`; a handler past its deadline is cancelled.

        What the handler raises stays on this node, in its log; the asker gets RequestFailed.
        """

    async def call(self, service: str, operation: str, body: bytes, *, deadline: float) -> bytes:
        """Ask one replica. Raises RequestTimeout, ServiceUnreachable or RequestFailed, within `deadline` seconds."""

    async def send_signal(self, name: str, body: bytes) -> None:
        """Tell every node that listens. Nothing is kept and nothing is raised when the broker is away."""

    async def on_signal(self, pattern: str, handler: SignalHandler) -> None:
        """Hear signals whose name matches the topic `pattern`, this node's own included."""

    async def stop_consuming(self) -> None:
        """Drain: take no more messages or requests, return when those in hand are settled. Publishing goes on."""
