"""The sliding-window counter once more, as slow and plain as can be: every request is remembered."""

from dataclasses import dataclass, field
from fractions import Fraction

from gateway.rate_limit.policies import Kind, Plan, Policy, Window


def plan_of(*windows: Window, kind: Kind = Kind.USER) -> Plan:
    return Plan((Policy(kind, windows),), "")


def joint_plan(first: Window, second: Window) -> Plan:
    """A request that counts for two subjects."""
    return Plan((Policy(Kind.USER, (first,)), Policy(Kind.TENANT, (second,))), "")


@dataclass
class ModelWindow:
    window: Window
    began: int = 0
    counted: list[int] = field(default_factory=list)

    def left(self, now: int) -> int:
        length = self.window.milliseconds
        if not self._previous() + self._current() or now - self.began >= 2 * length:
            self.began = now
        elif now - self.began >= length:
            self.began += length
        overlap = Fraction(length - (now - self.began), length)
        return int((self.window.quota - self._current() - self._previous() * overlap) // 1)

    def _previous(self) -> int:
        return sum(self.began - self.window.milliseconds <= at < self.began for at in self.counted)

    def _current(self) -> int:
        return sum(at >= self.began for at in self.counted)


class ModelStore:
    def __init__(self) -> None:
        self._windows: dict[tuple[Kind, str, str], ModelWindow] = {}

    def take(self, plan: Plan, subjects: tuple[str, ...], now: int) -> list[int] | None:
        """What is left of each window afterwards, None when the request was refused."""
        windows = self._of(plan, subjects)
        if min([window.left(now) for window in windows]) < 1:
            return None
        for window in windows:
            window.counted.append(now)
        return [window.left(now) for window in windows]

    def give_back(self, plan: Plan, subjects: tuple[str, ...], now: int, at: int) -> None:
        for window in self._of(plan, subjects):
            window.left(now)
            window.counted.remove(at)

    def _of(self, plan: Plan, subjects: tuple[str, ...]) -> list[ModelWindow]:
        return [
            self._windows.setdefault((policy.kind, subject, window.name), ModelWindow(window))
            for policy, subject in zip(plan.policies, subjects, strict=True)
            for window in policy.windows
        ]
