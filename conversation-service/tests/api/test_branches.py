"""Branches: edits and other answers beside what was said, read as one way, copied and taken along."""

from typing import Any

import pytest
from conversation_builders import person
from conversation_client import ConversationClient, messages_of, path_of

from shared.ids import new_id
from shared.principal import Principal


@pytest.fixture
def ada() -> Principal:
    return person()


async def branch(
    client: ConversationClient, who: Principal, conversation: dict[str, Any], leaf: str, query: str = ""
) -> tuple[list[str], dict[str, Any]]:
    answer = await client.send("GET", f"{messages_of(conversation)}?branch={leaf}{query}", who=who)
    assert answer.status == 200, answer
    return [item["content"] for item in answer.items], answer.json


async def test_a_message_follows_the_newest_one_unless_it_names_another(
    client: ConversationClient, ada: Principal
) -> None:
    conversation = await client.begin(ada)
    one = await client.say(ada, conversation, "1")
    two = await client.say(ada, conversation, "2")
    beside = await client.say(ada, conversation, "2b", parent_id=one["id"])
    anew = await client.say(ada, conversation, "1b", parent_id=None)

    assert (one["parent_id"], two["parent_id"], beside["parent_id"]) == (None, one["id"], one["id"])
    assert anew["parent_id"] is None


async def test_an_edit_begins_a_branch_beside_the_message(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation, "1")
    two = await client.say(ada, conversation, "2")
    three = await client.say(ada, conversation, "3")

    edited = (await client.send("PATCH", f"/api/v1/messages/{two['id']}", {"content": "2b"}, who=ada)).data
    same = await client.send("PATCH", f"/api/v1/messages/{two['id']}", {"content": "2"}, who=ada)
    stale = await client.send(
        "PATCH", f"/api/v1/messages/{two['id']}", {"content": "x"}, who=ada, headers={"If-Match": '"7"'}
    )

    assert (await branch(client, ada, conversation, edited["id"]))[0] == ["1", "2b"]
    assert (await branch(client, ada, conversation, three["id"]))[0] == ["1", "2", "3"]
    assert (same.data["id"], stale.status) == (two["id"], 412)
    assert (await client.send("GET", path_of(conversation), who=ada)).data["message_count"] == 4


async def test_a_branch_has_pages_from_either_end(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    first = await client.say(ada, conversation, "1")
    await client.say(ada, conversation, "not this one")
    leaf = await client.say(ada, conversation, "2", parent_id=first["id"])
    for number in range(3, 8):
        leaf = await client.say(ada, conversation, str(number))

    for query, expected in {
        "": "1234567",
        "&page_size=3": "123",
        "&page_size=3&page=3": "7",
        "&page_size=3&offset=2": "345",
        "&page_size=3&order=desc": "765",
        "&page_size=3&order=desc&page=3": "1",
        "&offset=7": "",
    }.items():
        contents, answer = await branch(client, ada, conversation, leaf["id"], query)
        assert ("".join(contents), answer["total"]) == (expected, 7), query
    found, cursor = "", ""
    while cursor is not None:
        contents, answer = await branch(client, ada, conversation, leaf["id"], f"&page_size=2{cursor}")
        found += "".join(contents)
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    assert found == "1234567"


async def test_a_branch_is_one_of_the_conversation(client: ConversationClient, ada: Principal) -> None:
    conversation, other = await client.begin(ada), await client.begin(ada)
    elsewhere = await client.say(ada, other)

    for leaf in (elsewhere["id"], str(new_id())):
        answer = await client.send("GET", f"{messages_of(conversation)}?branch={leaf}", who=ada)
        assert answer.wrong_fields == {"query.branch": "not_found"}


async def test_feedback_is_kept_and_told(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    path = f"/api/v1/messages/{(await client.say(ada, conversation))['id']}/feedback"

    rated = (await client.send("PUT", path, {"rating": "UP", "comment": "yes"}, who=ada)).data
    again = (await client.send("PUT", path, {"rating": "up", "comment": "yes"}, who=ada)).data
    other = (await client.send("PUT", path, {"rating": "down"}, who=ada)).data
    wrong = await client.send("PUT", path, {"rating": "meh", "comment": 3}, who=ada)

    assert (rated["feedback"], rated["version"]) == ({"rating": "up", "comment": "yes"}, 2)
    assert again == rated
    assert (other["feedback"], other["version"]) == ({"rating": "down", "comment": None}, 3)
    assert wrong.wrong_fields == {"rating": "invalid_choice", "comment": "wrong_type"}
    events = await client.events(ada, f"conversation:{conversation['id']}")
    assert [event.type for event in events][-2:] == ["conversation.message.updated"] * 2


@pytest.mark.parametrize(("scope", "contents"), [("path", ["1", "2b"]), ("all", ["1", "2", "2b", "3b"])])
async def test_a_fork_takes_the_way_or_everything_along(
    client: ConversationClient, ada: Principal, scope: str, contents: list[str]
) -> None:
    conversation = await client.begin(ada, tags=["space"])
    one = await client.say(ada, conversation, "1")
    await client.say(ada, conversation, "2")
    two = await client.say(ada, conversation, "2b", parent_id=one["id"])
    await client.say(ada, conversation, "3b")

    made = await client.send(
        "POST", f"{path_of(conversation)}/fork", {"message_id": two["id"], "scope": scope}, who=ada
    )

    fork = made.data
    assert (made.status, made.headers["location"]) == (201, path_of(fork))
    assert (fork["message_count"], fork["token_count"]) == (len(contents), len(contents))
    assert (fork["tags"], fork["related_conversations"]) == (["space"], [conversation["id"]])
    copied = (await client.send("GET", messages_of(fork), who=ada)).items
    assert [message["content"] for message in copied] == contents
    leaf = next(message for message in copied if message["content"] == "2b")
    assert (await branch(client, ada, fork, leaf["id"]))[0] == ["1", "2b"]
    assert not {message["id"] for message in copied} & {one["id"], two["id"]}
    elsewhere = await client.send("POST", f"{path_of(fork)}/fork", {"message_id": two["id"]}, who=ada)
    assert elsewhere.code == "MESSAGE_NOT_FOUND"


async def test_an_export_is_for_programs_or_for_people(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada, title="To the\nMoon")
    one = await client.say(ada, conversation, "How far?")
    await client.say(ada, conversation, "Far.", role="assistant", model="small-1")
    await client.say(ada, conversation, "Hm.", parent_id=one["id"])

    told = (await client.send("GET", f"{path_of(conversation)}/export", who=ada)).json
    shown = await client.send("GET", f"{path_of(conversation)}/export?format=markdown", who=ada)
    unknown = await client.send("GET", f"{path_of(conversation)}/export?format=markdown&branch={new_id()}", who=ada)

    assert told["conversation"]["id"] == conversation["id"]
    assert [message["content"] for message in told["messages"]] == ["How far?", "Far.", "Hm."]
    assert shown.headers["content-disposition"].endswith('.md"')
    text = shown.body.decode()
    assert text.startswith("# To the Moon\n\n## You, ")
    assert "Hm." in text
    assert "Far." not in text
    assert unknown.code == "MESSAGE_NOT_FOUND"


async def test_an_estimate_says_what_would_be_sent(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    path, body = f"{path_of(conversation)}/estimate", {"content": "x" * 40}
    empty = (await client.send("POST", path, body, who=ada)).data
    await client.say(ada, conversation, "y" * 80)
    long = await client.say(ada, conversation, "z" * 120_000)

    behind = (await client.send("POST", path, body, who=ada)).data
    before = (await client.send("POST", path, {**body, "parent_id": long["parent_id"]}, who=ada)).data

    assert (empty["prompt_tokens"], empty["context_tokens"], empty["source"]) == (10, 0, "estimate")
    assert (before["context_tokens"], before["total_tokens"]) == (20, 30)
    assert before["parts"] == [
        {"part": "history", "messages": 1, "tokens": 20, "source": "estimate"},
        {"part": "prompt", "messages": 1, "tokens": 10, "source": "estimate"},
    ]
    assert behind["context_tokens"] == 0
