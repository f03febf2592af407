"""What operators watch of live connections, beside the metrics every service has."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

from shared.telemetry.metrics import Metrics

_FAN_OUT_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 1.0)
_LAG_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class LiveMetrics:
    """All times are in seconds, all sizes in bytes."""

    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self._metrics = metrics
        self.connections = Gauge("tessera_live_connections", "Open sockets", ["dialect"], registry=registry)
        self.frames_in = Counter("tessera_live_frames_in_total", "Frames heard", registry=registry)
        self.frames_out = Counter("tessera_live_frames_out_total", "Frames written", registry=registry)
        self.shed = Counter("tessera_live_shed_total", "Frames left out for slow readers", registry=registry)
        self.closes = Counter("tessera_live_closes_total", "Sockets gone, by code", ["code"], registry=registry)
        self.recoveries = Counter(
            "tessera_live_recoveries_total", "Subscriptions that came back, by result", ["result"], registry=registry
        )
        self.gap_repairs = Counter(
            "tessera_live_gap_repairs_total",
            "Streams compared with their keeper, by result",
            ["result"],
            registry=registry,
        )
        self.unreadable = Counter("tessera_live_unreadable_total", "Messages that were no event", registry=registry)
        self.fan_out = Histogram(
            "tessera_live_fan_out_seconds",
            "From a message to its last reader's buffer",
            buckets=_FAN_OUT_BUCKETS,
            registry=registry,
        )
        self.delivery_lag = Histogram(
            "tessera_live_delivery_lag_seconds",
            "From an event's time to its delivery",
            buckets=_LAG_BUCKETS,
            registry=registry,
        )

    def watch(self, *, topics: Callable[[], float], buffered: Callable[[], float]) -> None:
        """Read when they are scraped."""
        self._metrics.gauge_from("tessera_live_topics", "Topics somebody follows", topics)
        self._metrics.gauge_from("tessera_live_buffered_bytes", "Bytes waiting for slow readers", buffered)
