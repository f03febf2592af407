"""Conversations over HTTP: they belong to one user, who begins, finds, changes and ends them."""

import asyncio
from collections import Counter

import msgspec
import pytest
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, messages_of, path_of

from shared.ids import new_id
from shared.principal import Role


async def test_a_new_conversation_needs_a_title_only(client: ConversationClient) -> None:
    ada = person(Role.VIEWER)

    answer = await client.send("POST", CONVERSATIONS, {"title": "Moon"}, who=ada)

    assert answer.status == 201
    assert answer.headers["location"] == path_of(answer.data)
    fixed = {name: value for name, value in answer.data.items() if not name.endswith("_at") and name != "id"}
    assert fixed == {
        "tenant_id": str(ada.tenant_id),
        "user_id": str(ada.user_id),
        "workspace_session_id": None,
        "project_id": None,
        "title": "Moon",
        "description": None,
        "ai_provider": None,
        "model": None,
        "status": "active",
        "message_count": 0,
        "token_count": 0,
        "tags": [],
        "related_conversations": [],
        "summary": None,
        "version": 1,
    }
    assert (await client.send("GET", path_of(answer.data), who=ada)).data == answer.data


async def test_everything_given_is_kept(client: ConversationClient) -> None:
    given = {
        "title": "Moon",
        "description": "and back",
        "workspace_session_id": str(new_id()),
        "project_id": str(new_id()),
        "ai_provider": "openai",
        "tags": ["space", "space", "travel"],
    }

    conversation = await client.begin(person(), **given)

    assert {name: conversation[name] for name in given} == {**given, "tags": ["space", "travel"]}


async def test_a_user_sees_their_own_and_no_others(client: ConversationClient) -> None:
    ada = person()
    mine = await client.begin(ada)
    for role in (Role.OWNER, Role.ADMIN):
        colleague = person(role)
        assert (await client.send("GET", path_of(mine), who=colleague)).code == "CONVERSATION_NOT_FOUND"
        assert (await client.send("GET", CONVERSATIONS, who=colleague)).json["total"] == 0

    assert [item["id"] for item in (await client.send("GET", CONVERSATIONS, who=ada)).items] == [mine["id"]]


async def test_conversations_are_found_by_each_filter(client: ConversationClient) -> None:
    ada, project, session = person(), str(new_id()), str(new_id())
    await client.begin(ada, title="Moon", project_id=project, tags=["space"])
    mars = await client.begin(ada, title="Mars", workspace_session_id=session)
    await client.send("PATCH", path_of(mars), {"status": "archived"}, who=ada)

    for query, titles in {
        "": ["Mars", "Moon"],
        f"project_id={project}": ["Moon"],
        f"workspace_session_id={session}": ["Mars"],
        "tag=space": ["Moon"],
        "status=ARCHIVED": ["Mars"],
        "q=oO": ["Moon"],
        "q=%25": [],
    }.items():
        answer = (await client.send("GET", f"{CONVERSATIONS}?{query}", who=ada)).json
        assert ([item["title"] for item in answer["items"]], answer["total"]) == (titles, len(titles)), query


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-updated_at"])
async def test_cursor_and_page_walk_the_same_order(client: ConversationClient, sort: str) -> None:
    ada = person()
    for number in range(5):
        await client.begin(ada, title=str(number))

    by_page = [
        (await client.send("GET", f"{CONVERSATIONS}?sort={sort}&page_size=1&page={page}", who=ada)).items[0]["title"]
        for page in range(1, 6)
    ]
    by_cursor, cursor = [], ""
    while cursor is not None:
        answer = (await client.send("GET", f"{CONVERSATIONS}?sort={sort}&page_size=2{cursor}", who=ada)).json
        by_cursor += [item["title"] for item in answer["items"]]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"

    assert by_cursor == by_page == sorted(by_page, reverse=sort.startswith("-"))


async def test_a_patch_changes_what_it_names_and_null_clears(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada, description="x", project_id=str(new_id()), tags=["a"])

    patched = await client.send("PATCH", path_of(conversation), {"title": "Mars", "description": None}, who=ada)
    put = await client.send("PUT", path_of(conversation), {"tags": ["b", "b"], "project_id": None}, who=ada)

    assert (patched.data["title"], patched.data["description"], patched.data["tags"]) == ("Mars", None, ["a"])
    assert (put.data["tags"], put.data["project_id"], put.data["title"], put.data["version"]) == (
        ["b"],
        None,
        "Mars",
        3,
    )


async def test_a_patch_that_changes_nothing_writes_and_tells_nothing(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada, tags=["a"])

    same = await client.send("PATCH", path_of(conversation), {"title": "Moon", "tags": ["a", "a"]}, who=ada)

    assert (same.status, same.data) == (200, conversation)
    assert len(await client.events(ada, f"conversation:{conversation['id']}")) == 1


async def test_a_deleted_conversation_is_gone_with_its_messages(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada)
    await client.say(ada, conversation)

    assert (await client.send("DELETE", path_of(conversation), who=ada)).status == 204

    for path in (path_of(conversation), messages_of(conversation)):
        assert (await client.send("GET", path, who=ada)).code == "CONVERSATION_NOT_FOUND"
    assert (await client.send("DELETE", path_of(conversation), who=ada)).status == 404


async def test_a_stale_write_is_refused_with_the_current_state(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada)
    path, stale = path_of(conversation), {"If-Match": '"1"'}
    current = await client.send("PATCH", path, {"title": "Mars"}, who=ada, headers=stale)

    for method, body in (("PATCH", {"title": "x"}), ("PUT", {}), ("DELETE", None)):
        answer = await client.send(method, path, body, who=ada, headers=stale)
        assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
        assert answer.json["error"]["details"]["current"] == current.data
    fresh = {"If-Match": current.headers["etag"]}
    assert (await client.send("DELETE", path, who=ada, headers=fresh)).status == 204


async def test_messages_do_not_make_a_write_stale_but_the_entity_new(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada)
    tag = (await client.send("GET", path_of(conversation), who=ada)).headers["etag"]
    same = await client.send("GET", path_of(conversation), who=ada, headers={"If-None-Match": tag})
    await client.say(ada, conversation)

    other = await client.send("GET", path_of(conversation), who=ada, headers={"If-None-Match": tag})
    patched = await client.send("PATCH", path_of(conversation), {"title": "x"}, who=ada, headers={"If-Match": tag})

    assert (same.status, other.status, patched.status) == (304, 200, 200)


async def test_of_fifty_writes_to_one_version_one_wins(client: ConversationClient) -> None:
    ada = person()
    path = path_of(await client.begin(ada))

    answers = await asyncio.gather(
        *(client.send("PATCH", path, {"title": f"{n}"}, who=ada, headers={"If-Match": '"1"'}) for n in range(50))
    )

    assert Counter(answer.status for answer in answers) == {200: 1, 412: 49}


async def test_a_repeated_creation_is_answered_as_the_first(client: ConversationClient) -> None:
    ada, key = person(), {"Idempotency-Key": "once"}

    first = await client.send("POST", CONVERSATIONS, {"title": "Moon"}, who=ada, headers=key)
    again = await client.send("POST", CONVERSATIONS, {"title": "Moon"}, who=ada, headers=key)
    other = await client.send("POST", CONVERSATIONS, {"title": "Mars"}, who=ada, headers=key)

    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert first.headers["location"] == again.headers["location"]
    assert other.code == "IDEMPOTENCY_MISMATCH"


async def test_changes_are_told_on_the_topic_of_the_conversation(client: ConversationClient) -> None:
    ada = person()
    conversation = await client.begin(ada)
    await client.send("PATCH", path_of(conversation), {"status": "archived", "title": "Mars"}, who=ada)
    message = await client.say(ada, conversation)
    topic = f"conversation:{conversation['id']}"
    before = await client.events(ada, topic)  # afterwards they say no more than that there were some
    await client.send("DELETE", path_of(conversation), who=ada)

    events = await client.events(ada, topic)

    assert [event.type.removeprefix("conversation.") for event in events] == [
        "conversation.added",
        "conversation.updated",
        "message.added",
        "conversation.deleted",
    ]
    told = [msgspec.json.decode(event.data) for event in before]
    assert told[0]["payload"] == conversation
    assert told[1]["changed_fields"] == ["title", "status"]
    counts = {"message_count": 1, "token_count": message["token_count"]}
    assert told[2]["payload"] == {**message, "conversation": counts}
    assert {event.actorid for event in events} == {ada.user_id}


async def test_all_wrong_fields_are_named_at_once(client: ConversationClient) -> None:
    body = {"title": " ", "description": 1, "project_id": "x", "tags": ["", 3], "user_id": str(new_id())}

    answer = await client.send("POST", CONVERSATIONS, body, who=person())

    assert answer.status == 422
    assert answer.wrong_fields == {
        "title": "invalid_format",
        "description": "wrong_type",
        "project_id": "invalid_format",
        "tags.0": "too_short",
        "tags.1": "wrong_type",
        "user_id": "unknown",
    }


@pytest.mark.parametrize(
    "body", [{"title": None}, {"tags": None}, {"status": "gone"}, {"title": "a\x00"}, {"version": 2}]
)
async def test_what_cannot_be_is_refused(client: ConversationClient, body: dict[str, object]) -> None:
    ada = person()
    conversation = await client.begin(ada)

    answer = await client.send("PATCH", path_of(conversation), body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("query", ["page=0", "limit=101", "sort=title", "cursor=x", "status=x", "project_id=1", "q="])
async def test_a_query_out_of_range_is_refused(client: ConversationClient, query: str) -> None:
    answer = await client.send("GET", f"{CONVERSATIONS}?{query}", who=person())

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
