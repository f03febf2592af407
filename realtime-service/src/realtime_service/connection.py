"""One live connection: its limits, its timeouts and its way out, the same in every raw dialect."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from realtime_service.buckets import Bucket, Rate
from realtime_service.credentials import Credentials
from realtime_service.frames import CloseCode
from realtime_service.metrics import LiveMetrics
from realtime_service.settings import RealtimeSettings
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.timers import Timer, TimerWheel
from shared.clock import Clock
from shared.errors import AuthRequired, Forbidden, TesseraError, TokenExpired, TooManyRequests
from shared.events.topics import Topic
from shared.principal import Principal

SHED_LIMIT = SOFT_LIMIT // 2  # bytes waiting in the transport: what is worthless later is left out from here on
HARD_LIMIT = 256 * 1024  # and here the connection ends
STALL_SECONDS = 10.0  # how long a replay may wait for a reader that takes less than STALL_BYTES in that time
STALL_BYTES = 160 * 1024  # 16 KiB/s: a large event takes a steady reader longer, and it is not cut for that
FRAMES_PER_SECOND = 20.0
REFUSED_IN_A_ROW = 20  # frames over the limit that are answered before the socket is closed


class ByteSink(Protocol):
    """Where bytes for the client go."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...


class Socket(Protocol):
    """What carries a connection: a WebSocket, an HTTP answer without end, the polls of an Engine.IO client."""

    close_code: int | None

    @property
    def transport(self) -> ByteSink: ...

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

    def rights_doubted(self, concerns: Callable[[Topic], bool]) -> bool:
        """Tell nothing more of these topics until `rights_changed` has had the answers. False: follows none of them."""

    def rights_changed(self) -> None:
        """The user may see more or less than before."""

    def audience_changed(self) -> None:
        """What is kept from the user is not what it was: leave every stream that others may not hear, at once."""

    def end(self) -> None:
        """The connection is gone: let go of everything."""


class Home(Protocol):
    """What the connections of a node share."""

    settings: RealtimeSettings
    clock: Clock
    wheel: TimerWheel
    metrics: LiveMetrics
    frame_rate: Rate

    def note_user(self, connection: "Connection", principal: Principal) -> None:
        """It can be found by its user from now on; one too many gets an error and is closed."""

    def remove(self, connection: "Connection", close_code: int | None) -> None: ...


class Connection:
    """Writing never waits, and who reads too slowly is closed."""

    __slots__ = (
        "_caught_up",
        "_ceiling",
        "_frames",
        "_home",
        "_ping",
        "_refused",
        "_socket",
        "_timeouts",
        "_was_heard",
        "address",
        "credentials",
        "put",
        "session",
    )

    put: Callable[[bytes], None]
    """Writes frames that are counted elsewhere. While the reader keeps up it is the transport's own method: nothing is
    faster for a crowd."""

    def __init__(self, socket: Socket, home: Home, begin: "Callable[[Connection], Session]") -> None:
        self._socket = socket
        self._home = home
        self._frames = Bucket(home.frame_rate)
        self._refused = 0
        self._was_heard = True
        self._ping: Timer = home.wheel.after(home.settings.ping_seconds, self._check_peer)
        self._timeouts: tuple[Timer, ...] = ()
        self._caught_up: asyncio.Event | None = None
        self._ceiling = HARD_LIMIT
        self.put = socket.transport.write
        self.address: str | None = None
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
        self._home.metrics.frames_out.inc()
        self.put(frame)

    def write_all(self, frames: Sequence[bytes]) -> None:
        """In one go."""
        if frames:
            self._home.metrics.frames_out.inc(len(frames))
            self.put(b"".join(frames))

    def write_if_idle(self, frame: bytes) -> bool:
        """For what is worthless later: left out, with False, when the reader is behind."""
        if self.buffered < SHED_LIMIT:
            self.write(frame)
            return True
        self._home.metrics.shed.inc()
        return False

    async def drained(self) -> None:
        """Returns when the peer has taken nearly all; one that takes too little in STALL_SECONDS is closed."""
        while self._caught_up is not None and self.is_open:
            waiting = self.buffered
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    await self._caught_up.wait()
            except TimeoutError:
                if waiting - self.buffered < STALL_BYTES:
                    self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """A peer that does not answer is cut off after the grace."""
        if self.is_open:
            self._socket.close(code)
            self._leave()

    def _put_slowly(self, frame: bytes) -> None:
        if self.buffered > self._ceiling:
            self.close(CloseCode.TOO_SLOW)
        else:
            self._socket.transport.write(frame)

    def _leave(self) -> None:
        """Nothing follows a close frame."""
        self.put = _leave_out
        self._cancel_timeouts()
        self._timeouts = (self._home.wheel.after(self._home.settings.close_grace_seconds, self._socket.abort),)

    # Who it is.

    def require_credentials(self) -> None:
        """Close unless `authenticate` is called in time."""
        wait = self._home.settings.first_auth_seconds
        self._timeouts = (self._home.wheel.after(wait, self._refuse_silence),)

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
            self._home.note_user(self, new)
            if self.is_open:
                self.session.welcome()

    def fail(self, error: TesseraError, close_code: CloseCode, retry_after_ms: int | None = None) -> None:
        """Say why, then close."""
        self.session.fail(error, retry_after_ms)
        self.close(close_code)

    def _watch_expiry(self, seconds: float) -> None:
        settings, after = self._home.settings, self._home.wheel.after
        self._timeouts = (
            after(seconds - settings.expiry_warning_seconds, self._warn_of_expiry),
            after(seconds + settings.expiry_grace_seconds, self._refuse_expired),
        )

    def _warn_of_expiry(self) -> None:
        self.session.say("token_expiring")

    def _refuse_silence(self) -> None:
        self.fail(AuthRequired("No credential came in time."), CloseCode.UNAUTHENTICATED)

    def _refuse_expired(self) -> None:
        self.fail(TokenExpired(), CloseCode.UNAUTHENTICATED)

    # What the socket hears.

    def heard_bytes(self) -> None:
        self._was_heard = True

    def on_control_frame(self, answer: bytes = b"") -> None:
        """`answer` counts toward the bytes that may wait for the peer, like every frame."""
        if self.take_frame_token() and answer:
            self.put(answer)

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        self._home.metrics.frames_in.inc()
        if is_text:
            self.session.message(message)
        else:
            self.close(CloseCode.UNSUPPORTED_DATA)

    def heard_close(self) -> None:
        self._leave()

    def heard_nonsense(self, code: CloseCode) -> None:
        self.close(code)

    def fell_behind(self) -> None:
        """The frame that is on its way may be larger than all that else may wait: the limit counts behind it."""
        self._caught_up = asyncio.Event()
        self._ceiling = max(HARD_LIMIT, self.buffered + HARD_LIMIT // 2)
        if self.is_open:
            self.put = self._put_slowly

    def caught_up(self) -> None:
        if self._caught_up is not None:
            self._caught_up.set()
            self._caught_up = None
        if self.is_open:
            self.put = self._socket.transport.write

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
        self.caught_up()
        self.put = _leave_out
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
        self.put(self.session.ping)
        self._ping = self._home.wheel.after(self._home.settings.ping_seconds, self._check_peer)

    def _cancel_timeouts(self) -> None:
        for timer in self._timeouts:
            timer.cancel()
        self._timeouts = ()


def _leave_out(_frame: bytes) -> None:
    """Where writing ends up when nobody reads any more."""
