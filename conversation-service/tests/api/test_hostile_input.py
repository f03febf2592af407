"""What nobody in their right mind sends: it is refused or done, and never fails."""

import base64
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from chat_client import CHATS, ChatClient, in_chat
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, messages_of, path_of

from shared.ids import new_id
from shared.principal import Principal, Role

DEEP = 5_000
LONGEST_MESSAGE = 200_000
NEVER = str(new_id())


@pytest.fixture
def ada() -> Principal:
    return person(Role.OWNER)


@pytest.fixture
async def deep(client: ConversationClient, ada: Principal) -> dict[str, Any]:
    """A conversation that is one branch of 5,000 messages; `leaf` is the last one's id."""
    conversation = await client.begin(ada)
    async with client.database.unit_of_work(ada.tenant_id) as work:
        await work.execute(
            """
            with ids as (select number, gen_random_uuid() as id from generate_series(1, $4::int) as number)
            insert into messages (tenant_id, user_id, conversation_id, id, role, content, token_count,
                                  token_count_source, status, created_at, updated_at, number, depth, parent_id)
            select $1, $2, $3, i.id, 'user', 'said', 1, 'estimate', 'completed', now(), now(), i.number, i.number, p.id
            from ids i left join ids p on p.number = i.number - 1
            """,
            *(ada.tenant_id, ada.user_id, conversation["id"], DEEP),
        )
        await work.execute("update conversations set message_count = $2 where id = $1", conversation["id"], DEEP)
    newest = (await client.send("GET", f"{messages_of(conversation)}?order=desc&limit=1", who=ada)).items[0]
    return {**conversation, "leaf": newest["id"]}


async def test_a_branch_of_thousands_is_read_told_taken_along_and_shared(
    client: ConversationClient, ada: Principal, deep: dict[str, Any]
) -> None:
    path, leaf = path_of(deep), deep["leaf"]

    page = await client.send("GET", f"{messages_of(deep)}?branch={leaf}&order=desc&limit=200", who=ada)
    markdown = await client.send("GET", f"{path}/export?format=markdown&branch={leaf}", who=ada)
    estimate = await client.send("POST", f"{path}/estimate", {"content": "And?", "parent_id": leaf}, who=ada)
    answer = await client.ask(ada, deep, "And?", parent_id=leaf)
    fork = await client.send("POST", f"{path}/fork", {"message_id": answer.data["id"]}, who=ada)
    share = await client.send("POST", f"{path}/share", {"message_id": leaf}, who=ada)
    shared = await client.send("GET", f"/api/v1/shares/{share.data['token']}?page=25&limit=200", who=None)

    assert (page.json["total"], len(page.items), page.items[0]["id"]) == (DEEP, 200, leaf)
    assert markdown.body.count(b"said") == DEEP
    assert estimate.data["total_tokens"] == DEEP + 1
    assert (answer.status, fork.data["message_count"]) == (201, DEEP + 2)
    assert (len(shared.data["messages"]), shared.data["next_cursor"]) == (200, None)


async def test_the_longest_message_is_kept_as_it_is_and_a_longer_one_refused(
    client: ConversationClient, ada: Principal
) -> None:
    conversation = await client.begin(ada)
    path = messages_of(conversation)
    for text in ("x", "🌝", "\u2028", "\\", '"'):
        body = {"role": "user", "content": text * LONGEST_MESSAGE}

        kept = await client.send("POST", path, body, who=ada)
        longer = await client.send("POST", path, {**body, "content": body["content"] + "x"}, who=ada)

        assert (kept.status, kept.data["content"]) == (201, body["content"])
        assert (longer.status, longer.wrong_fields) == (422, {"content": "too_long"})
    exported = await client.send("GET", f"{path_of(conversation)}/export?format=markdown", who=ada)
    assert exported.status == 200


TEXTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", CONVERSATIONS, {"title": "{}"}),
    ("POST", CONVERSATIONS, {"title": "x", "description": "{}", "ai_provider": "{}", "model": "{}", "tags": ["{}"]}),
    ("PATCH", "{conversation}", {"title": "{}"}),
    ("POST", "{conversation}/messages", {"role": "assistant", "content": "{}", "model": "{}"}),
    ("POST", "{conversation}/completions", {"content": "{}", "model": "{}"}),
    ("POST", "{conversation}/estimate", {"content": "{}", "model": "{}"}),
    ("PATCH", "/api/v1/messages/{message}", {"content": "{}"}),
    ("PUT", "/api/v1/messages/{message}/feedback", {"rating": "up", "comment": "{}"}),
    ("POST", CHATS, {"kind": "group", "title": "{}"}),
    ("POST", "{chat}/messages", {"content": "{}"}),
    ("PATCH", "{chat}/messages/{chat_message}", {"content": "{}"}),
    ("POST", "/api/v1/support/question", {"question": "{}"}),
]


UNSTORABLE = (rb"a\u0000b", rb"\ud800", rb"\udc00\ud800", b"\xff\xfe", b"\xed\xa0\x80")


async def test_text_that_cannot_be_stored_is_refused(chats: ChatClient, ada: Principal) -> None:
    ids = await things_of(chats, ada)

    for method, path, body in TEXTS:
        for text in UNSTORABLE:
            raw = msgspec.json.encode(body).replace(b"{}", text)
            answer = await chats.send(method, path.format(**ids), who=ada, raw=raw)
            assert answer.status in (400, 422), (method, path, answer)
            assert answer.code in ("MALFORMED_JSON", "VALIDATION_ERROR")


HUGE = "9" * 400
CURSORS = [
    f'["asc", {HUGE}]',
    '["asc", -1]',
    f'["asc", {2**63}]',
    f'["-updated_at", "0001-01-01T00:00:00Z", "{NEVER}"]',
    f'["-updated_at", "9999-12-31T23:59:59Z", "{NEVER}"]',
    f'["-updated_at", "0001-01-01T00:00:00+23:59", "{NEVER}"]',
    f'["-updated_at", "2020-01-01T00:00:00", "{NEVER}"]',
    f'["0001-01-01T00:00:00Z", "{NEVER}"]',
    '["\\ud800", 1]',
    "[" * 700,
]
"""What ours never say."""

QUERIES = [
    *(f"cursor={base64.urlsafe_b64encode(cursor.encode()).decode().rstrip('=')}" for cursor in CURSORS),
    "page=1000000",
    f"page={HUGE}",
    "page_size=0",
    f"limit={HUGE}",
    "cursor=%00",
    "cursor=" + "A" * 1024,
    f"offset={HUGE}",
    "offset=200000000",
    f"branch={NEVER}",
    "branch=1",
    "q=%00",
    "q=%ff",
    "tag=%00",
    "sort=%00",
    "sort=title;drop table conversations",
    "from=0001-01-01&to=9999-12-31",
    "from=9999-12-31&to=0001-01-01",
    f"user_id={NEVER}",
    "unread=maybe",
    "page=1&page=2",
    "%00=1",
]
LISTS = (
    CONVERSATIONS,
    "{conversation}/messages",
    "{conversation}/shares",
    "{conversation}/export",
    "/api/v1/usage",
    "/api/v1/models",
    "/api/v1/shares/{token}",
    CHATS,
    "{chat}/participants",
    "{chat}/messages",
    "/api/v1/notifications",
    "/api/v1/support/faq",
)


async def test_no_query_makes_a_list_fail(chats: ChatClient, ada: Principal) -> None:
    ids = await things_of(chats, ada)

    for path in LISTS:
        for query in QUERIES:
            answer = await chats.send("GET", f"{path.format(**ids)}?{query}", who=ada)
            assert answer.status in (200, 400, 404, 422), (path, query, answer)


SEGMENTS = ("0", "-1", "null", HUGE, "%00", "%ff", "..%2f", "{}", NEVER.upper(), NEVER[:-1], f"{{{NEVER}}}", "🌝" * 50)


async def test_no_id_makes_a_path_fail(chats: ChatClient, ada: Principal) -> None:
    ids = await things_of(chats, ada)
    paths = (
        ("GET", CONVERSATIONS + "/{}", None),
        ("GET", CONVERSATIONS + "/{}/messages", None),
        ("GET", ids["conversation"] + "/runs/{}/stream", None),
        ("POST", ids["conversation"] + "/runs/{}/stop", None),
        ("DELETE", ids["conversation"] + "/shares/{}", None),
        ("POST", "/api/v1/messages/{}/regenerate", {}),
        ("GET", "/api/v1/shares/{}", None),
        ("GET", CHATS + "/{}", None),
        ("DELETE", ids["chat"] + "/participants/{}", None),
        ("DELETE", ids["chat"] + "/messages/{}", None),
        ("PUT", f"{ids['chat']}/messages/{ids['chat_message']}/reactions/{{}}", None),
    )

    for method, path, body in paths:
        for segment in SEGMENTS:
            asked = path.replace("{}", segment if "%" in segment else quote(segment))
            answer = await chats.send(method, asked, body, who=ada)
            assert answer.status in (400, 404, 422), (method, asked, answer)


async def test_ids_of_others_in_a_body_are_not_found(chats: ChatClient, ada: Principal) -> None:
    ids, other = await things_of(chats, ada), await things_of(chats, person())
    for foreign in (other, dict.fromkeys(other, NEVER)):
        refused = [
            ("{conversation}/messages", {"role": "user", "content": "x", "parent_id": foreign["message"]}, 422),
            ("{conversation}/completions", {"content": "x", "parent_id": foreign["message"]}, 422),
            ("{conversation}/completions", {"parent_id": foreign["message"]}, 422),
            ("{conversation}/estimate", {"content": "x", "parent_id": foreign["message"]}, 404),
            ("{conversation}/fork", {"message_id": foreign["message"]}, 404),
            ("{conversation}/share", {"message_id": foreign["message"]}, 404),
            ("{chat}/messages", {"content": "x", "reply_to": foreign["chat_message"]}, 422),
            ("{chat}/read", {"message_id": foreign["chat_message"]}, 422),
            ("{chat}/participants", {"user_id": NEVER}, 422),
        ]
        for path, body, status in refused:
            answer = await chats.send("POST", path.format(**ids), body, who=ada)
            assert answer.status == status, (path, body, answer)
    read = await chats.send("POST", "/api/v1/notifications/mark-read", {"ids": [NEVER] * 3}, who=ada)
    assert read.data == {"updated": 0}


async def test_no_last_event_id_makes_a_stream_fail(client: ConversationClient, ada: Principal) -> None:
    answer = await client.ask(ada, await client.begin(ada))
    path = f"{answer.headers['location']}/stream"

    for last_id in ("-1", HUGE, "1e9", "٣", "", " ", "0x1", "1.5", str(2**63), str(2**31)):
        stream = await client.send("GET", path, who=ada, headers={"Last-Event-ID": last_id})
        assert (stream.status, b"event: done" in stream.body) == (200, True), last_id


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0001-01-01T00:00:00+23:59", 422),
        ("9999-12-31T23:59:59-23:59", 400),
        ("9999-12-31T23:59:59Z", 201),
        ("2026-01-01T00:00:00", 422),
    ],
)
async def test_a_link_ends_at_a_moment_that_there_is(
    client: ConversationClient, ada: Principal, moment: str, status: int
) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation)

    answer = await client.send("POST", f"{path_of(conversation)}/share", {"expires_at": moment}, who=ada)

    assert answer.status == status


async def things_of(chats: ChatClient, who: Principal) -> dict[str, Any]:
    """Paths and ids of a conversation with a message and a share, and a chat with a message."""
    conversation = await chats.begin(who)
    message = await chats.say(who, conversation)
    share = await chats.create(f"{path_of(conversation)}/share", {}, who=who)
    chat = await chats.group(who)
    return {
        "conversation": path_of(conversation),
        "message": message["id"],
        "token": share["token"],
        "chat": in_chat(chat),
        "chat_message": (await chats.write(who, chat))["id"],
    }
