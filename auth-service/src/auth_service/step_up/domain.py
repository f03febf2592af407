"""Rules of step-up: how long a proof of who somebody is counts as fresh, and which proof they can give."""

from datetime import datetime, timedelta
from enum import StrEnum

FRESH_FOR = timedelta(minutes=10)
"""Long enough to finish what a sign-in was for, too short for whoever finds the device later."""


class Method(StrEnum):
    """What `details.methods` names: each of them alone suffices. Clients skip the ones that they do not know."""

    PASSWORD = "password"  # noqa: S105 - the name of a field
    CODE = "code"


def is_fresh(proven_at: datetime | None, now: datetime) -> bool:
    return proven_at is not None and now - proven_at <= FRESH_FOR


def methods_of(*, is_enrolled: bool) -> list[Method]:
    """A password alone would get around the second factor of whoever has one."""
    return [Method.CODE] if is_enrolled else [Method.PASSWORD]
