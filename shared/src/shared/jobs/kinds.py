"""What services say about a kind of job where they declare it: payload, limits, retries."""

import random
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import msgspec

P = TypeVar("P")

NO_LIMIT = 2**31 - 1


class Nothing(msgspec.Struct, frozen=True):
    """The payload of jobs that need none."""


class Retry(NamedTuple):
    """All times are in seconds."""

    attempts: int = 8
    """In all. An attempt whose worker died counts, one that was postponed or given back does not."""
    first: float = 10.0
    factor: float = 4.0
    longest: float = 3600.0
    jitter: float = 0.5
    """The most by which a pause is shorter than that, as a part of it."""

    def pause(self, attempt: int) -> float:
        """After the attempt of that number, counted from 1."""
        longest = min(self.longest, self.first * self.factor ** min(attempt - 1, 50))
        return longest * random.uniform(1.0 - self.jitter, 1.0)  # noqa: S311 - spreads load, guards nothing


class Limits(NamedTuple):
    """How many run at one time: in this worker, and over all workers of the service."""

    per_worker: int = 8
    total: int = NO_LIMIT
    per_tenant: int = NO_LIMIT
    per_key: int = NO_LIMIT
    """Of one concurrency key of one tenant."""


@dataclass(frozen=True)
class JobKind(Generic[P]):
    """`name` is dotted (`webhook.delivery`) and never changes: rows have it. `timeout` in seconds, of one attempt.

    Payloads evolve as events do: what an older version has enqueued decodes in the newer one.
    """

    name: str
    payload: type[P]
    timeout: float = 60.0
    retry: Retry = Retry()  # noqa: RUF009 - immutable
    limits: Limits = Limits()  # noqa: RUF009 - immutable
    in_closed_tenants: bool = False
    """Also runs while its tenant is closed; other jobs of the tenant wait until it is restored."""
