"""The pure rules of webhooks: what they listen to, who may hear what, and what follows from an attempt.

The signature, the schedule and the meaning of a receiver's answers are those of Standard Webhooks 1.0.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from project_service.projects.access import role_in
from project_service.webhooks.schemas import DeliveryStatus, DisabledReason
from shared.errors import FieldError
from shared.events.projects import ProjectRole, Visibility
from shared.principal import Role

MAX_WEBHOOKS = 50
"""Of one tenant: an event is delivered to each that listens."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest one still signs."""
KEPT_FOR = timedelta(days=7)
"""Longer than all attempts of a delivery take together."""
NOTHING_WAITS = KEPT_FOR + timedelta(days=1)
"""So long after a webhook became inactive no delivery is left that waits for it, whenever the log is swept."""
FAULT_OF_OURS = "It could not be sent, which is no fault of the receiver."
"""The error in the log when the job of a delivery is set aside."""
TEST_TYPE = "webhook.test"
ALL = "*"

_SLOW_DOWN = frozenset({429, 502, 503, 504})
_GONE = 410


class Pace(NamedTuple):
    """All times are in seconds."""

    schedule: Sequence[float] = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    """Before the first attempt, the second, ..."""
    jitter: float = 0.1
    """The most by which a delay is longer than that, as a part of it."""
    slow_down: float = 30.0
    """How long an endpoint that asks for it is left alone, unless it says how long."""
    longest_wait: float = 86_400.0
    """However long it says."""
    timeout: float = 15.0


PACE = Pace()


class Attempt(NamedTuple):
    """What came of one. `status` is None without an answer, and `error` says why."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: float | None = None
    """Seconds."""
    duration_ms: int = 0


class Verdict(NamedTuple):
    """All times are in seconds from now."""

    status: DeliveryStatus
    retry_in: float | None = None
    pause: float | None = None
    disables: DisabledReason | None = None


class Standing(NamedTuple):
    """What the maker of a webhook is: in the tenant (None: nobody any more), and in the project of an event."""

    role: Role | None
    visibility: Visibility | None
    member_role: ProjectRole | None


class _Maker(NamedTuple):
    role: Role


def may_hear(standing: Standing, *, is_of_project: bool) -> bool:
    """What they could see themselves. What happens outside of projects is told to all members of the tenant."""
    if standing.role is None:
        return False
    if not is_of_project:
        return True
    if standing.visibility is None:
        return False
    return role_in(_Maker(standing.role), standing.visibility, standing.member_role) is not None


def patterns_of(type_name: str) -> tuple[str, str, str]:
    """By which names a webhook can listen to events of this public type."""
    return ALL, f"{type_name.partition('.')[0]}.*", type_name


def unknown_events(events: Sequence[str], catalogue: Collection[str]) -> Iterator[FieldError]:
    known = {pattern for type_name in catalogue for pattern in patterns_of(type_name)}
    for number, name in enumerate(events):
        if name not in known:
            yield FieldError(f"events.{number}", "unknown", f"There is no event called {name}.")


def judge(attempt: Attempt, number: int, pace: Pace, luck: float, *, on_demand: bool) -> Verdict:
    """`number` counts attempts from 1, `luck` is between 0 and 1. What is asked for on demand is tried once."""
    if attempt.status is not None and 200 <= attempt.status < 300:
        return Verdict(DeliveryStatus.DELIVERED)
    pause = _pause(attempt, pace)
    if attempt.status == _GONE:
        return Verdict(DeliveryStatus.FAILED, disables=DisabledReason.GONE)
    if on_demand:
        return Verdict(DeliveryStatus.FAILED, pause=pause)
    if number >= len(pace.schedule):
        return Verdict(DeliveryStatus.FAILED, disables=DisabledReason.FAILING)
    delay = pace.schedule[number] * (1 + pace.jitter * luck)
    return Verdict(DeliveryStatus.PENDING, retry_in=max(delay, pause or 0), pause=pause)


def _pause(attempt: Attempt, pace: Pace) -> float | None:
    if attempt.retry_after is not None:
        return min(attempt.retry_after, pace.longest_wait)
    return pace.slow_down if attempt.status in _SLOW_DOWN else None
