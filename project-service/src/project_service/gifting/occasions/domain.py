"""When occasions are: once, or every year again."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import FieldError, ValidationFailed
from shared.events.gifting import OccasionState, Recurrence

_LAST_YEAR = date.max.year


def next_date(first: date, recurrence: Recurrence, today: date) -> date | None:
    """The first day from `today` on; None when there is none. What is on 29 February is on the 28th in other years."""
    if first >= today:
        return first
    if recurrence is Recurrence.NONE:
        return None
    this_year = _in_year(first, today.year)
    if this_year >= today:
        return this_year
    return _in_year(first, today.year + 1) if today.year < _LAST_YEAR else None


def today_in(timezone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(timezone)).date()


def upcoming(occasion: OccasionState, now: datetime) -> date | None:
    return next_date(occasion.date, occasion.recurrence, today_in(occasion.timezone, now))


def require_timezone(name: object) -> None:
    """Raises ValidationFailed for what is not in the IANA database."""
    if isinstance(name, str) and name not in _known_timezones():
        raise ValidationFailed([FieldError("timezone", "invalid", "Give an IANA time zone, such as Europe/London.")])


@cache
def _known_timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
