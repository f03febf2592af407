"""How much of a subject's windows is used: the sliding-window counter.

Of each window a counter knows when it began, what was counted in the one before it and what in this one. The former
counts by the part of it that the last window's length still reaches:

    used = previous * (length - elapsed) / length + current

(Cloudflare, "How we built rate limiting capable of scaling to millions of domains", 2017). Here the first window begins
with a subject's first request, not with a full minute. So nothing overlaps before it ends, and of any burst exactly the
quota passes; later on what was used comes back evenly, not all at once. `counter.lua` has the same arithmetic.

Times are whole milliseconds, kept as floats: products stay below 2**53, so every comparison is exact.
"""

import math
from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from gateway.rate_limit.policies import Plan, Window
from shared.http.rate_limit_fields import state_item

Usage: TypeAlias = "array[float]"
"""For each window of a policy: when it began, the count of the one before, its own count."""
FIELDS = 3


class Verdict(NamedTuple):
    """What a store says of one request."""

    has_passed: bool
    at: float
    """Milliseconds by the clock of the store."""
    usages: Sequence[Usage]
    """One for each policy of the plan, this request included where it has passed."""
    left: Sequence[Sequence[int]]
    """Of each usage, for each window."""


class Tightest(NamedTuple):
    """The window of a request that runs out first: what is left of it, and the seconds until there is more."""

    name: str
    left: int
    seconds: int

    @property
    def field(self) -> str:
        return state_item(*self)


def unused(windows: Sequence[Window], now: float) -> Usage:
    return array("d", [now, 0, 0] * len(windows))


def left_of(usage: Usage, windows: Sequence[Window], now: float) -> list[int]:
    """Brings the windows up to now; for each the requests that would pass, below zero after a quota was lowered."""
    left, place = [], 0
    for _, quota, length in windows:
        previous, current = usage[place + 1], usage[place + 2]
        elapsed = now - usage[place]
        if elapsed >= length or not current:
            if elapsed >= 2 * length or not (current or previous):
                usage[place], previous, current = now, 0, 0
            elif elapsed >= length:
                usage[place], previous, current = usage[place] + length, current, 0
            usage[place + 1], usage[place + 2] = previous, current
        free = quota - current
        if previous:
            free = (free * length - previous * (length - now + usage[place])) // length
        left.append(int(free))
        place += FIELDS
    return left


def count(usage: Usage) -> None:
    for place in range(FIELDS - 1, len(usage), FIELDS):
        usage[place] += 1


def uncount(usage: Usage, windows: Sequence[Window], at: float) -> None:
    """Takes back what was counted `at` a time, from the window that it was counted in."""
    for number, (_, _, length) in enumerate(windows):
        place = number * FIELDS
        age = usage[place] - at
        if age <= 0:
            usage[place + 2] = max(0.0, usage[place + 2] - 1)
        elif age <= length:
            usage[place + 1] = max(0.0, usage[place + 1] - 1)


def tightest(plan: Plan, verdict: Verdict) -> Tightest:
    """Of windows with equally little left, the one that recovers last: waiting for it is enough for all."""
    least = max(0, min(map(min, verdict.left)))
    longest, name = 0, ""
    for policy, usage, left in zip(plan.policies, verdict.usages, verdict.left, strict=True):
        for at, window in enumerate(policy.windows):
            if left[at] <= least:
                seconds = _seconds_until(usage, at * FIELDS, window, verdict.at, least + 1)
                if seconds > longest:
                    longest, name = seconds, window.name
    return Tightest(name, least, longest)


def _seconds_until(usage: Usage, place: int, window: Window, now: float, wanted: int) -> int:
    """Until so many are left, rounded up: whoever comes back then is let in."""
    length, room = window.milliseconds, window.quota - min(wanted, window.quota)
    began, previous, current = usage[place : place + FIELDS]
    if current > room:  # only after this window has become the previous one
        milliseconds = began + length - now + length * (1 - room / current)
    elif previous > 0:
        milliseconds = began + length * (1 - (room - current) / previous) - now
    else:
        milliseconds = 0
    return max(1, math.ceil(milliseconds / 1000))
