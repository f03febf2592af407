"""What is deleted or written anew leaves the history of chats and conversations, and its readers cope with that."""

import pytest
from chat_client import ChatClient, in_chat
from conversation_builders import person
from conversation_client import ConversationClient

from conversation_service.notifications.sources import SOURCES
from shared.db.databases import Database
from shared.events.auth import (
    AccountAnonymised,
    MembershipAdded,
    MembershipChanged,
    MembershipRemoved,
    UserUpdated,
)
from shared.events.changes import Change
from shared.events.envelope import Envelope, decode
from shared.events.projects import ProjectAdded, ProjectDeleted, ProjectUpdated, TeamMemberAdded, TeamMemberRemoved
from shared.events.questions import TopicPosition, TopicReplay, TopicReplayAnswer
from shared.messaging.event_log import EventLog
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal
from shared.testing.callers import ACME
from shared.testing.eventually import eventually
from shared.testing.example_events import send_redacted
from shared.testing.members import tell

SECRET = "canary"


async def logged(database: Database, topic: str) -> list[Envelope]:
    """Whether or not anybody may still ask for it."""
    return await EventLog(database).read(ACME, topic, 0, 1_000)


def readable(events: list[Envelope]) -> str:
    return " ".join(bytes(event.data).decode() for event in events)


async def asked_from_the_start(bus: MemoryBus, who: Principal, topic: str) -> TopicReplayAnswer:
    requests = Requests(bus)
    here = await requests.ask(TopicPosition(principal=who, topic=topic), service="conversation")
    question = TopicReplay(principal=who, topic=topic, epoch=here.epoch, after=0)
    return await requests.ask(question, service="conversation")


async def replayed(bus: MemoryBus, who: Principal, topic: str) -> list[Envelope]:
    return [decode(bytes(raw)) for raw in (await asked_from_the_start(bus, who, topic)).events]


async def test_who_joins_a_chat_reads_no_former_title(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    chat = await chats.group(ada, title=SECRET)
    assert (await chats.send("PATCH", in_chat(chat), {"title": "harmless"}, who=ada)).status == 200
    added = await chats.send("POST", in_chat(chat, "participants"), {"user_id": str(ben.user_id)}, who=ada)
    assert added.status < 300
    topic = f"chat:{chat['id']}"

    newcomer, founder = await asked_from_the_start(bus, ben, topic), await asked_from_the_start(bus, ada, topic)

    assert (newcomer.is_complete, newcomer.reason, newcomer.events) == (False, "not_admitted_yet", [])
    assert founder.is_complete


@pytest.mark.parametrize("act", ["DELETE", "PATCH"])
async def test_a_chat_message_that_is_gone_or_new_is_not_read_as_it_was(
    chats: ChatClient, bus: MemoryBus, act: str
) -> None:
    ada = await chats.member()
    chat = await chats.group(ada)
    said = await chats.write(ada, chat, SECRET)
    path = in_chat(chat, "messages", said["id"])
    await chats.send("PUT", f"{path}/reactions/%F0%9F%91%8D", who=ada)
    assert SECRET in readable(await replayed(bus, ada, f"chat:{chat['id']}"))

    await chats.send(act, path, {"content": "other words"} if act == "PATCH" else None, who=ada)

    events = [event for event in await replayed(bus, ada, f"chat:{chat['id']}") if ".chat_message." in event.type]
    assert [event.is_redacted for event in events] == [True, True, False]
    assert SECRET not in readable(events)


async def test_a_deleted_chat_takes_all_that_was_said_along(chats: ChatClient) -> None:
    ada = await chats.member()
    chat = await chats.group(ada, title=SECRET)
    await chats.write(ada, chat, SECRET)

    await chats.send("DELETE", in_chat(chat), who=ada)

    events = await logged(chats.database, f"chat:{chat['id']}")
    assert SECRET not in readable(events)
    assert [event.type.partition(".")[2] for event in events if not event.is_redacted] == [
        "chat.deleted",
        "chat_participants.removed",
    ]


async def test_who_leaves_a_chat_takes_nothing_along(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.group(ada, ben, title="Crew")
    await chats.write(ada, chat, "kept")

    await chats.send("DELETE", in_chat(chat, "participants", str(ben.user_id)), who=ben)

    assert not any(event.is_redacted for event in await replayed(bus, ada, f"chat:{chat['id']}"))


async def test_an_edited_message_to_a_model_is_not_read_as_it_was(client: ConversationClient, bus: MemoryBus) -> None:
    ada = person()
    conversation = await client.begin(ada)
    message = await client.say(ada, conversation, SECRET)

    await client.send("PATCH", f"/api/v1/messages/{message['id']}", {"content": "other words"}, who=ada)

    events = await replayed(bus, ada, f"conversation:{conversation['id']}")
    assert [event.is_redacted for event in events if event.type.endswith(".message.added")] == [True, False]
    assert SECRET not in readable(events)


async def test_a_deleted_conversation_takes_its_messages_along(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada, title=SECRET)
    await client.say(ada, conversation, SECRET)

    await client.send("DELETE", f"/api/v1/conversations/{conversation['id']}", who=ada)

    events = await logged(client.database, f"conversation:{conversation['id']}")
    assert SECRET not in readable(events)
    assert [event.type.rpartition(".")[2] for event in events if not event.is_redacted] == ["deleted"]


async def test_an_erased_author_takes_their_words_and_their_name_from_the_history(
    chats: ChatClient, bus: MemoryBus
) -> None:
    ada, ben = await chats.member(), await chats.member(name=f"Ben {SECRET}")
    chat = await chats.group(ada)
    await chats.create(in_chat(chat, "participants"), {"user_id": str(ben.user_id)}, who=ada)
    said = await chats.write(ben, chat, SECRET)
    await chats.send("PUT", f"{in_chat(chat, 'messages', said['id'])}/reactions/%F0%9F%91%8D", who=ada)
    await chats.write(ada, chat, "kept")
    topic = f"chat:{chat['id']}"
    assert SECRET in readable(await replayed(bus, ada, topic))

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=ben.user_id), ACME)

    async def is_forgotten() -> bool:
        return SECRET not in readable(await replayed(bus, ada, topic))

    await eventually(is_forgotten)  # the words at once, the name in those of the server by a task
    events = await replayed(bus, ada, topic)
    assert "kept" in readable([event for event in events if not event.is_redacted])


async def test_newcomers_of_a_chat_read_the_history_that_the_chat_shows(chats: ChatClient, bus: MemoryBus) -> None:
    """What was said before they came is theirs to read; what it was before it was edited is nobody's."""
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.group(ada)
    await chats.write(ada, chat, "kept")
    said = await chats.write(ada, chat, SECRET)
    await chats.send("PATCH", in_chat(chat, "messages", said["id"]), {"content": "other words"}, who=ada)
    await chats.create(in_chat(chat, "participants"), {"user_id": str(ben.user_id)}, who=ada)

    shown = [message["content"] for message in await chats.messages(ben, chat)]
    logged_before = await asked_from_the_start(bus, ben, f"chat:{chat['id']}")

    assert {"kept", "other words"} <= set(shown)
    assert (logged_before.reason, logged_before.events) == ("not_admitted_yet", [])


async def test_every_consumer_copes_with_redacted_events(chats: ChatClient, bus: MemoryBus) -> None:
    followed = {MembershipAdded, MembershipChanged, MembershipRemoved, UserUpdated}
    followed |= {ProjectAdded, ProjectDeleted, ProjectUpdated, TeamMemberAdded, TeamMemberRemoved}
    contracts = followed | {contract for contract, _ in SOURCES if issubclass(contract, Change)}

    ids = [await send_redacted(bus, contract, ACME) for contract in contracts]

    async def all_are_applied() -> bool:
        seen = await chats.database.system_rows("select from inbox where event_id = any($1::uuid[])", ids)
        return len(seen) == len(ids)

    await eventually(all_are_applied)
    assert await chats.database.system_rows("select from tenant_members where is_member") == []
    assert await chats.database.system_rows("select from notifications where title like '%canary%'") == []
