"""The node's one event queue: every service's events, each read once and told to whom it concerns."""

from collections.abc import Callable
from typing import Any

import msgspec

from realtime_service.events import topic_events
from realtime_service.hub import Hub
from realtime_service.metrics import LiveMetrics
from shared.clock import Clock
from shared.events.envelope import Envelope, Event, decode
from shared.events.registry import InvalidEvent, Registry, UnknownEvent
from shared.events.topics import KEEPERS
from shared.messaging.bus import Binding, Bus
from shared.telemetry.logs import get_logger

QUEUE = "realtime"

log = get_logger()


class Feed:
    def __init__(self, hub: Hub, registry: Registry, metrics: LiveMetrics, clock: Clock) -> None:
        self._hub = hub
        self._registry = registry
        self._metrics = metrics
        self._clock = clock
        self._handlers: dict[str, list[Callable[[Any, Envelope], None]]] = {}

    def on(self, contract: type[Event], handler: Callable[[Any, Envelope], None]) -> None:
        """Handlers run before the event reaches any topic."""
        self._handlers.setdefault(contract.type, []).append(handler)

    async def connect(self, bus: Bus) -> None:
        bindings = [Binding(service, "#") for service in sorted(set(KEEPERS.values()))]
        await bus.tap(QUEUE, bindings, self.hear, self._hub.suspect_all)

    def hear(self, body: bytes) -> None:
        """Never raises: one unreadable message must not stop the ones behind it."""
        try:
            envelope = decode(body)
            self._tell_handlers(envelope)
            self._tell_topics(envelope)
        except (msgspec.DecodeError, InvalidEvent, UnknownEvent):
            self._metrics.unreadable.inc()
            log.warning("an event could not be read")
        except Exception:
            log.exception("an event could not be delivered")

    def _tell_handlers(self, envelope: Envelope) -> None:
        if handlers := self._handlers.get(envelope.type):
            event = self._registry.read(envelope)
            for handler in handlers:
                handler(event, envelope)

    def _tell_topics(self, envelope: Envelope) -> None:
        tenant_id = envelope.tenantid
        if tenant_id is None or not any(self._hub.follows(tenant_id, place.topic) for place in envelope.topics):
            return
        for event in topic_events(envelope, self._registry):
            self._hub.accept(event)
        self._metrics.delivery_lag.observe(max(0.0, (self._clock.now() - envelope.time).total_seconds()))
