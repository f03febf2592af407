"""What the service tells for the export of somebody's data: all that is theirs, nothing of others, page by page."""

import msgspec
from chat_client import ChatClient
from conversation_builders import person

from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.testing.callers import GLOBEX
from shared.testing.held_data import everything_held


async def test_everything_of_a_person_is_told(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    conversation = await chats.begin(ada, title="Moon", tags=["night"])
    await chats.ask(ada, conversation, "How far?")
    chat = await chats.direct(ada, ben)
    await chats.write(ben, chat, "of Ben's")
    await chats.write(ada, chat, "of Ada's")
    await chats.create("/api/v1/support/question", {"question": "Where am I?"}, who=ada)
    await chats.send("PATCH", "/api/v1/notifications/settings", {"mention": {"email": False}}, who=ada)

    held, _ = await everything_held(Requests(bus), "conversation", ada)

    assert list(held) == [
        *("conversations", "messages", "chats", "chat_messages"),
        *("notifications", "notification_settings", "support_tickets", "usage"),
    ]
    assert [(one["id"], one["title"], one["tags"]) for one in held["conversations"]] == [
        (conversation["id"], "Moon", ["night"])
    ]
    assert [(said["role"], said["number"]) for said in held["messages"]] == [("user", 1), ("assistant", 2)]
    assert [joined["id"] for joined in held["chats"]] == [chat["id"]]
    assert [said["content"] for said in held["chat_messages"]] == ["of Ada's"]
    assert [ticket["question"] for ticket in held["support_tickets"]] == ["Where am I?"]
    assert [chosen["preferences"] for chosen in held["notification_settings"]] == [{"mention": {"email": False}}]
    assert [day["answers"] for day in held["usage"]] == [1]
    assert "of Ben's" not in str(held)


async def test_long_things_are_told_whole_and_in_order_in_small_pages(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    begun = [await chats.begin(ada) for _ in range(3)]
    for conversation, size, count in zip(begun, (10, 200_000, 10), (1_200, 8, 3), strict=True):
        async with chats.database.unit_of_work(ada.tenant_id) as work:
            await work.execute(
                """
                insert into messages (tenant_id, user_id, conversation_id, id, role, content, token_count,
                                      token_count_source, status, created_at, updated_at, number, depth)
                select $1, $2, $3, gen_random_uuid(), 'user', repeat('x', $4), 1, 'estimate', 'completed', now(), now(),
                       number, 1
                from generate_series(1, $5::int) as number
                """,
                *(ada.tenant_id, ada.user_id, conversation["id"], size, count),
            )

    held, pages = await everything_held(Requests(bus), "conversation", ada)

    told = [(said["conversation_id"], said["number"]) for said in held["messages"]]
    ids = sorted(conversation["id"] for conversation in begun)
    counts = {conversation["id"]: count for conversation, count in zip(begun, (1_200, 8, 3), strict=True)}
    assert told == [(one, number) for one in ids for number in range(1, counts[one] + 1)]
    assert pages >= len(held) + 4


async def test_strangers_and_other_tenants_hold_nothing(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    await chats.say(ada, await chats.begin(ada))
    elsewhere = msgspec.structs.replace(ada, tenant_id=GLOBEX)

    for who in (person(), elsewhere):
        held, _ = await everything_held(Requests(bus), "conversation", who)
        assert not any(held.values())
