"""The project dialect: a window on one project, for editors and app builders."""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from msgspec import UNSET

from realtime_service.connection import Connection
from realtime_service.dialects.project_frames import (
    ClientData,
    GetPreviewUrl,
    GetState,
    Notice,
    Ping,
    Place,
    Problem,
    Resume,
    SignIn,
    Somebody,
    StartGeneration,
    StopGeneration,
    UserMessage,
    project_frame,
    read_data,
    server_frame,
)
from realtime_service.dialects.topics import RETRY_MS
from realtime_service.errors import InvalidMessage, NotAllowed, ProjectNotFound, UnknownType
from realtime_service.events import TopicEvent
from realtime_service.following import TEMPORARY, Concerns, Following, LiveParts
from realtime_service.frames import PING, CloseCode
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.signals import Member
from realtime_service.subscription import Joined
from realtime_service.topics import Direct
from shared.errors import AuthRequired, Forbidden, SessionRevoked, TesseraError, Unavailable
from shared.events.live_project import AskLiveProject, AskPreview, DoInProject, LiveCommand, LiveProject
from shared.events.questions import TopicNotFound
from shared.events.topics import files_topic, project_topic
from shared.principal import Principal
from shared.supervision import TaskSet
from shared.telemetry.tracing import trace_scope

MAX_WAITING = 64  # frames of a client that does not wait for answers
MAX_WAITING_BYTES = 128 * 1024  # of their texts: nobody types so fast, and nobody has to be signed in to send them
STATE_ATTEMPTS = 3
STATE_DEADLINE_SECONDS = 2.0


class ProjectSession:
    """One window. Its frames are obeyed one after the other, each with the right to the project looked at again."""

    dialect = "project"
    ping = PING
    is_one_way = False

    def __init__(self, parts: LiveParts, connection: Connection, project_id: UUID) -> None:
        self._parts = parts
        self._connection = connection
        self._project_id = project_id
        self._topic = files_topic(project_id)
        self._tasks = TaskSet("serve a client")
        self._following = Following(parts, self, self._tasks, project_frame, Direct(project_frame, connection))
        self._waiting: deque[tuple[ClientData, int]] = deque()
        self._waiting_bytes = 0
        self._is_working = False
        self._has_entered = False
        self._names: dict[UUID, str | None] = {}

    # What the connection calls.

    def welcome(self) -> None:
        """The first thing a known client does, and it does it in its turn, is to enter."""
        if not self._parts.is_bus_back.is_set():
            self.say("degraded")
        if not self._is_working:
            self._work_soon()

    def message(self, text: bytes) -> None:
        if not self._connection.take_frame_token():
            return
        try:
            frame = read_data(text)
        except (InvalidMessage, UnknownType) as error:
            self.fail(error)
            return
        if isinstance(frame, Ping):
            self._write("pong")
        elif len(self._waiting) >= MAX_WAITING or self._waiting_bytes + len(text) > MAX_WAITING_BYTES:
            self._connection.close(CloseCode.TOO_MANY)
        else:
            self._waiting.append((frame, len(text)))
            self._waiting_bytes += len(text)
            if not self._is_working:
                self._work_soon()

    def fail(self, error: TesseraError, retry_after_ms: int | None = None) -> None:
        if retry_after_ms is None and isinstance(error, TEMPORARY):
            retry_after_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads load, hides nothing
        with trace_scope(None) as trace:
            problem = Problem(
                code=error.code,
                message=error.message,
                trace_id=trace.trace_id,
                temporary=retry_after_ms is not None,
                retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms,
                details=error.details or UNSET,
            )
        self._connection.write(server_frame("error", problem))

    def say(self, action: str, retry_after_ms: int | None = None) -> None:
        notice = Notice(retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms)
        self._connection.write(server_frame(action, notice))

    def audience_changed(self) -> None:
        self._following.audience_changed()

    def rights_doubted(self, concerns: Concerns) -> bool:
        return self._following.doubt(concerns)

    def rights_changed(self) -> None:
        self._following.check_again()

    def end(self) -> None:
        self._tasks.cancel()
        if self._has_entered:
            self._parts.presence.leave(self, project_topic(self._project_id), may_return=True)
        self._following.leave_all()

    # One frame after the other.

    def _work_soon(self) -> None:
        self._is_working = True
        self._tasks.start(self._work())

    async def _work(self) -> None:
        try:
            if self._connection.credentials is not None and not self._has_entered:
                await self._enter()
            while self._waiting and self._connection.is_open:
                frame, size = self._waiting.popleft()
                self._waiting_bytes -= size
                await self._obey(frame)
        finally:
            self._is_working = False

    async def _enter(self) -> None:
        """Closes the connection of whoever may not see the project."""
        try:
            await self._follow(None, "connected")
        except TopicNotFound:
            self._refuse(CloseCode.NOT_FOUND)
            return
        except TEMPORARY:
            return  # the connection is closing
        name = await self._parts.names.of(self.principal)
        self._has_entered = True
        for member in self._parts.presence.enter(self, project_topic(self._project_id), name):
            self._tell_joined(member)

    async def _obey(self, frame: ClientData) -> None:
        if isinstance(frame, SignIn):
            await self._sign_in(frame)
        elif self._connection.credentials is None:
            self._connection.fail(AuthRequired(), CloseCode.UNAUTHENTICATED)
        else:
            await self._obey_member(frame)

    async def _obey_member(self, frame: ClientData) -> None:
        try:
            await self._parts.access.check(self.principal, self._topic)
            if isinstance(frame, GetState):
                await self._tell_state()
            elif isinstance(frame, Resume):
                await self._resume(Position(frame.epoch, frame.offset))
            elif isinstance(frame, GetPreviewUrl):
                place = await self._parts.requests.ask(
                    AskPreview(principal=self.principal, project_id=self._project_id)
                )
                self._connection.write(server_frame("preview_url", place))
            else:
                await self._parts.requests.ask(self._command(frame))
        except TopicNotFound:
            self._refuse(CloseCode.FORBIDDEN)
        except Forbidden:
            self.fail(NotAllowed())
        except TesseraError as error:
            if self._connection.is_open:
                self.fail(error)

    async def _sign_in(self, frame: SignIn) -> None:
        try:
            self._connection.authenticate(await self._parts.authenticator.from_token(frame.token))
        except TEMPORARY as error:
            self.fail(error)
        except SessionRevoked as error:
            self._connection.fail(error, CloseCode.SESSION_REVOKED)
        except TesseraError as error:
            self._connection.fail(error, CloseCode.UNAUTHENTICATED)
        else:
            if self._connection.is_open and not self._has_entered:
                await self._enter()

    def _command(self, frame: ClientData) -> DoInProject:
        do = partial(DoInProject, principal=self.principal, project_id=self._project_id)
        if isinstance(frame, StartGeneration):
            return do(command=LiveCommand.START_GENERATION, prompt=frame.prompt, model=frame.model)
        if isinstance(frame, UserMessage):
            return do(command=LiveCommand.USER_MESSAGE, content=frame.content)
        assert isinstance(frame, StopGeneration)
        return do(command=LiveCommand.STOP_GENERATION)

    # State and stream.

    async def _tell_state(self) -> None:
        """Nothing of the stream is told between the state and what follows it. Raises as Keepers do."""
        for _ in range(STATE_ATTEMPTS):
            state = await self._ask_state()
            self._connection.write(server_frame("state_update", state))
            if (await self._follow(Position(state.epoch, state.offset))).is_recovered:
                return
        self._connection.fail(Unavailable(), CloseCode.RESTARTING)

    async def _ask_state(self) -> LiveProject:
        question = AskLiveProject(principal=self.principal, project_id=self._project_id)
        self._following.hold(self._topic)
        try:
            return await self._parts.requests.ask(question, deadline=STATE_DEADLINE_SECONDS)
        except TesseraError:
            self._following.release(self._topic)
            raise

    async def _resume(self, since: Position) -> None:
        """What was missed, or the state where that cannot be told any more. Raises as Keepers do."""
        if not (await self._follow(since, "resumed")).is_recovered:
            await self._tell_state()

    async def _follow(self, since: Position | None, answer: str | None = None) -> Joined:
        """Goes on with the stream from there. Raises as Keepers do; but for TopicNotFound that is the end.

        The answer is told between what was missed and what happens next, unless not all of it could be told.
        """
        outcome: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()

        async def joined(place: Joined) -> None:
            if answer is not None and place.is_recovered is (since is not None):
                self._write(answer, Place(epoch=place.position.epoch, offset=place.position.offset))
            outcome.set_result(place)

        def failed(error: TesseraError) -> None:
            if not isinstance(error, TopicNotFound):
                self._connection.fail(error, CloseCode.RESTARTING)
            outcome.set_exception(error)

        self._following.join(self._topic, self.principal, since, joined=joined, failed=failed)
        return await outcome

    # What subscriptions and presence tell.

    @property
    def principal(self) -> Principal:
        assert self._connection.credentials is not None
        return self._connection.credentials.principal

    def event(self, event: TopicEvent) -> None:
        self._connection.write(event.frame(project_frame))

    def lost(self, _topic: str, _position: Position, _reason: str) -> None:
        """What was told before may be wrong now: the state says it anew."""
        self._parts.metrics.recoveries.labels("lost").inc()
        self._waiting.append((GetState(), 0))
        if not self._is_working:
            self._work_soon()

    def missed(self, events: Sequence[TopicEvent]) -> None:
        for event in events:
            self.event(event)

    def passing(self, passing: PassingFrame) -> None:
        """Answers of models belong to conversations."""

    def typing(self, _topic: str, _user_id: UUID) -> None:
        """Nobody types in files as one does in chats."""

    def refused(self, topic: str) -> None:
        self._following.leave(topic)
        self.taken_away(topic, TopicNotFound())

    def taken_away(self, _topic: str, error: TesseraError) -> None:
        if isinstance(error, TopicNotFound):
            self._refuse(CloseCode.FORBIDDEN)
        else:
            self._connection.fail(error, CloseCode.RESTARTING)

    def overwhelmed(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    async def drained(self) -> None:
        await self._connection.drained()

    def presence_changed(self, change: PresenceChange) -> bool:
        if self._following.doubts(self._topic):
            return False
        for member in change.joined:
            self._tell_joined(member)
        for user_id in change.left:
            if user_id in self._names:
                self._write("user_left", Somebody(user_id=user_id, display_name=self._names.pop(user_id)))
        return True

    def _tell_joined(self, member: Member) -> None:
        """Once: presence may repeat itself."""
        if member.user_id not in self._names and member.user_id != self.principal.user_id:
            self._names[member.user_id] = member.display_name
            self._write("user_joined", Somebody(user_id=member.user_id, display_name=member.display_name))

    def _refuse(self, code: CloseCode) -> None:
        """Never there, or there no more."""
        self._connection.fail(ProjectNotFound() if code is CloseCode.NOT_FOUND else NotAllowed(), code)

    def _write(self, kind: str, data: Place | Somebody | None = None) -> None:
        self._connection.write(server_frame(kind, data))
