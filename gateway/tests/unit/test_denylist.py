"""Ended sessions are refused, and an incomplete list admits nobody."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from gateway.denylist import Denylist, Revocation, RevocationWatch
from gateway.introspections import Introspections
from shared.errors import Unavailable, UpstreamError
from shared.events.auth import Heartbeat
from shared.events.envelope import Envelope, encode
from shared.events.registry import default_registry
from shared.introspection import CredentialKind, Introspected
from shared.messaging.bus import OutgoingMessage
from shared.messaging.memory import MemoryBus
from shared.supervision import Supervisor
from shared.testing.eventually import eventually

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


class AuthOwner:
    """auth-service as a deny-list sees it: its snapshot, and its heart on a bus that stays connected."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self.ended: list[Revocation] = []
        self.snapshots = 0
        self.is_away = False

    async def snapshot(self, _since: int) -> Sequence[Revocation]:
        if self.is_away:
            raise UpstreamError
        self.snapshots += 1
        return self.ended

    async def beat(self, unsent_seconds: float = 0.0) -> None:
        data = msgspec.Raw(msgspec.json.encode(Heartbeat(unsent_seconds=unsent_seconds)))
        now = datetime.now(UTC)
        envelope = Envelope(id=uuid4(), source="auth", type=Heartbeat.type, subject="", time=now, data=data)
        await self._bus.publish([OutgoingMessage("auth", Heartbeat.type, envelope.id, encode(envelope))])


async def nobody(_kind: CredentialKind, _text: str) -> Introspected:
    raise UpstreamError


@asynccontextmanager
async def watching(silence_seconds: float) -> AsyncIterator[tuple[Denylist, AuthOwner]]:
    bus = MemoryBus()
    await bus.start()
    denylist, owner = Denylist(900, StillClock()), AuthOwner(bus)
    introspections = Introspections(nobody, lambda: denylist.has_gap, time.time)
    watch = RevocationWatch(denylist, bus, default_registry(), owner.snapshot, introspections, silence_seconds)
    await watch.start(Supervisor())
    await eventually(lambda: not denylist.has_gap)
    yield denylist, owner
    await watch.stop()
    await bus.close()


async def test_a_connected_but_silent_bus_is_a_gap_that_snapshots_keep_short() -> None:
    async with watching(silence_seconds=0.2) as (denylist, owner):
        session = uuid4()
        await eventually(lambda: denylist.has_gap)

        owner.ended.append(Revocation(session, NOW))  # told to nobody

        await eventually(lambda: denylist.refuses(session))
        assert denylist.gap_seconds < 2.0


async def test_a_gap_closes_when_events_come_again() -> None:
    async with watching(silence_seconds=1.2) as (denylist, owner):
        await eventually(lambda: denylist.has_gap, within=3.0)

        await owner.beat()

        await eventually(lambda: not denylist.has_gap)


async def test_an_owner_that_cannot_send_its_events_is_no_better_than_silence() -> None:
    async with watching(silence_seconds=30.0) as (denylist, owner):
        await owner.beat(unsent_seconds=31.0)
        await eventually(lambda: denylist.has_gap)


async def test_silence_and_no_snapshot_end_in_admitting_nobody() -> None:
    async with watching(silence_seconds=11.0) as (denylist, owner):
        owner.is_away = True

        await owner.beat(unsent_seconds=12.0)

        await eventually(lambda: denylist.has_gap)
        with pytest.raises(Unavailable):
            denylist.refuses(uuid4())
