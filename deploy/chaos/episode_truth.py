"""What really happened, for `episodes`: the keepers of all topics, and a broker that is not to be trusted.

Events are written into the log first. On their way to the nodes some are lost, doubled or overtaken.
"""

import random
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.events.chats import ChatMessageAdded, ChatMessageState, ChatMessageType
from shared.events.envelope import Envelope, TopicOffset, encode
from shared.events.files import FileAdded, FileState
from shared.events.live_project import AskLiveProject, LiveProject, LiveStatus
from shared.events.questions import (
    ChatsOfUser,
    ChatsOfUserAnswer,
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
from shared.events.topics import chat_topic, files_topic, parse_topic
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage, PublishFailed
from shared.messaging.requests import Responder

EPOCH = "truth"


class Topics(NamedTuple):
    projects: list[UUID]
    chats: list[UUID]

    @property
    def names(self) -> list[str]:
        return [*map(files_topic, self.projects), *map(chat_topic, self.chats)]


class Truth:
    def __init__(self, bus: Bus, chance: random.Random, tenant_id: UUID, topics: Topics) -> None:
        self.topics = topics
        self.lost = self.doubled = self.overtaken = 0
        self._bus = bus
        self._chance = chance
        self._tenant_id = tenant_id
        self._logs: dict[str, list[Envelope]] = {name: [] for name in topics.names}
        self._entities: dict[str, list[UUID]] = {name: [] for name in topics.names}
        self._files: dict[UUID, list[FileState]] = {project_id: [] for project_id in topics.projects}

    async def start(self) -> None:
        for service in ("project", "conversation", "auth"):
            responder = Responder(self._bus, service)
            responder.on(TopicPosition, self._position)
            responder.on(TopicReplay, self._replay)
            if service == AskLiveProject.service:
                responder.on(AskLiveProject, self._state)
            elif service == ChatsOfUser.service:
                responder.on(ChatsOfUser, self._chats)
            else:
                responder.on(SigningKeys, self._keys)
                responder.on(EndedSessions, self._ended)
                responder.on(MemberDirectory, self._members)
            await responder.start()

    def offset(self, topic: str) -> int:
        return len(self._logs[topic])

    def entity(self, topic: str, offset: int) -> str:
        """The id of what the event of this offset is about."""
        return str(self._entities[topic][offset - 1])

    async def happen(self, number: int, *, is_faulty: bool) -> None:
        envelopes = [self._note(self._chance.choice(self.topics.names)) for _ in range(number)]
        await self._send(self._spoiled(envelopes) if is_faulty else envelopes)

    async def happen_everywhere(self) -> None:
        """One event in each topic, delivered as it should be: what was lost before it shows now."""
        await self._send([self._note(name) for name in self.topics.names])

    def _spoiled(self, envelopes: list[Envelope]) -> list[Envelope]:
        sent: list[Envelope] = []
        for envelope in envelopes:
            fate = self._chance.random()
            if fate < 0.2:
                self.lost += 1
                continue
            sent.append(envelope)
            if fate < 0.4:
                self.doubled += 1
                sent.append(envelope)
        for _ in range(len(sent) // 4):
            at = self._chance.randrange(len(sent))
            sent.append(sent.pop(at))
            self.overtaken += 1
        return sent

    async def _send(self, envelopes: list[Envelope]) -> None:
        """While the broker is away they are lost, like any others."""
        keepers = [(envelope, parse_topic(envelope.topics[0].topic)) for envelope in envelopes]
        messages = [
            OutgoingMessage(topic.keeper, envelope.type, envelope.id, encode(envelope))
            for envelope, topic in keepers
            if topic is not None
        ]
        try:
            await self._bus.publish(messages)
        except PublishFailed:
            self.lost += len(messages)

    def _note(self, topic: str) -> Envelope:
        entity_id = UUID(topic.partition(":")[2])
        event = self._file_added(entity_id) if entity_id in self._files else self._message_added(entity_id)
        log = self._logs[topic]
        envelope = Envelope(
            id=new_id(),
            source="/episodes",
            type=event.type,
            subject=str(entity_id),
            time=datetime.now(UTC),
            tenantid=self._tenant_id,
            topics=(TopicOffset(topic, EPOCH, len(log) + 1),),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
        log.append(envelope)
        self._entities[topic].append(event.entity_id)
        return envelope

    def _file_added(self, project_id: UUID) -> FileAdded:
        file = FileState(**self._about(), project_id=project_id, path="p", size=0, sha256="", language=None)
        self._files[project_id].append(file)
        return FileAdded(entity_id=file.id, version=1, payload=file)

    def _message_added(self, chat_id: UUID) -> ChatMessageAdded:
        message = ChatMessageState(
            **self._about(),
            chat_id=chat_id,
            number=1,
            author_id=None,
            about_user_id=None,
            type=ChatMessageType.TEXT,
            content="Hello",
            reply_to=None,
            edited_at=None,
            is_deleted=False,
        )
        return ChatMessageAdded(entity_id=message.id, version=1, payload=message)

    def _about(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"id": new_id(), "tenant_id": self._tenant_id, "version": 1, "created_at": now, "updated_at": now}

    # What nodes ask.

    async def _position(self, question: TopicPosition) -> TopicPositionAnswer:
        return TopicPositionAnswer(EPOCH, len(self._log(question.topic)), question.topic)

    async def _replay(self, question: TopicReplay) -> TopicReplayAnswer:
        log = self._log(question.topic)
        if question.epoch != EPOCH or question.after > len(log):
            return TopicReplayAnswer(EPOCH, len(log), question.topic, is_complete=False, reason="epoch_changed")
        page = log[question.after : question.after + question.limit]
        reached = question.after + len(page)
        raw = [msgspec.Raw(encode(envelope)) for envelope in page]
        return TopicReplayAnswer(EPOCH, reached, question.topic, raw, has_more=reached < len(log))

    def _log(self, topic: str) -> list[Envelope]:
        if topic not in self._logs:
            raise TopicNotFound
        return self._logs[topic]

    async def _state(self, question: AskLiveProject) -> LiveProject:
        files = list(self._files[question.project_id])
        return LiveProject(status=LiveStatus.IDLE, files=files, epoch=EPOCH, offset=len(files))

    async def _chats(self, _question: ChatsOfUser) -> ChatsOfUserAnswer:
        return ChatsOfUserAnswer(self.topics.chats)

    async def _keys(self, _question: SigningKeys) -> SigningKeysAnswer:
        return SigningKeysAnswer('{"keys": []}')

    async def _ended(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer([])

    async def _members(self, _question: MemberDirectory) -> MemberDirectoryAnswer:
        return MemberDirectoryAnswer([])
