"""What operators watch, as Prometheus metrics: one registry per app, so that several apps fit in one process."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_PORTION_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # up to the time limit of a statement
_LOOP_SAMPLE_SECONDS = 0.25


class ObservedPools(Protocol):
    """What `shared.db.databases.Database` tells of its connection pools."""

    def pool_states(self) -> Mapping[str, Callable[[], Any]]: ...

    def observe_waits(self, callback: Callable[[str, float], None]) -> None: ...


class ObservedTask(Protocol):
    """What `shared.supervision.TaskState` tells of a background task."""

    name: str
    is_running: bool
    is_failing: bool
    failures: int
    restarts: int
    rounds: int
    interval: float

    @property
    def round_age(self) -> float: ...


def set_values(gauge: Gauge, values: Mapping[str, float]) -> None:
    """By label, these and no others: what is gone, or does not answer, must not keep the value that it had last."""
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)


class Metrics:
    """All times are in seconds."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        self._requests: dict[tuple[str, str, int], Histogram] = {}
        self._request_seconds = self._histogram(
            "tessera_http_request_seconds", "Time to answer a request", _LATENCY_BUCKETS, ["method", "route", "status"]
        )
        self.loop_lag = self._histogram(
            "tessera_loop_lag_seconds", "How late the event loop runs a timer", _LAG_BUCKETS
        )
        self.pool_connections = self._gauge(
            "tessera_db_pool_connections", "Database connections by state", ["pool", "state"]
        )
        self.pool_wait = self._histogram(
            "tessera_db_pool_wait_seconds", "Time a unit of work waits for a connection", _LATENCY_BUCKETS, ["pool"]
        )
        self.outbox_age = self._gauge("tessera_outbox_age_seconds", "Age of the oldest event that was not sent yet")
        self.backlog_age = self._gauge(
            "tessera_outbox_backlog_age_seconds",
            "Age of the oldest event that a full queue did not take yet",
            ["queue"],
        )
        self.queue_messages = self._gauge("tessera_queue_messages", "Messages that wait in a durable queue", ["queue"])
        self.inbox_duplicates = self.counter(
            "tessera_inbox_duplicates_total", "Deliveries whose effect was already there", ["consumer"]
        )
        self.consumed = self.counter("tessera_consumed_total", "Deliveries by outcome", ["consumer", "outcome"])
        self.consumer_lag = self._histogram(
            "tessera_consumer_lag_seconds", "Time from an event to its effect", _LATENCY_BUCKETS, ["consumer"]
        )
        self.retention_deleted = self.counter(
            "tessera_retention_deleted_total", "Rows that retention has deleted", ["task"]
        )
        self.retention_portion = self._histogram(
            "tessera_retention_portion_seconds", "Time of one transaction of retention", _PORTION_BUCKETS, ["task"]
        )
        self.retention_overdue = self._gauge(
            "tessera_retention_overdue_seconds", "How long the oldest row should have been deleted", ["task"]
        )
        self.retention_backlog = self._gauge(
            "tessera_retention_backlog_rows", "Rows that should be deleted, counted up to 100,000", ["task"]
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        child = self._requests.get(key)
        if child is None:
            child = self._requests[key] = self._request_seconds.labels(method, route, str(status))
        child.observe(seconds)

    def render(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)

    def watch_pools(self, pools: ObservedPools) -> None:
        """Counts connections by state when scraped, and every wait for one."""
        for name, read in pools.pool_states().items():
            for state in ("idle", "in_use", "waiting"):
                self.pool_connections.labels(name, state).set_function(partial(_read_state, read, state))
        pools.observe_waits(lambda pool, seconds: self.pool_wait.labels(pool).observe(seconds))

    def watch_tasks(self, states: Callable[[], Iterable[ObservedTask]]) -> None:
        """Reads the state of the background tasks when scraped."""
        self.registry.register(_TaskCollector(states))

    async def watch_loop(self) -> None:
        """Measures the loop's lag until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOP_SAMPLE_SECONDS
            await asyncio.sleep(_LOOP_SAMPLE_SECONDS)
            self.loop_lag.observe(max(0.0, loop.time() - due))

    def counter(self, name: str, help_text: str, labels: list[str] | None = None) -> Counter:
        return Counter(name, help_text, labels or [], registry=self.registry)

    def gauge_from(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """A gauge whose value is read when it is scraped."""
        self._gauge(name, help_text).set_function(read)

    def counter_from(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """A counter whose value is read when it is scraped. `name` ends in `_total`."""
        self.registry.register(_ReadCounter(name, help_text, read))

    def _gauge(self, name: str, help_text: str, labels: list[str] | None = None) -> Gauge:
        return Gauge(name, help_text, labels or [], registry=self.registry)

    def _histogram(
        self, name: str, help_text: str, buckets: tuple[float, ...], labels: list[str] | None = None
    ) -> Histogram:
        return Histogram(name, help_text, labels or [], buckets=buckets, registry=self.registry)


def _read_state(read: Callable[[], Any], state: str) -> float:
    return float(getattr(read(), state))


class _ReadCounter(Collector):
    def __init__(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        self._name = name
        self._help_text = help_text
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self._name, self._help_text, value=self._read())


_TASK_METRICS: tuple[tuple[str, str, type[GaugeMetricFamily | CounterMetricFamily]], ...] = (
    ("is_running", "tessera_background_task_running", GaugeMetricFamily),
    ("is_failing", "tessera_background_task_failing", GaugeMetricFamily),
    ("failures", "tessera_background_task_failures", CounterMetricFamily),
    ("restarts", "tessera_background_task_restarts", CounterMetricFamily),
    ("rounds", "tessera_background_task_rounds", CounterMetricFamily),
)


class _TaskCollector(Collector):
    def __init__(self, states: Callable[[], Iterable[ObservedTask]]) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        states = list(self._states())
        for attribute, name, family in _TASK_METRICS:
            metric = family(name, f"Background tasks: {attribute.removeprefix('is_')}", labels=["task"])
            for state in states:
                metric.add_metric([state.name], float(getattr(state, attribute)))
            yield metric
        yield from _rounds(states)


def _rounds(states: Iterable[ObservedTask]) -> Iterator[Metric]:
    """Of periodic tasks: an alert compares the two, and so notices also what neither fails nor ends."""
    interval = GaugeMetricFamily(
        "tessera_background_task_interval_seconds", "Time between two rounds of a periodic task", labels=["task"]
    )
    age = GaugeMetricFamily(
        "tessera_background_task_round_age_seconds", "Time since a periodic task completed a round", labels=["task"]
    )
    for state in states:
        if state.interval:
            interval.add_metric([state.name], state.interval)
            age.add_metric([state.name], state.round_age)
    yield from (interval, age)
