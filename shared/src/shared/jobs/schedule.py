"""When a job that repeats runs next: after a number of seconds, or by a cron expression in a time zone."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

EVERY, CRON = "every", "cron"


class Every(NamedTuple):
    seconds: float

    def after(self, moment: datetime) -> datetime:
        return moment + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return f"{EVERY} {self.seconds}"


class Cron(NamedTuple):
    """Five fields, as in crontab(5), read as local time: what falls into a skipped hour runs right after it."""

    expression: str
    timezone: str = "UTC"

    def after(self, moment: datetime) -> datetime:
        """Raises ValueError for an expression that is none or never fits, and for an unknown time zone."""
        try:
            local = moment.astimezone(ZoneInfo(self.timezone))
            return next(CronSim(self.expression, local)).astimezone(moment.tzinfo)
        except (CronSimError, StopIteration, KeyError, ValueError, OSError) as error:  # the last three: no such zone
            raise ValueError(f"no schedule: {self.expression} in {self.timezone}") from error

    def __str__(self) -> str:
        return f"{CRON} {self.timezone} {self.expression}"


Schedule = Every | Cron


def schedule_of(text: str) -> Schedule:
    """The reverse of `str`."""
    form, _, rest = text.partition(" ")
    if form == EVERY:
        return Every(float(rest))
    timezone, _, expression = rest.partition(" ")
    return Cron(expression, timezone)
