"""What operators see of jobs, by kind. All times are in seconds."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from shared.jobs.repository import COUNTED, Depth
from shared.telemetry.metrics import Metrics

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)

OUTCOMES = ("done", "retried", "postponed", "given_up", "cancelled", "lost")


class JobMetrics:
    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self._attempts = Counter(
            "tessera_job_attempts_total", "Attempts of jobs, by outcome", ["kind", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "tessera_job_seconds", "Time of an attempt", ["kind"], buckets=_BUCKETS, registry=registry
        )
        self._jobs = Gauge("tessera_jobs", "Jobs, by status", ["kind", "status"], registry=registry)
        self._age = Gauge("tessera_job_age_seconds", "Wait of the job that is due longest", ["kind"], registry=registry)

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        self._attempts.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)

    def show(self, depths: Iterable[Depth], kinds: Iterable[str]) -> None:
        self._jobs.clear()
        ages = dict.fromkeys(kinds, 0.0)
        for kind in ages:
            for status in COUNTED:
                self._jobs.labels(kind, status).set(0)
            for outcome in OUTCOMES:  # a series that begins at 1 has no increase to alert on
                self._attempts.labels(kind, outcome)
        for depth in depths:
            self._jobs.labels(depth.kind, depth.status).set(depth.jobs)
            ages[depth.kind] = max(ages.get(depth.kind, 0.0), depth.age)
        for kind, age in ages.items():
            self._age.labels(kind).set(max(0.0, age))
