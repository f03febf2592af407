"""What is deleted or written anew is not read from the event log any more: at once, and soon not on the disk either."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from shared.db.databases import Database
from shared.events.auth import AccountDeactivated
from shared.events.chats import (
    ChatMessageAdded,
    ChatMessageDeleted,
    ChatMessageState,
    ChatMessageType,
    ChatMessageUpdated,
    ChatParticipants,
    ChatParticipantsRemoved,
    RemovedChatMessage,
)
from shared.events.envelope import Envelope, decode
from shared.events.registry import default_registry
from shared.ids import new_id
from shared.messaging import redaction
from shared.messaging.bus import Offered, OutgoingMessage
from shared.messaging.event_log import EventLog
from shared.messaging.redaction import redact_authored, redact_subjects, redact_topics, rewrite_redacted
from shared.messaging.relay import Relay

TENANT, AUTHOR, CHAT = new_id(), new_id(), new_id()
TOPIC, OTHER_TOPIC = f"chat:{CHAT}", "chat:other"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


class RecordingBus:
    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.queues: tuple[str, ...] = ()

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        self.sent.extend(decode(message.body) for message in messages)
        return Offered(len(messages), {})


class Stage:
    """A chat of one tenant, told on one topic."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = EventLog(database)

    async def say(
        self, message_id: UUID, text: str, *, tenant_id: UUID = TENANT, topics: Sequence[str] = (TOPIC,)
    ) -> None:
        state = _state(message_id, text, tenant_id)
        await self._publish(ChatMessageAdded(entity_id=message_id, version=1, payload=state), tenant_id, topics)

    async def change(self, message_id: UUID, text: str, changed_field: str = "content") -> None:
        updated = ChatMessageUpdated(
            entity_id=message_id, version=2, changed_fields=(changed_field,), payload=_state(message_id, text)
        )
        await self._publish(updated, TENANT, [TOPIC])

    async def delete(self, message_id: UUID) -> None:
        place = _state(message_id, "")
        gone = RemovedChatMessage(id=message_id, chat_id=CHAT, number=1, place=place)
        await self._publish(ChatMessageDeleted(entity_id=message_id, version=3, payload=gone), TENANT, [TOPIC])

    async def read(self, topic: str = TOPIC, tenant_id: UUID = TENANT) -> list[Envelope]:
        return await self.log.read(tenant_id, topic, 0, 1_000)

    async def texts(self, topic: str = TOPIC, tenant_id: UUID = TENANT) -> list[str | None]:
        """Of each event in order; None where it is redacted."""
        return [None if one.is_redacted else _text(one) for one in await self.read(topic, tenant_id)]

    async def mark_sent(self) -> None:
        async with self.database.system_work() as work:
            await work.execute("update outbox set sent_at = now() where sent_at is null")

    async def rewrite(self) -> None:
        for _ in range(1_000):
            async with self.database.system_work() as work:
                if not await rewrite_redacted(work, NOW):
                    return
        pytest.fail("rewriting never ends")

    async def stored(self) -> str:
        async with self.database.system_work() as work:
            return " ".join(row["data"] for row in await work.rows("select data from outbox order by seq"))

    async def redactions(self) -> int:
        async with self.database.system_work() as work:
            return await work.execute("select from redactions")

    async def _publish(self, event: Any, tenant_id: UUID, topics: Sequence[str]) -> None:
        async with self.database.unit_of_work(tenant_id, actor_id=AUTHOR) as work:
            work.publish(event, topics=topics, subject=str(event.entity_id))


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_a_deletion_redacts_what_was_told_of_the_thing_and_nothing_else(stage: Stage) -> None:
    gone, kept = new_id(), new_id()
    await stage.say(gone, "first")
    await stage.say(kept, "second")
    await stage.change(gone, "reaction", "reactions")
    await stage.delete(gone)

    events = await stage.read()

    assert [one.is_redacted for one in events] == [True, False, True, False]
    assert [one.topics[0].offset for one in events] == [1, 2, 3, 4]
    assert [one.type.rpartition(".")[2] for one in events] == ["added", "added", "updated", "deleted"]
    assert not any(b"first" in bytes(one.data) or b'reaction"' in bytes(one.data) for one in events)
    assert {one.subject for one in events} == {str(gone), str(kept)}


async def test_an_edit_redacts_the_former_text_and_a_reaction_does_not(stage: Stage) -> None:
    message = new_id()
    await stage.say(message, "first")
    await stage.change(message, "first", "reactions")
    before = await stage.texts()
    await stage.change(message, "second")

    assert before == ["first", "first"]
    assert await stage.texts() == [None, None, "second"]


async def test_what_has_not_been_sent_goes_out_redacted(stage: Stage) -> None:
    message, bus = new_id(), RecordingBus()
    await stage.say(message, "first")
    await stage.delete(message)

    await _relay(stage.database, bus)

    assert [one.is_redacted for one in bus.sent] == [True, False]
    event = default_registry().read(bus.sent[0])
    assert isinstance(event, ChatMessageAdded)
    assert (event.entity_id, event.payload.content, event.payload.chat_id) == (message, "", CHAT)


async def test_the_content_leaves_the_disk_and_the_redaction_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "ROWS_AT_ONCE", 3)
    message, kept = new_id(), new_id()
    await stage.say(message, "first")
    for number in range(7):
        await stage.change(message, f"first{number}", "reactions")
    await stage.say(kept, "second")
    await stage.delete(message)
    await stage.mark_sent()

    await stage.rewrite()

    assert "first" not in await stage.stored()
    assert await stage.redactions() == 0
    assert await stage.texts() == [None] * 8 + ["second", ""]


async def test_what_has_not_been_sent_is_rewritten_when_it_has(stage: Stage) -> None:
    message = new_id()
    await stage.say(message, "first")
    await stage.delete(message)
    await stage.rewrite()
    assert "first" in await stage.stored()
    assert await stage.redactions() == 1

    await stage.mark_sent()
    await stage.rewrite()

    assert "first" not in await stage.stored()
    assert await stage.redactions() == 0


@pytest.mark.parametrize("is_rewritten", [False, True])
async def test_a_topic_is_redacted_wherever_its_events_are(
    stage: Stage, is_rewritten: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.say(new_id(), "both", topics=[TOPIC, OTHER_TOPIC])
    for _ in range(5):
        await stage.say(new_id(), "first")
    await stage.say(new_id(), "elsewhere", topics=[OTHER_TOPIC])
    await stage.mark_sent()
    async with stage.database.unit_of_work(TENANT) as work:
        redact_topics(work, TENANT, [TOPIC])
        state = _state(new_id(), "own")
        work.publish(ChatMessageAdded(entity_id=state.id, version=1, payload=state), topics=[TOPIC], subject="own")

    if is_rewritten:
        await _rewrite_in_portions_of_two(stage, monkeypatch)

    assert await stage.texts() == [None] * 6 + ["own"]
    assert await stage.texts(OTHER_TOPIC) == [None, "elsewhere"]
    assert ("first" in await stage.stored()) is not is_rewritten


@pytest.mark.parametrize("is_rewritten", [False, True])
async def test_an_erased_author_redacts_what_they_wrote(
    stage: Stage, is_rewritten: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_id()
    for number in range(5):
        await stage.say(new_id(), f"first{number}")
    state = msgspec.structs.replace(_state(other, "second"), author_id=new_id())
    async with stage.database.unit_of_work(TENANT, actor_id=AUTHOR) as work:
        work.publish(ChatMessageAdded(entity_id=other, version=1, payload=state), topics=[TOPIC], subject=str(other))
    await stage.mark_sent()
    async with stage.database.unit_of_work(TENANT) as work:
        redact_authored(work, TENANT, AUTHOR)

    if is_rewritten:
        await _rewrite_in_portions_of_two(stage, monkeypatch)

    assert await stage.texts() == [None] * 5 + ["second"]
    assert ("first" in await stage.stored()) is not is_rewritten


async def test_another_tenant_is_not_touched(stage: Stage) -> None:
    message, stranger = new_id(), new_id()
    await stage.say(message, "theirs", tenant_id=stranger)
    await stage.say(message, "first")
    async with stage.database.unit_of_work(TENANT) as work:
        redact_subjects(work, TENANT, [message])
        redact_topics(work, TENANT, [TOPIC])
        redact_authored(work, TENANT, AUTHOR)
    await stage.mark_sent()
    await stage.rewrite()

    assert await stage.texts() == [None]
    assert await stage.texts(tenant_id=stranger) == ["theirs"]
    with pytest.raises(ValueError, match="another tenant"):
        async with stage.database.unit_of_work(TENANT) as work:
            redact_subjects(work, stranger, [message])


async def test_what_comes_after_a_redaction_is_read(stage: Stage) -> None:
    message = new_id()
    await stage.say(message, "first")
    await stage.delete(message)
    await stage.say(message, "restored")

    assert await stage.texts() == [None, "", "restored"]


async def test_a_redaction_that_is_made_again_while_it_is_worked_on_counts_for_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "ROWS_AT_ONCE", 1)
    await stage.say(new_id(), "first")
    await stage.say(new_id(), "second")
    await stage.mark_sent()
    async with stage.database.unit_of_work(TENANT) as work:
        redact_topics(work, TENANT, [TOPIC])
    async with stage.database.system_work() as work:
        await rewrite_redacted(work, NOW)
    await stage.say(new_id(), "third")
    await stage.mark_sent()
    async with stage.database.unit_of_work(TENANT) as work:
        redact_topics(work, TENANT, [TOPIC])

    await stage.rewrite()

    assert await stage.texts() == [None] * 3
    assert await stage.redactions() == 0


async def test_facts_between_services_are_kept_as_they_are(stage: Stage) -> None:
    user, bus = new_id(), RecordingBus()
    async with stage.database.unit_of_work(TENANT) as work:
        work.publish(AccountDeactivated(tenant_id=TENANT, user_id=user), topics=[], subject=str(user))
    async with stage.database.unit_of_work(TENANT) as work:
        redact_subjects(work, TENANT, [user])

    await _relay(stage.database, bus)
    await stage.rewrite()

    assert not bus.sent[0].is_redacted
    assert default_registry().read(bus.sent[0]) == AccountDeactivated(tenant_id=TENANT, user_id=user)
    assert str(user) in await stage.stored()


async def test_a_deletion_told_to_two_audiences_is_read_by_both(stage: Stage) -> None:
    message = new_id()
    await stage.say(message, "first", topics=[TOPIC, OTHER_TOPIC])
    gone = RemovedChatMessage(id=message, chat_id=CHAT, number=1, place=_state(message, ""))
    async with stage.database.unit_of_work(TENANT) as work:
        for topic in (TOPIC, OTHER_TOPIC):
            event = ChatMessageDeleted(entity_id=message, version=2, payload=gone)
            work.publish(event, topics=[topic], subject=str(message))

    assert await stage.texts() == [None, ""]
    assert await stage.texts(OTHER_TOPIC) == [None, ""]


async def test_somebody_who_leaves_takes_nothing_of_the_chat_along(stage: Stage) -> None:
    await stage.say(CHAT, "first")
    left = ChatParticipantsRemoved(
        entity_id=CHAT, version=1, payload=ChatParticipants(chat_id=CHAT, user_ids=(new_id(),))
    )
    async with stage.database.unit_of_work(TENANT) as work:
        work.publish(left, topics=[TOPIC], subject=str(CHAT))

    assert not any(one.is_redacted for one in await stage.read())


async def test_what_is_not_deleted_costs_no_statement(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        state = _state(new_id(), "first")
        work.publish(ChatMessageAdded(entity_id=state.id, version=1, payload=state), topics=[TOPIC], subject="x")

        assert not work._redactions


ACTS = st.lists(st.tuples(st.sampled_from(["write", "edit", "react", "delete", "send", "rewrite"]), st.integers(0, 2)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_whatever_happens_no_replay_has_a_deleted_or_a_former_text(
    database: Database, acts: list[tuple[str, int]]
) -> None:
    """Against a plain model: the text that each message has now is all that may be read."""
    stage, tenant = Stage(database), new_id()
    current: dict[int, str] = {}
    ids = {number: new_id() for number in range(3)}
    told = 0
    world = _World(stage, tenant)
    for act, number in acts:
        if act == "send":
            await stage.mark_sent()
        elif act == "rewrite":
            await stage.rewrite()
        elif (act == "write") is (number not in current):
            text = current.get(number, "") if act in ("react", "delete") else f"text {told} end"
            await world.act(act, ids[number], text)
            current[number] = text
            told += 1
        if act == "delete" and number in current:
            del current[number]
            ids[number] = new_id()

    events = await stage.read(tenant_id=tenant)

    assert [one.topics[0].offset for one in events] == list(range(1, told + 1))
    readable = {_text(one) for one in events if not one.is_redacted} | {_text(one) for one in events if one.is_redacted}
    assert readable - {""} <= set(current.values())
    assert set(current.values()) <= readable


class _World:
    def __init__(self, stage: Stage, tenant_id: UUID) -> None:
        self._stage = stage
        self._tenant_id = tenant_id

    async def act(self, act: str, message_id: UUID, text: str) -> None:
        await self._stage._publish(self._event(act, message_id, text), self._tenant_id, [TOPIC])

    def _event(
        self, act: str, message_id: UUID, text: str
    ) -> ChatMessageAdded | ChatMessageUpdated | ChatMessageDeleted:
        state = _state(message_id, "" if act == "delete" else text, self._tenant_id)
        if act == "write":
            return ChatMessageAdded(entity_id=message_id, version=1, payload=state)
        if act == "delete":
            gone = RemovedChatMessage(id=message_id, chat_id=CHAT, number=1, place=state)
            return ChatMessageDeleted(entity_id=message_id, version=3, payload=gone)
        fields = ("content",) if act == "edit" else ("reactions",)
        return ChatMessageUpdated(entity_id=message_id, version=2, changed_fields=fields, payload=state)


async def _rewrite_in_portions_of_two(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "ROWS_AT_ONCE", 2)
    await stage.rewrite()
    assert await stage.redactions() == 0


async def _relay(database: Database, bus: RecordingBus) -> None:
    relay = Relay(database, bus, "conversation")  # type: ignore[arg-type]  # all that relaying needs
    async with database.system_session(idle_timeout=30) as session:
        await relay._prepare(session)
        while await relay._relay_portion(session):
            pass


def _text(envelope: Envelope) -> str:
    event: Any = default_registry().read(envelope)
    payload = event.payload.place if isinstance(event, ChatMessageDeleted) else event.payload
    return str(payload.content)


def _state(message_id: UUID, text: str, tenant_id: UUID = TENANT) -> ChatMessageState:
    return ChatMessageState(
        id=message_id,
        tenant_id=tenant_id,
        chat_id=CHAT,
        number=1,
        author_id=AUTHOR,
        about_user_id=None,
        type=ChatMessageType.TEXT,
        content=text,
        reply_to=None,
        edited_at=None,
        is_deleted=False,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )
