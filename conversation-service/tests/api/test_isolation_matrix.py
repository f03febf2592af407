"""Every operation, asked by everybody: a table that must have a row for each route of the service.

A conversation is its user's own: a colleague, an owner of the tenant and a stranger of another tenant all get, for a
real id, the answer for a made-up one.
"""

from typing import Any, NamedTuple

import pytest
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient

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
}
OPERATIONS = operations_of(ROUTES)
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1]]
OTHERS = [person(Role.OWNER), person(Role.DEVELOPER), person(Role.OWNER, GLOBEX)]


def test_every_operation_has_its_row() -> None:
    assert set(OPERATIONS) == MATRIX.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(client: ConversationClient, method: str, path: str) -> None:
    row, ada = MATRIX[method, path], person(Role.VIEWER)
    path = path.format(conversation_id=(await client.begin(ada))["id"])

    others = {(await client.send(method, path, row.body, who=who)).status for who in OTHERS}
    user = (await client.send(method, path, row.body, who=ada)).status

    assert (others, user) == ({row.others}, row.user)


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("who", OTHERS)
async def test_an_id_of_somebody_else_is_answered_as_a_made_up_one(
    client: ConversationClient, method: str, path: str, who: Principal
) -> None:
    conversation = await client.begin(person())
    paths = [path.format(conversation_id=given) for given in (conversation["id"], new_id(), "1")]

    answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=who)

    assert answer.code == "CONVERSATION_NOT_FOUND"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nobody_gets_in_without_an_identity(client: ConversationClient, method: str, path: str) -> None:
    answer = await client.send(method, path.format(conversation_id=new_id()), who=None)

    assert (answer.status, answer.code) == (401, "AUTH_REQUIRED")


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
    conversation = await client.begin(ada)
    await client.say(ada, conversation)

    async with database.unit_of_work(eve.tenant_id) as work:
        for table in ("conversations", "messages", "outbox", "topic_offsets"):
            assert await work.rows(f"select * from {table}") == []
        assert await Conversation.all().using_db(work.connection) == []
        assert await work.execute("delete from conversations") == 0
    async with database.system_work() as work:
        assert len(await work.rows("select from conversations")) == 1


async def test_every_table_of_tenants_has_its_wall(database: Database) -> None:
    assert await database.system_rows(UNPROTECTED_TABLES) == []
