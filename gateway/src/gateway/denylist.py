"""Sessions and API keys that have ended: heard from events, repaired from a snapshot.

The rule while something may have been missed: nothing was ever heard - nobody is admitted; a gap of up to
`TRUSTED_GAP_SECONDS` - go on with what is known while the snapshot is read again; longer - nobody is admitted.
While the bus is away, or brings nothing although it looks connected, the snapshot is read twice a second, so the gap
stays short as long as auth-service answers.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec

from gateway.introspections import Introspections
from shared.clock import Clock
from shared.errors import TesseraError, Unavailable
from shared.events.auth import ApiKeyRevoked, Heartbeat, SessionRevoked, TenantClosed
from shared.events.envelope import Envelope, Event, decode
from shared.events.registry import InvalidEvent, Registry
from shared.messaging.bus import Binding, Bus
from shared.supervision import PeriodicTask, SupervisedTask, Supervisor
from shared.telemetry.logs import get_logger

TRUSTED_GAP_SECONDS = 10.0
SILENCE_SECONDS = 5.0  # auth-service is heard every two
_LOOK_SECONDS = 0.5  # between two looks at the bus; a revocation must be known everywhere within a second
_FORGET_SECONDS = 60.0
_OVERLAP_SECONDS = 60  # clocks of two machines differ
_HEARD = (
    Heartbeat.type,
    SessionRevoked.type,
    ApiKeyRevoked.type,
    TenantClosed.type,
    "auth.membership.*",
    "auth.account.*",
)


class Revocation(msgspec.Struct, frozen=True):
    session_id: UUID
    revoked_at: int
    """Unix seconds; tokens issued up to then are refused."""


class _About(msgspec.Struct):
    """What all of these events tell."""

    user_id: UUID


_read_about = msgspec.json.Decoder(_About).decode


class Denylist:
    def __init__(self, token_life: int, clock: Clock) -> None:
        self._token_life = token_life
        self._clock = clock
        self._revoked: dict[UUID, int] = {}
        self._gap_began: float | None = float("-inf")
        self._walk_due = float("-inf")

    def refuses(self, session_id: UUID) -> bool:
        """Whatever a token says of its age: one that was minted while its session ended looks younger than that.

        Raises Unavailable while the list is too incomplete to be trusted.
        """
        if self._gap_began is not None and not self.is_trusted:
            raise Unavailable("Sessions cannot be checked just now: try again shortly.")
        return session_id in self._revoked

    @property
    def is_trusted(self) -> bool:
        return self.gap_seconds < TRUSTED_GAP_SECONDS

    @property
    def has_gap(self) -> bool:
        return self._gap_began is not None

    @property
    def gap_seconds(self) -> float:
        """0 when nothing can be missing."""
        return 0.0 if self._gap_began is None else time.monotonic() - self._gap_began

    def add(self, revocations: Sequence[Revocation]) -> None:
        for one in revocations:
            self._revoked[one.session_id] = max(one.revoked_at, self._revoked.get(one.session_id, 0))

    def open_gap(self, began: float | None = None) -> None:
        """`began` is a monotonic time; now, unless it is given."""
        if self._gap_began is None:
            self._gap_began = time.monotonic() if began is None else began

    def close_gap(self) -> None:
        self._gap_began = None

    def shorten_gap(self, began: float) -> None:
        self._gap_began = began

    def forget_expired(self) -> None:
        """Costs a walk over the list, so it does nothing before a good part of it can have expired."""
        if time.monotonic() >= self._walk_due:
            self._walk_due = time.monotonic() + _FORGET_SECONDS
            oldest = self.oldest_useful()
            self._revoked = {session: at for session, at in self._revoked.items() if at >= oldest}

    def oldest_useful(self) -> int:
        """Unix seconds; tokens of sessions revoked earlier have all expired."""
        return int(self._clock.now().timestamp()) - self._token_life - _OVERLAP_SECONDS


class RevocationWatch:
    """Keeps a deny-list complete. `fetch` reads the revocations since a moment (unix seconds) from auth-service."""

    def __init__(
        self,
        denylist: Denylist,
        bus: Bus,
        registry: Registry,
        fetch: Callable[[int], Awaitable[Sequence[Revocation]]],
        introspections: Introspections,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        """What is kept in `introspections` about somebody is forgotten when it may have changed."""
        self._denylist = denylist
        self._introspections = introspections
        self._bus = bus
        self._registry = registry
        self._fetch = fetch
        self._silence_seconds = silence_seconds
        self._complete_until = time.monotonic()
        self._resets = 0
        self._watching = PeriodicTask(
            "watch for ended sessions", _LOOK_SECONDS, self._look, jitter=0.0, is_essential=True, begins_at_once=True
        )
        self._task: SupervisedTask | None = None

    async def start(self, tasks: Supervisor) -> None:
        self._complete_until = time.monotonic()
        bindings = [Binding("auth", type_name) for type_name in _HEARD]
        await self._bus.tap("gateway.revocations", bindings, self._heard, self._missed_something)
        self._task = tasks.start_periodic(self._watching)

    async def stop(self) -> None:
        if self._task is not None:
            await self._task.stop()

    def _heard(self, body: bytes) -> None:
        try:
            self._note(decode(body))
        except (msgspec.DecodeError, LookupError, InvalidEvent):
            get_logger().error("a revocation event is unreadable; reading the snapshot instead")
            self._missed_something()

    def _note(self, envelope: Envelope) -> None:
        if envelope.type == Heartbeat.type:
            self._beat(self._registry.read(envelope))
            return
        if envelope.type == TenantClosed.type:  # its keys and cookies are good for nothing; that is rare enough
            self._introspections.forget_all()
            return
        if envelope.type in (SessionRevoked.type, ApiKeyRevoked.type):
            self._denylist.add([_revocation_in(self._registry.read(envelope))])
        self._introspections.forget_user(_read_about(envelope.data).user_id)

    def _beat(self, event: Event) -> None:
        assert isinstance(event, Heartbeat)
        self._complete_until = time.monotonic() - event.unsent_seconds

    @property
    def _is_silent(self) -> bool:
        return time.monotonic() - self._complete_until > self._silence_seconds

    def _missed_something(self) -> None:
        self._resets += 1
        self._introspections.forget_all()
        self._denylist.open_gap()
        self._watching.wake()

    async def _look(self) -> None:
        if not self._bus.is_connected:
            self._denylist.open_gap()
        elif self._is_silent:
            self._denylist.open_gap(self._complete_until)
        if self._denylist.has_gap:
            await self._repair()
        self._denylist.forget_expired()

    async def _repair(self) -> None:
        began, resets = time.monotonic(), self._resets
        try:
            revocations = await self._fetch(self._denylist.oldest_useful())
        except TesseraError as error:
            get_logger().warning("the revocations cannot be read", code=error.code)
            return
        self._denylist.add(revocations)
        if self._bus.is_connected and not self._is_silent and resets == self._resets:
            self._introspections.forget_all()  # what changed in the gap was not heard
            self._denylist.close_gap()
        else:
            self._denylist.shorten_gap(began)


def _revocation_in(event: Event) -> Revocation:
    """Raises LookupError for another event."""
    match event:
        case SessionRevoked():
            return Revocation(event.session_id, event.revoked_at)
        case ApiKeyRevoked():
            return Revocation(event.key_id, event.revoked_at)
    raise LookupError(event.type)
