"""One live connection: its limits, its timeouts and its way out, the same in every raw dialect."""

import asyncio
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from realtime_service.buckets import Bucket
from realtime_service.credentials import Credentials
from realtime_service.frames import CloseCode
from realtime_service.metrics import LiveMetrics
from realtime_service.settings import RealtimeSettings
from realtime_service.timers import Timer, TimerWheel
from shared.clock import Clock
from shared.errors import AuthRequired, Forbidden, TesseraError, TokenExpired, TooManyRequests

SOFT_LIMIT = 64 * 1024  # bytes waiting in the transport: replays pause here
HARD_LIMIT = 256 * 1024  # and here the connection ends
STALL_SECONDS = 10.0  # how long a replay may wait for a reader
LOOK_SECONDS = 0.02
FRAMES_PER_SECOND = 20.0
REFUSED_IN_A_ROW = 20  # frames over the limit that are answered before the socket is closed


class Outlet(Protocol):
    """Where bytes for the client go."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...


class Socket(Protocol):
    """What carries a connection: a WebSocket, an HTTP answer without end, the polls of an Engine.IO client."""

    close_code: int | None

    @property
    def transport(self) -> Outlet: ...

    @property
    def is_open(self) -> bool: ...

    def close(self, code: int) -> None:
        """Say goodbye, after which the peer may answer; `abort` does not wait for that."""

    def abort(self) -> None: ...


class Session(Protocol):
    """The dialect's side of a connection."""

    dialect: str
    """For the metrics."""

    ping: bytes
    """What asks the peer for a sign of life."""

    is_one_way: bool
    """The client cannot answer: that it is gone shows when nothing can be written any more."""

    def welcome(self) -> None:
        """The client is known now, by handshake or by token."""

    def message(self, text: bytes) -> None: ...

    def fail(self, error: TesseraError, retry_after_ms: int | None = None) -> None:
        """Say what is wrong, as an error frame; with a time, trying again then makes sense."""

    def say(self, action: str, retry_after_ms: int | None = None) -> None:
        """Tell about the connection as a whole: degraded, healthy, going_away, token_expiring."""

    def rights_changed(self) -> None:
        """The user may see more or less than before."""

    def end(self) -> None:
        """The connection is gone: let go of everything."""


class Home(Protocol):
    """What the connections of a node share."""

    settings: RealtimeSettings
    clock: Clock
    wheel: TimerWheel
    metrics: LiveMetrics

    def write_soon(self, connection: "Connection") -> None:
        """Flush it at the end of this loop turn."""

    def note_user(self, connection: "Connection", user_id: UUID) -> None:
        """It can be found by its user from now on."""

    def remove(self, connection: "Connection", close_code: int | None) -> None: ...


class Connection:
    """Writing never waits: frames of one loop turn leave as one write, and who reads too slowly is closed."""

    def __init__(self, socket: Socket, home: Home, begin: "Callable[[Connection], Session]") -> None:
        self._socket = socket
        self._home = home
        self._pending: list[bytes] = []
        rate = FRAMES_PER_SECOND * home.settings.rate_limit_scale
        self._frames = Bucket(rate, rate)
        self._refused = 0
        self._was_heard = True
        self._ping: Timer = home.wheel.after(home.settings.ping_seconds, self._check_peer)
        self._timeouts: list[Timer] = []
        self.credentials: Credentials | None = None
        self.session = begin(self)

    # Writing.

    @property
    def is_open(self) -> bool:
        return self._socket.is_open

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._socket.transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        if not self._pending:
            self._home.write_soon(self)
        self._pending.append(frame)

    def flush(self) -> int:
        """The number of frames written."""
        frames, self._pending = self._pending, []
        if not frames or not self.is_open:
            return 0
        if self.buffered > HARD_LIMIT:
            self.close(CloseCode.TOO_SLOW)
            return 0
        self._socket.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        return len(frames)

    async def drained(self) -> None:
        """Returns when the peer has taken nearly all; one that takes too long is closed."""
        self.flush()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                while self.is_open and self.buffered > SOFT_LIMIT:
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """What is pending still goes out first. A peer that does not answer is cut off after the grace."""
        if not self.is_open:
            return
        if self.buffered <= HARD_LIMIT and self._pending:
            self.flush()
        self._socket.close(code)
        self._cancel_timeouts()
        self._timeouts = [self._home.wheel.after(self._home.settings.close_grace_seconds, self._socket.abort)]

    # Who it is.

    def require_credentials(self) -> None:
        """Close unless `authenticate` is called in time."""
        wait = self._home.settings.first_auth_seconds
        self._timeouts = [self._home.wheel.after(wait, self._refuse_silence)]

    def authenticate(self, credentials: Credentials) -> None:
        """Later credentials must be the same user's in the same tenant. Raises Forbidden."""
        known, new = self.credentials, credentials.principal
        if known and (known.principal.user_id, known.principal.tenant_id) != (new.user_id, new.tenant_id):
            raise Forbidden("This connection belongs to somebody else: open another one.")
        self._cancel_timeouts()
        self.credentials = credentials
        if credentials.expires_at is not None:
            self._watch_expiry(credentials.expires_at - self._home.clock.now().timestamp())
        if known is None:
            self._home.note_user(self, new.user_id)
            self.session.welcome()

    def fail(self, error: TesseraError, close_code: CloseCode) -> None:
        """Say why, then close."""
        self.session.fail(error)
        self.close(close_code)

    def _watch_expiry(self, seconds: float) -> None:
        settings, after = self._home.settings, self._home.wheel.after
        self._timeouts = [
            after(seconds - settings.expiry_warning_seconds, lambda: self.session.say("token_expiring")),
            after(seconds + settings.expiry_grace_seconds, self._refuse_expired),
        ]

    def _refuse_silence(self) -> None:
        self.fail(AuthRequired("No credential came in time."), CloseCode.UNAUTHENTICATED)

    def _refuse_expired(self) -> None:
        self.fail(TokenExpired(), CloseCode.UNAUTHENTICATED)

    # What the socket hears.

    def heard_bytes(self) -> None:
        self._was_heard = True

    def heard_small_change(self) -> None:
        self.take_frame_token()

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        self._home.metrics.frames_in.inc()
        if not is_text:
            self.close(CloseCode.UNSUPPORTED_DATA)
        elif not _is_utf8(message):
            self.close(CloseCode.INVALID_TEXT)
        else:
            self.session.message(message)

    def take_frame_token(self) -> bool:
        """Whether the client may have one more frame read; answers for itself when not."""
        if self._frames.take():
            self._refused = 0
            return True
        self._refused += 1
        self.session.fail(TooManyRequests("Too many frames."), self._frames.wait_ms)
        if self._refused > REFUSED_IN_A_ROW:
            self.close(CloseCode.TOO_MANY)
        return False

    def was_lost(self) -> None:
        self._ping.cancel()
        self._cancel_timeouts()
        self._home.remove(self, self._socket.close_code)
        self.session.end()

    def _check_peer(self) -> None:
        """Runs once per ping interval: nothing heard since the last ping, not even a pong, means nobody is there."""
        if not self._was_heard and not self.session.is_one_way:
            self._socket.abort()
            return
        self._was_heard = False
        if self.is_open:
            self.write(self.session.ping)
        self._ping = self._home.wheel.after(self._home.settings.ping_seconds, self._check_peer)

    def _cancel_timeouts(self) -> None:
        for timer in self._timeouts:
            timer.cancel()
        self._timeouts = []


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
