"""Keepers whose event log is a list, tokens of a test key, and a node to talk to."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from shared.access_tokens import mint_access_token
from shared.errors import Unavailable
from shared.events.chats import ChatMessageAdded, ChatMessageState, ChatMessageType
from shared.events.envelope import Envelope, Event, TopicOffset, encode
from shared.events.projects import TaskAdded, TaskPriority, TaskState, TaskStatus, TaskUpdated
from shared.events.questions import (
    MAX_REPLAY_BYTES,
    ChatsOfUser,
    ChatsOfUserAnswer,
    EndedSession,
    EndedSessions,
    EndedSessionsAnswer,
    MemberDirectory,
    MemberDirectoryAnswer,
    SigningKeys,
    SigningKeysAnswer,
    TopicNotFound,
    TopicPosition,
    TopicPositionAnswer,
    TopicReplay,
    TopicReplayAnswer,
)
from shared.events.topics import chat_topic, epoch_in, stream_of
from shared.http.app import App
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage
from shared.messaging.requests import Responder
from shared.principal import Principal, Role

StreamKey = tuple[UUID, str]


class LiveServer(NamedTuple):
    app: App
    port: int
    stop: Callable[[], Awaitable[None]]


def _first_bytes(events: list[Envelope]) -> list[Envelope]:
    """As many as one answer of an owner has."""
    sizes = accumulate(len(bytes(event.data)) for event in events)
    return events[: 1 + sum(1 for size in sizes if size < MAX_REPLAY_BYTES)]


class FakeKeeper:
    """Keeps topics of any tenant; who is in a tenant sees all of its topics that exist."""

    def __init__(self, bus: Bus, service: str) -> None:
        self.epoch = "epoch-1"
        self.is_failing = False
        self.questions: list[str] = []
        self.blind: set[UUID] = set()
        self.audiences: dict[UUID, UUID] = {}
        """Users who hear every topic on a stream of their own."""
        self.answers = asyncio.Event()
        """Each question about a place stays open until what stands here when it comes is set."""
        self.waiting = 0
        self.answers.set()
        self._bus = bus
        self._service = service
        self._log: dict[StreamKey, list[Envelope]] = {}
        self._first: dict[StreamKey, int] = {}

    async def start(self) -> None:
        responder = Responder(self._bus, self._service)
        self.register(responder)
        await responder.start()

    def register(self, responder: Responder) -> None:
        if self._service == ChatsOfUser.service:
            responder.on(ChatsOfUser, self._chats_of_user)
        responder.on(TopicPosition, self._position)
        responder.on(TopicReplay, self._replay)

    def create(self, tenant_id: UUID, topic: str) -> None:
        self._log.setdefault((tenant_id, topic), [])

    def offset(self, tenant_id: UUID, topic: str) -> int:
        return len(self._log[tenant_id, topic])

    def note(self, tenant_id: UUID, topic: str, event: Event | None = None, actor_id: UUID | None = None) -> Envelope:
        """Into the log only: the broker loses it."""
        event = event or task_added()
        log = self._log.setdefault((tenant_id, topic), [])
        place = TopicOffset(topic, epoch_in(topic, self.epoch), len(log) + 1)
        log.append(envelope_of(event, tenant_id, (place,), actor_id))
        return log[-1]

    async def publish(self, tenant_id: UUID, topic: str, event: Event | None = None, **about: Any) -> Envelope:
        envelope = self.note(tenant_id, topic, event, **about)
        await self.send(envelope)
        return envelope

    async def send(self, envelope: Envelope) -> None:
        await self._bus.publish([OutgoingMessage(self._service, envelope.type, envelope.id, encode(envelope))])

    def prune(self, tenant_id: UUID, topic: str, first: int) -> None:
        """Replays from before `first` are no longer possible."""
        self._first[tenant_id, topic] = first

    def replace_log(self, epoch: str) -> None:
        self.epoch = epoch
        self._log = {key: [] for key in self._log}

    async def _chats_of_user(self, question: ChatsOfUser) -> ChatsOfUserAnswer:
        principal = question.principal
        topics = [topic for tenant, topic in self._log if tenant == principal.tenant_id]
        kind = chat_topic(UUID(int=0)).partition(":")[0] + ":"
        seen = [topic for topic in topics if topic.startswith(kind) and principal.user_id not in self.blind]
        return ChatsOfUserAnswer([UUID(topic.removeprefix(kind)) for topic in seen])

    async def _position(self, question: TopicPosition) -> TopicPositionAnswer:
        self.waiting += 1
        await self.answers.wait()
        self.waiting -= 1
        log = self._read(question.principal, question.topic, "position")
        stream = self._stream(question.principal, question.topic)
        return TopicPositionAnswer(epoch_in(stream, self.epoch), len(log), stream)

    async def _replay(self, question: TopicReplay) -> TopicReplayAnswer:
        log = self._read(question.principal, question.topic, "replay")
        first = self._first.get((question.principal.tenant_id, question.topic), 1)
        stream, reason = self._stream(question.principal, question.topic), None
        epoch = epoch_in(stream, self.epoch)
        if question.epoch != epoch:
            reason = "epoch_changed"
        elif question.after > len(log):
            reason = "ahead"
        elif question.after + 1 < first:
            reason = "window_passed"
        if reason:
            return TopicReplayAnswer(epoch, len(log), stream, is_complete=False, reason=reason)
        page = _first_bytes(log[question.after : question.after + question.limit])
        reached = question.after + len(page)
        raw = [msgspec.Raw(encode(envelope)) for envelope in page]
        return TopicReplayAnswer(epoch, reached, stream, raw, has_more=reached < len(log), last_offset=len(log))

    def _read(self, principal: Principal, topic: str, operation: str) -> list[Envelope]:
        self.questions.append(operation)
        if self.is_failing:
            raise Unavailable
        if (principal.tenant_id, topic) not in self._log or principal.user_id in self.blind:
            raise TopicNotFound
        return self._log.setdefault((principal.tenant_id, self._stream(principal, topic)), [])

    def _stream(self, principal: Principal, topic: str) -> str:
        return stream_of(topic, self.audiences.get(principal.user_id))


class FakeAuth:
    """Signs access tokens and answers for its keys; publishes what auth-service publishes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._key = Ed25519PrivateKey.generate()
        self.ended: list[EndedSession] = []

    async def start(self) -> None:
        responder = Responder(self._bus, "auth")
        responder.on(SigningKeys, self._keys)
        responder.on(EndedSessions, self._ended_sessions)
        responder.on(MemberDirectory, self._member_directory)
        await responder.start()

    def token(self, principal: Principal, life: int = 900, now: datetime | None = None) -> str:
        return mint_access_token(principal, self._key, "test-key", now or datetime.now(UTC), life)

    async def publish(self, event: Event, tenant_id: UUID | None = None) -> None:
        envelope = envelope_of(event, tenant_id)
        await self._bus.publish([OutgoingMessage("auth", envelope.type, envelope.id, encode(envelope))])

    async def _ended_sessions(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer(self.ended)

    async def _member_directory(self, _question: MemberDirectory) -> MemberDirectoryAnswer:
        """Nobody has a name here."""
        return MemberDirectoryAnswer([])

    async def _keys(self, _question: SigningKeys) -> SigningKeysAnswer:
        public = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        return SigningKeysAnswer(json.dumps({"keys": [{**public, "kid": "test-key", "alg": "EdDSA", "use": "sig"}]}))


def some_principal(tenant_id: UUID | None = None, **about: Any) -> Principal:
    known = {"user_id": new_id(), "tenant_id": tenant_id or new_id(), "session_id": new_id(), "role": Role.DEVELOPER}
    return Principal(**{**known, **about})


def envelope_of(
    event: Event, tenant_id: UUID | None, topics: tuple[TopicOffset, ...] = (), actor_id: UUID | None = None
) -> Envelope:
    return Envelope(
        id=new_id(),
        source="/tests",
        type=event.type,
        subject="tests/1",
        time=datetime.now(UTC),
        tenantid=tenant_id,
        actorid=actor_id,
        topics=topics,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )


def task_added(**fields: Any) -> TaskAdded:
    state = task_state(**fields)
    return TaskAdded(entity_id=state.id, version=state.version, payload=state)


def task_updated(*changed: str, **fields: Any) -> TaskUpdated:
    state = task_state(**fields)
    return TaskUpdated(entity_id=state.id, version=state.version, changed_fields=changed, payload=state)


def chat_message_added(chat_id: UUID, content: str = "Hello", **fields: Any) -> ChatMessageAdded:
    state = chat_message(chat_id, content, **fields)
    return ChatMessageAdded(entity_id=state.id, version=state.version, payload=state)


def chat_message(chat_id: UUID, content: str, **fields: Any) -> ChatMessageState:
    now = datetime.now(UTC)
    known = {
        "id": new_id(),
        "tenant_id": new_id(),
        "chat_id": chat_id,
        "number": 1,
        "author_id": new_id(),
        "about_user_id": None,
        "type": ChatMessageType.TEXT,
        "content": content,
        "reply_to": None,
        "edited_at": None,
        "is_deleted": False,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    return ChatMessageState(**{**known, **fields})


def task_state(**fields: Any) -> TaskState:
    now = datetime.now(UTC)
    known = {
        "id": new_id(),
        "tenant_id": new_id(),
        "project_id": new_id(),
        "title": "Write it down",
        "description": None,
        "status": TaskStatus.TODO,
        "priority": TaskPriority.NORMAL,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    known |= {field: None for field in TaskState.__struct_fields__ if field not in known}
    return TaskState(**{**known, **fields})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unix_now() -> int:
    return int(time.time())
