"""Rules of sessions: what a token that lost its exchange is good for, and where somebody was not seen before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from shared.address_prefix import address_prefix
from shared.caller import Caller

GRACE = timedelta(seconds=10)
"""A client that refreshes twice at once, or lost the answer, may show the replaced token this long."""


class EndReason(StrEnum):
    LOGOUT = "logout"
    REFRESH_REUSED = "refresh_reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
    ROLE_CHANGED = "role_changed"
    MEMBERSHIP_ENDED = "membership_ended"
    DEVICE_REVOKED = "device_revoked"
    ACCOUNT_CLOSED = "account_closed"
    TOO_MANY = "too_many"
    ADDRESS_PROVEN = "address_proven"
    TENANT_CLOSED = "tenant_closed"


class Judgement(Enum):
    SAME_SUCCESSOR = auto()
    REUSED = auto()
    INVALID = auto()


class Family(NamedTuple):
    """The refresh tokens of one session, as digests."""

    current_digest: bytes
    previous_digest: bytes | None
    rotated_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None


def judge(family: Family, digest: bytes, now: datetime) -> Judgement:
    """`digest` is of a token that we issued for this family, and that could not be exchanged just now."""
    if family.revoked_reason == EndReason.REFRESH_REUSED:
        return Judgement.REUSED
    if family.revoked_at is not None or family.expires_at <= now or digest == family.current_digest:
        return Judgement.INVALID
    is_parent = digest == family.previous_digest
    if is_parent and family.rotated_at is not None and now - family.rotated_at < GRACE:
        return Judgement.SAME_SUCCESSOR
    return Judgement.REUSED


def is_new_place(caller: Caller, earlier: Sequence[Caller]) -> bool:
    """Another program, or another network. Whoever was never seen anywhere is at home wherever they begin."""
    return bool(earlier) and _place(caller) not in map(_place, earlier)


def _place(caller: Caller) -> tuple[str, str]:
    return caller.user_agent, address_prefix(caller.address)
