"""Ended sessions are refused, and an incomplete list admits nobody."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from gateway.denylist import Denylist, Revocation
from shared.errors import Unavailable

NOW = 1_800_000_000


class StillClock:
    def __init__(self) -> None:
        self.seconds = NOW

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


def test_no_token_of_an_ended_session_is_good_and_others_are() -> None:
    denylist, session = Denylist(900, StillClock()), uuid4()
    denylist.close_gap()
    denylist.add([Revocation(session, NOW)])
    assert denylist.refuses(session)
    assert not denylist.refuses(uuid4())


def test_an_older_snapshot_does_not_shorten_what_a_newer_event_said() -> None:
    clock, session = StillClock(), uuid4()
    denylist = Denylist(900, clock)
    denylist.close_gap()
    denylist.add([Revocation(session, NOW)])
    denylist.add([Revocation(session, NOW - 100)])
    clock.seconds += 900
    denylist.forget_expired()
    assert denylist.refuses(session)


def test_nobody_is_admitted_before_the_first_snapshot() -> None:
    with pytest.raises(Unavailable):
        Denylist(900, StillClock()).refuses(uuid4())


def test_a_short_gap_is_lived_with() -> None:
    denylist = Denylist(900, StillClock())
    denylist.close_gap()
    denylist.open_gap()
    assert denylist.is_trusted
    assert not denylist.refuses(uuid4())


def test_entries_go_when_no_token_can_be_left() -> None:
    clock, session = StillClock(), uuid4()
    denylist = Denylist(900, clock)
    denylist.close_gap()
    denylist.add([Revocation(session, NOW)])
    clock.seconds += 2_000
    denylist.forget_expired()
    assert not denylist.refuses(session)
