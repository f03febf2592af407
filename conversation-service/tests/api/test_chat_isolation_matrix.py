"""Every operation on chats, notifications and support, asked by everybody: each route has its row.

A chat is its participants': a colleague, an owner of the tenant and a stranger of another tenant all get, for a real
id, the answer for a made-up one.
"""

from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from chat_client import CHATS, ChatClient
from conversation_builders import person

from conversation_service.app import ROUTES
from shared.db.databases import Database
from shared.events.questions import TopicNotFound, TopicPosition
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role
from shared.testing.callers import GLOBEX
from shared.testing.isolation import answered_alike, operations_of

CHAT = CHATS + "/{chat_id}"
PARTICIPANTS = CHAT + "/participants"
MESSAGES = CHAT + "/messages"
MESSAGE = MESSAGES + "/{chat_message_id}"
REACTION = MESSAGE + "/reactions/{emoji}"
NOTIFICATIONS = "/api/v1/notifications"
SETTINGS = NOTIFICATIONS + "/settings"
FAQ = "/api/v1/support/faq"


class Row(NamedTuple):
    owner: int
    member: int
    others: int
    body: Any = None


MATRIX = {
    ("GET", CHATS): Row(200, 200, 200),
    ("POST", CHATS): Row(201, 201, 201, {"kind": "group"}),
    ("GET", CHAT): Row(200, 200, 404),
    ("PATCH", CHAT): Row(200, 403, 404, {"title": "Mars"}),
    ("PUT", CHAT): Row(200, 403, 404, {"title": "Mars"}),
    ("DELETE", CHAT): Row(204, 403, 404),
    ("GET", PARTICIPANTS): Row(200, 200, 404),
    ("POST", PARTICIPANTS): Row(201, 403, 404, {"user_id": "{newcomer_id}"}),
    ("DELETE", PARTICIPANTS + "/{user_id}"): Row(204, 403, 404),
    ("GET", MESSAGES): Row(200, 200, 404),
    ("POST", MESSAGES): Row(201, 201, 404, {"content": "Hello"}),
    ("PATCH", MESSAGE): Row(200, 403, 404, {"content": "Hi"}),
    ("PUT", MESSAGE): Row(200, 403, 404, {"content": "Hi"}),
    ("DELETE", MESSAGE): Row(204, 403, 404),
    ("PUT", REACTION): Row(200, 200, 404),
    ("DELETE", REACTION): Row(204, 204, 404),
    ("POST", CHAT + "/read"): Row(200, 200, 404, {"message_id": "{chat_message_id}"}),
    ("GET", NOTIFICATIONS): Row(200, 200, 200),
    ("POST", NOTIFICATIONS + "/mark-read"): Row(200, 200, 200, {"ids": []}),
    ("POST", NOTIFICATIONS + "/mark-all-read"): Row(200, 200, 200),
    ("GET", SETTINGS): Row(200, 200, 200),
    ("PATCH", SETTINGS): Row(200, 200, 200, {"mention": {"email": False}}),
    ("PUT", SETTINGS): Row(200, 200, 200, {"mention": {"email": False}}),
    ("GET", FAQ): Row(200, 200, 200),
    ("POST", "/api/v1/support/question"): Row(201, 201, 201, {"question": "How do I sign in?"}),
}
HERE = (CHATS, NOTIFICATIONS, "/api/v1/support")
OPERATIONS = [operation for operation in operations_of(ROUTES) if operation[1].startswith(HERE)]
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1]]
OTHERS = [person(Role.OWNER), person(Role.DEVELOPER), person(Role.OWNER, GLOBEX)]


async def a_chat(chats: ChatClient) -> tuple[Any, Any, dict[str, Any]]:
    """Its owner, a member, and the ids of it and of what is in it."""
    ada, ben, cy, newcomer = [await chats.member() for _ in range(4)]
    group = await chats.group(ada, ben, cy)
    message = await chats.write(ada, group)
    ids = {"chat_id": group["id"], "chat_message_id": message["id"], "emoji": quote("👍")}
    return ada, ben, {**ids, "user_id": str(cy.user_id), "newcomer_id": str(newcomer.user_id)}


def filled(body: Any, ids: dict[str, Any]) -> Any:
    is_filled = body and all(isinstance(value, str) for value in body.values())
    return {name: value.format(**ids) for name, value in body.items()} if is_filled else body


def test_every_operation_has_its_row() -> None:
    assert set(OPERATIONS) == MATRIX.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(chats: ChatClient, method: str, path: str) -> None:
    row = MATRIX[method, path]
    ada, ben, ids = await a_chat(chats)
    path, body = path.format(**ids), filled(row.body, ids)

    others = {(await chats.send(method, path, body, who=who)).status for who in OTHERS}
    member = (await chats.send(method, path, body, who=ben)).status
    owner = (await chats.send(method, path, body, who=ada)).status

    assert (owner, member, others) == (row.owner, row.member, {row.others})


async def test_an_id_of_somebody_else_is_answered_as_a_made_up_one(chats: ChatClient) -> None:
    _, _, ids = await a_chat(chats)
    made_up = {**ids, "chat_id": new_id(), "chat_message_id": new_id(), "user_id": new_id()}
    malformed = {**made_up, "chat_id": "1"}

    for method, path in WITH_ID:
        body = filled(MATRIX[method, path].body, ids)
        for who in OTHERS:
            paths = [path.format(**given) for given in (ids, made_up, malformed)]
            answer = await answered_alike(chats, method, paths, body, who=who)
            assert answer.code == "CHAT_NOT_FOUND"


async def test_nobody_gets_in_without_an_identity(chats: ChatClient) -> None:
    ids = {"chat_id": new_id(), "chat_message_id": new_id(), "user_id": new_id(), "emoji": "x"}

    for method, path in OPERATIONS:
        if path != FAQ:
            answer = await chats.send(method, path.format(**ids), who=None)
            assert (answer.status, answer.code) == (401, "AUTH_REQUIRED"), (method, path)


async def test_a_topic_is_followed_by_those_who_take_part(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben, ids = await a_chat(chats)
    topic, requests = f"chat:{ids['chat_id']}", Requests(bus)

    for who in (ada, ben):
        assert (await requests.ask(TopicPosition(principal=who, topic=topic), service="conversation")).offset == 3
    hidden = [(who, topic) for who in OTHERS]
    for who, name in (*hidden, (ada, f"chat:{new_id()}"), (ada, f"chat:x:{ids['chat_id']}"), (ada, "chat:1")):
        with pytest.raises(TopicNotFound):
            await requests.ask(TopicPosition(principal=who, topic=name), service="conversation")


async def test_queries_that_forget_the_tenant_still_see_one(chats: ChatClient, database: Database) -> None:
    await a_chat(chats)
    tables = ("chats", "chat_participants", "chat_messages", "chat_reactions", "tenant_members", "project_viewers")

    async with database.unit_of_work(GLOBEX) as work:
        for table in (*tables, "notifications", "notification_inboxes", "support_tickets"):
            assert await work.rows(f"select * from {table}") == []
        assert await work.execute("delete from chats") == 0
