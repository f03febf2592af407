"""Messages over HTTP: appended at one end, counted as they come, read in pages from either end."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from conversation_builders import person
from conversation_client import ConversationClient, messages_of, path_of

from conversation_service.llm.tokens import TokenCounter
from conversation_service.messages.schemas import AddMessage, MessageQuery
from conversation_service.messages.service import MessageService
from conversation_service.storage.allotments import StorageAllotments
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.conversations import MessageRole
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal
from shared.testing.counting import CountingDatabase


async def listed(
    client: ConversationClient, who: Principal, conversation: dict[str, Any], query: str = ""
) -> tuple[list[int], dict[str, Any]]:
    answer = await client.send("GET", f"{messages_of(conversation)}?{query}", who=who)
    assert answer.status == 200, answer
    return [int(item["content"]) for item in answer.items], answer.json


@pytest.fixture
async def ada() -> Principal:
    return person()


@pytest.fixture
async def long_conversation(client: ConversationClient, database: Database, ada: Principal) -> dict[str, Any]:
    """Messages 1 to 260, the content of each being its number."""
    conversation = await client.begin(ada)
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute(
            """
            insert into messages (id, tenant_id, conversation_id, number, depth, user_id, role, content, token_count,
                                  token_count_source, created_at, updated_at)
            select gen_random_uuid(), $1, $2, n, 1, $3, 'user', n, 1, 'estimate', now(), now()
            from generate_series(1, 260) n
            """,
            ada.tenant_id,
            conversation["id"],
            ada.user_id,
        )
        await work.execute("update conversations set message_count = 260")
    return conversation


async def test_a_message_is_kept_and_counted(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)

    answer = await client.send("POST", messages_of(conversation), {"role": "User", "content": "Hello"}, who=ada)

    assert answer.status == 201
    assert "location" not in answer.headers
    fixed = {name: value for name, value in answer.data.items() if not name.endswith("_at") and name != "id"}
    assert fixed == {
        "tenant_id": str(ada.tenant_id),
        "conversation_id": conversation["id"],
        "user_id": str(ada.user_id),
        "role": "user",
        "content": "Hello",
        "model": None,
        "parent_id": None,
        "token_count": 2,
        "token_count_source": "estimate",
        "status": "completed",
        "usage": None,
        "feedback": None,
        "version": 1,
    }
    counted = (await client.send("GET", path_of(conversation), who=ada)).data
    assert (counted["message_count"], counted["token_count"], counted["version"]) == (1, 2, 1)
    assert counted["updated_at"] == answer.data["created_at"]
    told = (await client.events(ada, f"conversation:{conversation['id']}"))[-1]
    counts = msgspec.json.decode(told.data)["payload"]["conversation"]
    assert counts == {name: counted[name] for name in ("message_count", "token_count")}


async def test_the_assistant_names_its_model(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)

    without = await client.send("POST", messages_of(conversation), {"role": "assistant", "content": "Hi"}, who=ada)
    message = await client.say(ada, conversation, role="assistant", model="small-1")

    assert (without.status, without.code) == (422, "MODEL_REQUIRED")
    assert message["model"] == "small-1"
    assert (await client.send("GET", path_of(conversation), who=ada)).data["message_count"] == 1


async def test_a_parent_is_a_message_of_the_same_conversation(client: ConversationClient, ada: Principal) -> None:
    conversation, other = await client.begin(ada), await client.begin(ada)
    first = await client.say(ada, conversation)
    elsewhere = await client.say(ada, other)
    strangers = person()
    foreign = await client.say(strangers, await client.begin(strangers))

    child = await client.say(ada, conversation, parent_id=first["id"])
    refused = [
        await client.send(
            "POST", messages_of(conversation), {"role": "user", "content": "x", "parent_id": parent}, who=ada
        )
        for parent in (elsewhere["id"], foreign["id"], str(new_id()))
    ]

    assert child["parent_id"] == first["id"]
    assert {answer.status for answer in refused} == {422}
    assert refused[0].wrong_fields == {"parent_id": "not_found"}
    assert len({answer.without_trace for answer in refused}) == 1
    assert (await client.send("GET", path_of(conversation), who=ada)).data["message_count"] == 2


async def test_parallel_messages_are_all_kept_in_one_order(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)

    await asyncio.gather(*(client.say(ada, conversation, str(n)) for n in range(100)))

    contents, answer = await listed(client, ada, conversation, "page_size=200")
    assert (sorted(contents), answer["total"]) == (list(range(100)), 100)
    newest_first, _ = await listed(client, ada, conversation, "order=desc&page_size=200")
    assert newest_first == contents[::-1]
    events = await client.events(ada, f"conversation:{conversation['id']}")
    assert [event.topics[0].offset for event in events] == list(range(1, 102))


async def test_an_empty_conversation_has_an_empty_page(client: ConversationClient, ada: Principal) -> None:
    for query in ("", "order=desc", "page=3", "offset=7"):
        contents, answer = await listed(client, ada, await client.begin(ada), query)
        assert (contents, answer["total"], answer["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", range(1, 51)),
        ("page=2", range(51, 101)),
        ("page_size=200", range(1, 201)),
        ("page_size=200&page=2", range(201, 261)),
        ("limit=3&offset=5", range(6, 9)),
        ("offset=259", range(260, 261)),
        ("offset=260", range(0)),
        ("page=1000000", range(0)),
        ("order=desc&limit=3", range(260, 257, -1)),
        ("order=desc&limit=3&page=2", range(257, 254, -1)),
        ("order=desc&limit=50&offset=255", range(5, 0, -1)),
        ("order=desc&offset=260", range(0)),
    ],
)
async def test_a_page_begins_where_it_is_asked_to(
    client: ConversationClient, ada: Principal, long_conversation: dict[str, Any], query: str, numbers: range
) -> None:
    contents, answer = await listed(client, ada, long_conversation, query)

    assert contents == list(numbers)
    assert answer["total"] == 260


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_cursor_walks_all_of_it_once(
    client: ConversationClient, ada: Principal, long_conversation: dict[str, Any], order: str
) -> None:
    found: list[int] = []
    cursor = ""
    while cursor is not None:
        contents, answer = await listed(client, ada, long_conversation, f"page_size=100&order={order}{cursor}")
        found += contents
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"

    assert found == sorted(range(1, 261), reverse=order == "desc")


async def test_a_cursor_belongs_to_its_order(
    client: ConversationClient, ada: Principal, long_conversation: dict[str, Any]
) -> None:
    _, answer = await listed(client, ada, long_conversation)

    other = await client.send(
        "GET", f"{messages_of(long_conversation)}?order=desc&cursor={answer['next_cursor']}", who=ada
    )

    assert (other.status, other.code) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("query", ["page_size=201", "limit=0", "offset=-1", "order=up", "cursor=WzEsMl0", "page=0"])
async def test_a_query_out_of_range_is_refused(client: ConversationClient, ada: Principal, query: str) -> None:
    answer = await client.send("GET", f"{messages_of(await client.begin(ada))}?{query}", who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_all_wrong_fields_are_named_at_once(client: ConversationClient, ada: Principal) -> None:
    body = {"role": "robot", "content": "", "model": 3, "parent_id": "x", "token_count": 5}

    answer = await client.send("POST", messages_of(await client.begin(ada)), body, who=ada)

    assert answer.wrong_fields == {
        "role": "invalid_choice",
        "content": "too_short",
        "model": "wrong_type",
        "parent_id": "invalid_format",
        "token_count": "unknown",
    }


async def test_a_repeated_message_is_said_once(client: ConversationClient, ada: Principal) -> None:
    conversation, key = await client.begin(ada), {"Idempotency-Key": "once"}
    body = {"role": "user", "content": "Hello"}

    first = await client.send("POST", messages_of(conversation), body, who=ada, headers=key)
    again = await client.send("POST", messages_of(conversation), body, who=ada, headers=key)

    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert (await client.send("GET", path_of(conversation), who=ada)).data["message_count"] == 1


async def test_work_on_messages_takes_few_statements(
    client: ConversationClient, database: Database, bus: MemoryBus, ada: Principal, long_conversation: dict[str, Any]
) -> None:
    counting: Any = CountingDatabase(database)
    storage = StorageAllotments(counting, Requests(bus), SystemClock())
    messages = MessageService(counting, storage, TokenCounter(), SystemClock())
    conversation_id = UUID(long_conversation["id"])

    await messages.add(ada, conversation_id, AddMessage(role=MessageRole.USER, content="261"))
    assert len(counting.statements) == 3
    await messages.find(ada, conversation_id, MessageQuery(page=5))
    assert len(counting.statements) == 5
