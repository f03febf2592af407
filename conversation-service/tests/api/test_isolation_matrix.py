"""Every operation, asked by everybody: a table that must have a row for each route of the service.

A conversation is its user's own: a colleague, an owner of the tenant and a stranger of another tenant all get, for a
real id, the answer for a made-up one.
"""

from typing import Any, NamedTuple

import pytest
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, path_of

from conversation_service.app import ROUTES
from conversation_service.conversations.models import Conversation
from shared.db.databases import Database
from shared.db.schema import UNPROTECTED_TABLES
from shared.events.questions import TopicNotFound, TopicPosition
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.isolation import answered_alike, operations_of

CONVERSATION = CONVERSATIONS + "/{conversation_id}"
MESSAGES = CONVERSATION + "/messages"
MESSAGE = "/api/v1/messages/{message_id}"
RUN = CONVERSATION + "/runs/{run_id}"
SHARED = "/api/v1/shares/{token}"


class Row(NamedTuple):
    user: int
    others: int
    body: Any = None


MATRIX = {
    ("GET", CONVERSATIONS): Row(200, 200),
    ("POST", CONVERSATIONS): Row(201, 201, {"title": "Moon"}),
    ("GET", CONVERSATION): Row(200, 404),
    ("PATCH", CONVERSATION): Row(200, 404, {"title": "Mars"}),
    ("PUT", CONVERSATION): Row(200, 404, {"title": "Mars"}),
    ("DELETE", CONVERSATION): Row(204, 404),
    ("GET", MESSAGES): Row(200, 404),
    ("POST", MESSAGES): Row(201, 404, {"role": "user", "content": "Hello"}),
    ("POST", CONVERSATION + "/fork"): Row(201, 404, {"message_id": "{message_id}"}),
    ("GET", CONVERSATION + "/export"): Row(200, 404),
    ("PATCH", MESSAGE): Row(200, 404, {"content": "Hi"}),
    ("PUT", MESSAGE): Row(200, 404, {"content": "Hi"}),
    ("PUT", MESSAGE + "/feedback"): Row(200, 404, {"rating": "up"}),
    ("POST", MESSAGE + "/regenerate"): Row(201, 404, {}),
    ("POST", CONVERSATION + "/completions"): Row(201, 404, {"content": "Hello"}),
    ("POST", "/api/v1/chat/completions"): Row(200, 200, {"messages": [{"role": "user", "content": "Hello"}]}),
    ("GET", RUN): Row(200, 404),
    ("GET", RUN + "/stream"): Row(200, 404),
    ("POST", RUN + "/stop"): Row(202, 404),
    ("POST", CONVERSATION + "/estimate"): Row(200, 404, {"content": "Hello"}),
    ("GET", "/api/v1/models"): Row(200, 200),
    ("POST", CONVERSATION + "/share"): Row(201, 404, {}),
    ("DELETE", CONVERSATION + "/share"): Row(204, 404),
    ("GET", CONVERSATION + "/shares"): Row(200, 404),
    ("DELETE", CONVERSATION + "/shares/{share_id}"): Row(204, 404),
    ("GET", SHARED): Row(200, 200),
    ("GET", "/api/v1/usage"): Row(200, 200),
}
ELSEWHERE = ("/api/v1/chats", "/api/v1/notifications", "/api/v1/support")  # test_chat_isolation_matrix has their rows
OPERATIONS = [operation for operation in operations_of(ROUTES) if not operation[1].startswith(ELSEWHERE)]
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1] and operation[1] != SHARED]
TABLES = (
    *("conversations", "messages", "runs", "run_chunks", "shares", "usage_days", "outbox", "topic_offsets"),
    *("storage_allotments", "answer_allowances", "answer_leases"),
)
OTHERS = [person(Role.OWNER), person(Role.DEVELOPER), person(Role.OWNER, GLOBEX)]


async def ids_of(client: ConversationClient, who: Principal) -> dict[str, Any]:
    """Of a conversation with one answer and one share."""
    conversation = await client.begin(who)
    answer = await client.ask(who, conversation)
    share = (await client.send("POST", f"{path_of(conversation)}/share", {}, who=who)).data
    run_id = answer.headers["location"].rpartition("/")[2]
    about = {"conversation_id": conversation["id"], "message_id": answer.data["id"], "run_id": run_id}
    return {**about, "share_id": share["id"], "token": share["token"]}


def filled(body: Any, ids: dict[str, Any]) -> Any:
    if not body:
        return body
    return {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}


def test_every_operation_has_its_row() -> None:
    assert set(OPERATIONS) == MATRIX.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(client: ConversationClient, method: str, path: str) -> None:
    row, ada = MATRIX[method, path], person(Role.VIEWER)
    ids = await ids_of(client, ada)
    path, body = path.format(**ids), filled(row.body, ids)

    others = {(await client.send(method, path, body, who=who)).status for who in OTHERS}
    user = (await client.send(method, path, body, who=ada)).status

    assert (others, user) == ({row.others}, row.user)


@pytest.mark.parametrize("who", OTHERS)
async def test_ids_of_somebody_else_are_answered_as_made_up_ones(client: ConversationClient, who: Principal) -> None:
    ids = await ids_of(client, person())

    for method, path in WITH_ID:
        paths = [path.format(**given) for given in (ids, dict.fromkeys(ids, new_id()), dict.fromkeys(ids, "1"))]
        answer = await answered_alike(client, method, paths, filled(MATRIX[method, path].body, ids), who=who)
        expected = "MESSAGE_NOT_FOUND" if path.startswith(MESSAGE) else "CONVERSATION_NOT_FOUND"
        assert answer.code == expected, (method, path)


@pytest.mark.parametrize("name", ["run_id", "share_id"])
async def test_what_is_in_another_conversation_of_mine_is_not_in_this_one(
    client: ConversationClient, name: str
) -> None:
    ada = person()
    ids, other = await ids_of(client, ada), await ids_of(client, ada)
    for (method, path), row in MATRIX.items():
        if f"{{{name}}}" in path:
            paths = [path.format(**{**ids, name: given}) for given in (other[name], new_id(), "1")]
            await answered_alike(client, method, paths, row.body, who=ada)


async def test_nobody_gets_in_without_an_identity(client: ConversationClient) -> None:
    ids = dict.fromkeys(("conversation_id", "message_id", "run_id", "share_id", "token"), new_id())

    for method, path in OPERATIONS:
        answer = await client.send(method, path.format(**ids), who=None)
        expected = "SHARE_NOT_FOUND" if path == SHARED else "AUTH_REQUIRED"
        assert answer.code == expected, (method, path)


async def test_a_topic_is_followed_by_its_user_only(client: ConversationClient, bus: MemoryBus) -> None:
    ada, requests = person(), Requests(bus)
    topic = f"conversation:{(await client.begin(ada))['id']}"

    position = await requests.ask(TopicPosition(principal=ada, topic=topic), service="conversation")

    assert position.offset == 1
    hidden = [(who, topic) for who in OTHERS]
    for who, name in (
        *hidden,
        (ada, f"conversation:{new_id()}"),
        (ada, f"chat:{topic}"),
        (ada, f"conversation:{topic}"),
    ):
        with pytest.raises(TopicNotFound):
            await requests.ask(TopicPosition(principal=who, topic=name), service="conversation")


async def test_queries_that_forget_the_tenant_still_see_one(client: ConversationClient, database: Database) -> None:
    ada, eve = person(), person(Role.OWNER, GLOBEX)
    await ids_of(client, ada)

    async with database.unit_of_work(eve.tenant_id) as work:
        for table in TABLES:
            assert await work.rows(f"select * from {table}") == []
        assert await Conversation.all().using_db(work.connection) == []
        assert await work.execute("delete from conversations") == 0
    async with database.system_work() as work:
        assert len(await work.rows("select from conversations")) == 1


async def test_every_table_of_tenants_has_its_wall(database: Database) -> None:
    assert await database.system_rows(UNPROTECTED_TABLES) == []
