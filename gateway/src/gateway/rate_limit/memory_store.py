"""Counts in this process: for a gateway that stands alone, and while Redis is away."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from gateway.rate_limit.policies import Kind, Plan, Policy
from gateway.rate_limit.usage import FIELDS, Usage, Verdict, count, left_of, uncount, unused

_REMEMBERED = 100_000  # subjects of a kind, less than 0.5 KiB each; beyond that the one idle for longest is forgotten
_FORGOTTEN_AT_ONCE = 2  # more than are added, so that what has ended always goes


def monotonic_milliseconds() -> int:
    return time.monotonic_ns() // 1_000_000


class MemoryStore:
    def __init__(self, now: Callable[[], int] = monotonic_milliseconds, remembered: int = _REMEMBERED) -> None:
        self._now = now
        self._remembered = remembered
        self._usages: dict[Kind, OrderedDict[str, Usage]] = {kind: OrderedDict() for kind in Kind}
        """By when the longest window began: what ends first stands first."""

    def take(self, plan: Plan, subjects: Sequence[str]) -> Verdict:
        """Counts the request in all its windows, or in none when one of them is used up."""
        now = self._now()
        usages, left = [], []
        for policy, subject in zip(plan.policies, subjects, strict=True):
            usage, of_policy = self._usage(policy, subject, now)
            usages.append(usage)
            left.append(of_policy)
        if min(map(min, left)) < 1:
            return Verdict(False, now, usages, left)
        for usage in usages:
            count(usage)
        return Verdict(True, now, usages, [[one - 1 for one in of_policy] for of_policy in left])

    def give_back(self, plan: Plan, subjects: Sequence[str], at: float) -> None:
        """For a request that counted `at` a time and turns out not to count."""
        now = self._now()
        for policy, subject in zip(plan.policies, subjects, strict=True):
            usage, _ = self._usage(policy, subject, now)
            uncount(usage, policy.windows, at)

    def __len__(self) -> int:
        return sum(map(len, self._usages.values()))

    def _usage(self, policy: Policy, subject: str, now: int) -> tuple[Usage, list[int]]:
        """Up to now, and what is left of each window."""
        usages = self._usages[policy.kind]
        usage = usages.get(subject)
        if usage is None:
            self._forget_ended(policy, now)
            usage = usages[subject] = unused(policy.windows, now)
        began = usage[-FIELDS]
        left = left_of(usage, policy.windows, now)
        if usage[-FIELDS] != began:
            usages.move_to_end(subject)
        return usage, left

    def _forget_ended(self, policy: Policy, now: int) -> None:
        usages, longest = self._usages[policy.kind], policy.windows[-1].milliseconds
        for _ in range(_FORGOTTEN_AT_ONCE):
            oldest = next(iter(usages.values()), None)
            if oldest is None or (now - oldest[-FIELDS] < 2 * longest and len(usages) < self._remembered):
                return
            usages.popitem(last=False)
