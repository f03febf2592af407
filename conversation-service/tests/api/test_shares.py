"""Shared branches: who has the link reads one branch, until it is revoked, expired or gone."""

from datetime import UTC, datetime, timedelta

import pytest
from conversation_builders import person
from conversation_client import ConversationClient, path_of

from conversation_service.retention import OWN
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics

SHOWN = {"title", "messages", "message_count", "next_cursor", "created_at", "expires_at"}


@pytest.fixture
def ada() -> Principal:
    return person()


async def test_a_link_shows_one_branch_as_it_was_and_nothing_else(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    one = await client.say(ada, conversation, "1")
    await client.say(ada, conversation, "2")
    two = await client.say(ada, conversation, "2b", parent_id=one["id"])
    body = {"message_id": two["id"]}
    share = (await client.send("POST", f"{path_of(conversation)}/share", body, who=ada)).data
    await client.say(ada, conversation, "3b")

    shown = await client.send("GET", f"/api/v1/shares/{share['token']}", who=None)

    assert share["url"].endswith(f"/shares/{share['token']}")
    assert len(share["token"]) >= 43
    assert [message["content"] for message in shown.data["messages"]] == ["1", "2b"]
    assert shown.data.keys() == SHOWN
    assert shown.data["messages"][0].keys() == {"role", "content", "model", "created_at"}
    for secret in (ada.tenant_id, ada.user_id, conversation["id"], one["id"], share["id"]):
        assert str(secret).encode() not in shown.body
    assert "no-store" in shown.headers["cache-control"]


async def test_a_shared_branch_is_read_in_pages(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    for number in range(1, 6):
        await client.say(ada, conversation, str(number))
    share = (await client.send("POST", f"{path_of(conversation)}/share", {}, who=ada)).data
    await client.say(ada, conversation, "6")
    path = f"/api/v1/shares/{share['token']}"

    pages, cursor = [], ""
    while cursor is not None:
        page = (await client.send("GET", f"{path}?limit=2{cursor and f'&cursor={cursor}'}", who=None)).data
        pages.append([message["content"] for message in page["messages"]])
        cursor = page["next_cursor"]
    third = (await client.send("GET", f"{path}?page=3&page_size=2", who=None)).data
    wrong = await client.send("GET", f"{path}?limit=201&cursor=made-up&branch={new_id()}", who=None)
    made_up = await client.send("GET", f"{path}?cursor=made-up", who=None)

    assert pages == [["1", "2"], ["3", "4"], ["5"]]
    assert (third["messages"][0]["content"], third["message_count"], third["next_cursor"]) == ("5", 5, None)
    assert (wrong.status, wrong.wrong_fields.keys()) == (422, {"query.limit", "query.branch"})
    assert (made_up.status, made_up.wrong_fields) == (422, {"query.cursor": "invalid"})


async def test_a_token_is_stored_as_a_digest_only(
    client: ConversationClient, ada: Principal, database: Database
) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation)
    share = (await client.send("POST", f"{path_of(conversation)}/share", {}, who=ada)).data

    [row] = await database.system_rows("select shares::text as text from shares")

    assert share["token"] not in row["text"]


async def test_a_revoked_expired_or_made_up_link_shows_nothing(
    client: ConversationClient, ada: Principal, database: Database
) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation)
    path = f"{path_of(conversation)}/share"
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    first, second, third = [(await client.send("POST", path, {"expires_at": soon}, who=ada)).data for _ in range(3)]
    async with database.system_work() as work:
        await work.execute("update shares set expires_at = now() where id = $1", third["id"])

    revoked = await client.send("DELETE", f"{path}s/{first['id']}", who=ada)

    assert revoked.status == 204
    assert [share["id"] for share in (await client.send("GET", f"{path}s", who=ada)).items] == [second["id"]]
    tokens = (first["token"], third["token"], "made-up", "%F0%9F%8C%9D", "x" * 2000)
    answers = [await client.send("GET", f"/api/v1/shares/{token}", who=None) for token in tokens]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "SHARE_NOT_FOUND")}
    assert (await client.send("GET", f"/api/v1/shares/{second['token']}", who=None)).status == 200
    assert (await client.send("DELETE", path, who=ada)).status == 204
    assert (await client.send("GET", f"/api/v1/shares/{second['token']}", who=None)).status == 404


async def test_what_cannot_be_shared_is_refused(client: ConversationClient, ada: Principal) -> None:
    conversation, other = await client.begin(ada), await client.begin(ada)
    elsewhere = await client.say(ada, other)
    path = f"{path_of(conversation)}/share"

    for body in ({}, {"message_id": elsewhere["id"]}, {"message_id": str(new_id())}):
        assert (await client.send("POST", path, body, who=ada)).code == "MESSAGE_NOT_FOUND"
    past = await client.send("POST", f"{path_of(other)}/share", {"expires_at": "2020-01-01T00:00:00Z"}, who=ada)
    assert past.wrong_fields == {"expires_at": "too_small"}


async def test_a_temporary_conversation_is_gone_at_its_hour_and_then_removed(
    client: ConversationClient, ada: Principal, database: Database
) -> None:
    kept = await client.begin(ada)
    conversation = await client.begin(ada, temporary=True)
    message = await client.say(ada, conversation)
    share = (await client.send("POST", f"{path_of(conversation)}/share", {}, who=ada)).data
    expires_in = datetime.fromisoformat(conversation["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < expires_in < timedelta(hours=25)
    assert kept["expires_at"] is None
    async with database.system_work() as work:
        await work.execute("update conversations set expires_at = now() where id = $1", conversation["id"])

    for path, code in {
        path_of(conversation): "CONVERSATION_NOT_FOUND",
        f"{path_of(conversation)}/messages": "CONVERSATION_NOT_FOUND",
        f"/api/v1/shares/{share['token']}": "SHARE_NOT_FOUND",
    }.items():
        assert (await client.send("GET", path, who=ada)).code == code
    edit = await client.send("PATCH", f"/api/v1/messages/{message['id']}", {"content": "x"}, who=ada)
    assert edit.code == "MESSAGE_NOT_FOUND"
    assert (await client.ask(ada, conversation)).code == "CONVERSATION_NOT_FOUND"
    assert (await client.send("GET", "/api/v1/conversations", who=ada)).json["total"] == 1

    for task in retention_tasks(database, OWN, SystemClock(), Metrics("conversation")):
        await task.run_once()

    assert await database.system_rows("select from messages where id = $1", message["id"]) == []
    events = await client.events(ada, f"conversation:{conversation['id']}")
    assert events[-1].type == "conversation.conversation.deleted"


async def test_usage_of_others_is_for_admins(client: ConversationClient, ada: Principal) -> None:
    await client.ask(ada, await client.begin(ada))
    boss, colleague = person(Role.ADMIN), person()
    path = f"/api/v1/usage?user_id={ada.user_id}"

    assert [day["answers"] for day in (await client.send("GET", path, who=boss)).items] == [1]
    assert (await client.send("GET", path, who=colleague)).status == 403
    assert (await client.send("GET", "/api/v1/usage?from=2020-01-01&to=2020-12-31", who=ada)).json["total"] == 0
