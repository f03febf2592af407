"""Stand-ins for what a test wants to hold in its hand."""

from datetime import UTC, datetime, timedelta


class SettableClock:
    """Starts now, because tokens are checked by libraries with clocks of their own, and moves only when told."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **delta: float) -> None:
        self._now += timedelta(**delta)
