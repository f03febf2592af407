"""Answers are bounded in bytes: pages end early and go on exactly there, exports are written in portions."""

from typing import Any

import pytest
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, messages_of, path_of

from conversation_service.chat_messages import repository as chat_messages
from conversation_service.messages import branches
from shared import pagination
from shared.db.unit_of_work import Work
from shared.principal import Principal

BIG = "\N{GRINNING FACE}" * 2_000  # 8,000 bytes
BUDGET = 20_000  # three of them begin within it


@pytest.fixture(autouse=True)
def _small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "PAGE_BYTES", BUDGET)


@pytest.fixture
def ada() -> Principal:
    return person()


async def filled(client: ConversationClient, who: Principal, number: int = 10) -> dict[str, Any]:
    conversation = await client.begin(who)
    for count in range(number):
        await client.say(who, conversation, f"{count} {BIG}")
    return conversation


async def walk(client: ConversationClient, who: Principal, path: str, name: str = "items") -> list[list[str]]:
    """The numbers that the contents of each page begin with, by following the cursor."""
    pages: list[list[str]] = []
    cursor = ""
    while True:
        answer = await client.send("GET", f"{path}{cursor}", who=who)
        assert answer.status == 200, answer
        shown = answer.json if name == "items" else answer.data
        pages.append([item["content"].partition(" ")[0] for item in shown[name]])
        if shown["next_cursor"] is None:
            return pages
        cursor = f"&cursor={shown['next_cursor']}"


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_of_messages_ends_early_and_goes_on_there(
    client: ConversationClient, ada: Principal, order: str
) -> None:
    conversation = await filled(client, ada)

    pages = await walk(client, ada, f"{messages_of(conversation)}?page_size=200&order={order}")

    numbers = [str(number) for number in range(10)]
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [number for page in pages for number in page] == (numbers if order == "asc" else numbers[::-1])


async def test_one_message_is_answered_whatever_it_has(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    for _ in range(2):
        await client.say(ada, conversation, "0 " + BIG * 4)

    assert await walk(client, ada, f"{messages_of(conversation)}?page_size=50") == [["0"], ["0"]]


async def test_a_branch_and_a_share_are_bounded_too(client: ConversationClient, ada: Principal) -> None:
    conversation = await filled(client, ada, 5)
    leaf = (await client.send("GET", f"{messages_of(conversation)}?order=desc&page_size=1", who=ada)).items[0]
    token = (await client.send("POST", f"{path_of(conversation)}/share", {}, who=ada)).data["token"]

    of_branch = await walk(client, ada, f"{messages_of(conversation)}?branch={leaf['id']}")
    of_share = await walk(client, ada, f"/api/v1/shares/{token}?page_size=50", "messages")

    assert of_branch == of_share == [["0", "1", "2"], ["3", "4"]]


@pytest.mark.parametrize("place", ["page=2", "offset=4", "offset=1"])
async def test_page_numbers_never_skip_what_did_not_fit(client: ConversationClient, ada: Principal, place: str) -> None:
    conversation = await filled(client, ada)

    refused = await client.send("GET", f"{messages_of(conversation)}?page_size=4&{place}", who=ada)

    assert (refused.status, refused.code) == (422, "PAGE_TOO_LARGE")
    assert refused.json["error"]["details"] == {"limit_bytes": BUDGET}


async def test_page_numbers_go_on_where_the_pages_fit(client: ConversationClient, ada: Principal) -> None:
    conversation = await filled(client, ada)
    path = f"{messages_of(conversation)}?page_size=3"

    pages = [(await client.send("GET", f"{path}&page={number}", who=ada)).items for number in range(1, 5)]

    assert [item["content"][0] for page in pages for item in page] == [str(number) for number in range(10)]


async def test_a_later_page_behind_a_short_first_one_is_refused(client: ConversationClient, ada: Principal) -> None:
    conversation = await filled(client, ada, 4)
    for _ in range(4):
        await client.say(ada, conversation, "small")

    first = await client.send("GET", f"{messages_of(conversation)}?page_size=4", who=ada)
    second = await client.send("GET", f"{messages_of(conversation)}?page_size=4&page=2", who=ada)

    assert len(first.items) == 3
    assert second.code == "PAGE_TOO_LARGE"


async def test_chat_messages_count_their_reactions(client: ConversationClient, ada: Principal) -> None:
    chat = await client.create("/api/v1/chats", {"kind": "group", "title": "All"}, who=ada)
    path = f"/api/v1/chats/{chat['id']}/messages"
    for number in range(8):
        await client.create(path, {"content": f"{number} {BIG}"}, who=ada)

    pages = await walk(client, ada, f"{path}?page_size=200&order=asc")

    assert [len(page) for page in pages if page] == [3, 3, 2]
    assert "chat_reactions" in chat_messages._SIZED


@pytest.mark.parametrize("kind", ["json", "markdown"])
async def test_an_export_comes_in_portions_and_is_whole(client: ConversationClient, ada: Principal, kind: str) -> None:
    conversation = await filled(client, ada)
    everything = [f"{number} {BIG}" for number in range(10)]

    exported = await client.send("GET", f"{path_of(conversation)}/export?format={kind}", who=ada)

    assert exported.headers["transfer-encoding"] == "chunked"
    if kind == "json":
        assert [message["content"] for message in exported.json["messages"]] == everything
    else:
        assert [line for line in exported.body.decode().splitlines() if BIG in line] == everything


async def test_an_empty_conversation_is_exported_too(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)

    exported = await client.send("GET", f"{path_of(conversation)}/export", who=ada)

    assert exported.json["messages"] == []


async def test_a_model_is_sent_only_so_many_bytes(
    client: ConversationClient, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches, "MAX_CONTEXT_BYTES", 17_000)
    conversation = await filled(client, ada, 5)

    estimate = await client.send("POST", f"{path_of(conversation)}/estimate", {"content": "And?"}, who=ada)
    whole = await client.send("GET", f"{CONVERSATIONS}/{conversation['id']}", who=ada)

    assert estimate.data["context_tokens"] <= whole.data["token_count"] * 2 / 5 + 1


@pytest.mark.parametrize("kind", ["conversation", "branch", "chat"])
async def test_a_second_page_does_not_read_the_first_one(
    client: ConversationClient, ada: Principal, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = await _list_of_ten(client, ada, kind)
    read: list[Any] = []
    rows_of = Work.rows

    async def rows(work: Work, sql: str, *arguments: object) -> list[dict[str, Any]]:
        found = await rows_of(work, sql, *arguments)
        read.extend(row for row in found if "content" in row)
        return found

    monkeypatch.setattr(Work, "rows", rows)

    page = (await client.send("GET", f"{path}page_size=3&page=2", who=ada)).items

    assert (len(page), len(read)) == (3, 3)


async def _list_of_ten(client: ConversationClient, who: Principal, kind: str) -> str:
    """The path of ten small messages, to which a query can be added."""
    if kind == "chat":
        chat = await client.create("/api/v1/chats", {"kind": "group", "title": "All"}, who=who)
        path = f"/api/v1/chats/{chat['id']}/messages"
        for _ in range(10):
            await client.create(path, {"content": "small"}, who=who)
        return f"{path}?"
    conversation = await client.begin(who)
    for _ in range(10):
        leaf = await client.say(who, conversation, "small")
    return f"{messages_of(conversation)}?" + (f"branch={leaf['id']}&" if kind == "branch" else "")
