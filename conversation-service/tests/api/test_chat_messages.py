"""Messages in chats: their order, who may change them, reactions, and what is unread."""

import asyncio
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from chat_client import ChatClient, in_chat

from shared.ids import new_id
from shared.principal import Role


async def test_a_message_is_unread_by_all_but_its_author_at_once(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.direct(ada, ben)

    sent = [await chats.write(ada, chat, str(number)) for number in range(3)]

    assert [message["number"] for message in sent] == [1, 2, 3]
    assert sent[0]["author_id"] == str(ada.user_id)
    assert (await chats.unread(ada, chat), await chats.unread(ben, chat)) == (0, 3)
    marked = await chats.read_up_to(ben, chat, sent[1])
    assert (marked["last_read_number"], marked["unread_count"]) == (2, 1)
    assert await chats.unread(ben, chat) == 1


async def test_a_mark_never_goes_back_and_is_told_once(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.direct(ada, ben)
    sent = [await chats.write(ada, chat) for _ in range(3)]

    marks = [await chats.read_up_to(ben, chat, message) for message in (sent[2], sent[0], sent[2])]

    assert [mark["unread_count"] for mark in marks] == [0, 0, 0]
    read = [event for event in await chats.events(ada, f"chat:{chat['id']}") if event.type.endswith("chat.read")]
    assert len(read) == 1


async def test_who_answers_has_read_what_was_said(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.direct(ada, ben)
    question = await chats.write(ada, chat)

    answer = await chats.write(ben, chat, reply_to=question["id"])

    assert answer["reply_to"] == question["id"]
    assert (await chats.unread(ada, chat), await chats.unread(ben, chat)) == (1, 0)


async def test_a_hundred_messages_at_once_have_one_order_and_exact_counts(chats: ChatClient) -> None:
    people = [await chats.member(str(number)) for number in range(4)]
    silent = await chats.member("Silent")
    group = await chats.group(*people, silent)

    sent = await asyncio.gather(*(chats.write(people[number % 4], group, str(number)) for number in range(100)))

    assert sorted(message["number"] for message in sent) == list(range(1, 101))
    listed = await chats.messages(silent, group, "?limit=200")
    assert [message["id"] for message in listed] == [m["id"] for m in sorted(sent, key=lambda m: m["number"])]
    told = [e for e in await chats.events(silent, f"chat:{group['id']}") if e.type.endswith("chat_message.added")]
    assert [event.subject for event in told] == [message["id"] for message in listed]
    assert await chats.unread(silent, group) == 100
    for who in people:
        last = max(message["number"] for message in sent if message["author_id"] == str(who.user_id))
        assert await chats.unread(who, group) == 100 - last


async def test_counts_stay_exact_while_people_read_and_write(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.direct(ada, ben)

    async def write_and_read() -> None:
        for _ in range(10):
            marked = await chats.read_up_to(ben, chat, await chats.write(ada, chat))
            assert marked["unread_count"] >= 0

    await asyncio.gather(*(write_and_read() for _ in range(3)))

    assert await chats.unread(ben, chat) == 0
    last = (await chats.messages(ben, chat, "?order=desc&limit=1"))[0]
    assert (await chats.read_up_to(ben, chat, last))["last_read_number"] == 30


@pytest.mark.parametrize("seed", range(3))
async def test_unread_counts_agree_with_a_model_whatever_people_do(chats: ChatClient, seed: int) -> None:
    random, people = Random(seed), [await chats.member(str(number)) for number in range(3)]
    group = await chats.group(*people)
    sent: list[dict[str, Any]] = []
    read = dict.fromkeys(people, 0)

    for _ in range(40):
        who = random.choice(people)
        if sent and random.random() < 0.5:
            message = random.choice(sent)
            read[who] = max(read[who], message["number"])
            marked = await chats.read_up_to(who, group, message)
            assert marked["unread_count"] == len(sent) - read[who]
        else:
            sent.append(await chats.write(who, group))
            read[who] = len(sent)

    assert [await chats.unread(who, group) for who in people] == [len(sent) - read[who] for who in people]


async def test_pages_by_number_cursor_and_offset_show_the_same(chats: ChatClient) -> None:
    ada = await chats.member()
    group = await chats.group(ada)
    for number in range(1, 8):
        await chats.write(ada, group, str(number))
    path = in_chat(group, "messages")

    async def page(query: str) -> tuple[list[str], str | None]:
        answer = (await chats.send("GET", f"{path}?{query}", who=ada)).json
        return [message["content"] for message in answer["items"]], answer["next_cursor"]

    first, cursor = await page("limit=3")
    assert first == ["1", "2", "3"]
    assert (await page(f"limit=3&cursor={cursor}"))[0] == (await page("limit=3&page=2"))[0] == ["4", "5", "6"]
    assert await page("limit=3&offset=6") == (["7"], None)
    assert (await page("limit=3&offset=5"))[0] == ["6", "7"]
    newest, cursor = await page("limit=3&order=desc")
    assert (newest, (await page(f"limit=5&order=desc&cursor={cursor}"))[0]) == (["7", "6", "5"], ["4", "3", "2", "1"])
    wrong = await chats.send("GET", f"{path}?cursor={cursor}", who=ada)
    assert (wrong.status, wrong.wrong_fields) == (422, {"query.cursor": "invalid"})


async def test_only_the_author_edits(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member(role=Role.OWNER)
    chat = await chats.direct(ada, ben)
    message = await chats.write(ada, chat, "Helo")
    path = in_chat(chat, "messages", message["id"])

    refused = await chats.send("PATCH", path, {"content": "Bye"}, who=ben)
    edited = await chats.send("PATCH", path, {"content": "Hello"}, who=ada)
    same = await chats.send("PATCH", path, {"content": "Hello"}, who=ada)

    assert (refused.status, refused.code) == (403, "AUTH_FORBIDDEN")
    assert (edited.data["content"], edited.data["version"], same.data["version"]) == ("Hello", 2, 2)
    assert edited.data["edited_at"] is not None
    assert await chats.unread(ben, chat) == 1


async def test_a_deleted_message_leaves_its_place(chats: ChatClient) -> None:
    ada, ben, cy = await chats.member(), await chats.member(), await chats.member()
    group = await chats.group(ada, ben, cy)
    mine, theirs = await chats.write(ben, group, "one"), await chats.write(ben, group, "two")
    path = in_chat(group, "messages", mine["id"])
    await chats.send("PUT", f"{path}/reactions/{quote('👍')}", who=cy)

    refused = await chats.send("DELETE", path, who=cy)
    own = await chats.send("DELETE", path, who=ben)
    by_owner = await chats.send("DELETE", in_chat(group, "messages", theirs["id"]), who=ada)

    assert [answer.status for answer in (refused, own, by_owner)] == [403, 204, 204]
    listed = await chats.messages(cy, group)
    shown = [(message["number"], message["content"], message["is_deleted"], message["reactions"]) for message in listed]
    assert shown == [(1, "", True, []), (2, "", True, [])]
    told = (await chats.events(ada, f"chat:{group['id']}"))[-2:]
    assert [msgspec.json.decode(event.data)["payload"]["place"] for event in told] == [
        {**message, "author": None} for message in listed
    ]
    again = [
        await chats.send("DELETE", path, who=ben),
        await chats.send("PATCH", path, {"content": "back"}, who=ben),
        await chats.send("PUT", f"{path}/reactions/{quote('👍')}", who=ben),
    ]
    assert {(answer.status, answer.code) for answer in again} == {(404, "CHAT_MESSAGE_NOT_FOUND")}
    reply = await chats.send("POST", in_chat(group, "messages"), {"content": "?", "reply_to": mine["id"]}, who=cy)
    assert (reply.status, reply.wrong_fields) == (422, {"reply_to": "not_found"})


@pytest.mark.parametrize("emoji", ["👍", "👩‍👩‍👧‍👦"])
async def test_a_reaction_counts_once_per_person(chats: ChatClient, emoji: str) -> None:
    ada, ben = await chats.member(), await chats.member()
    chat = await chats.direct(ada, ben)
    message = await chats.write(ada, chat)
    path = in_chat(chat, "messages", message["id"], "reactions", quote(emoji))

    answers = await asyncio.gather(*(chats.send("PUT", path, who=who) for who in (ada, ben, ada, ben)))

    assert {answer.status for answer in answers} == {200}
    [reacted] = await chats.messages(ben, chat)
    assert reacted["reactions"][0]["emoji"] == emoji
    assert set(reacted["reactions"][0]["user_ids"]) == {str(ada.user_id), str(ben.user_id)}
    assert reacted["version"] == 3
    gone = [await chats.send("DELETE", path, who=ada) for _ in range(2)]
    assert [answer.status for answer in gone] == [204, 204]
    [left] = await chats.messages(ben, chat)
    assert (left["reactions"][0]["user_ids"], left["version"]) == ([str(ben.user_id)], 4)


@pytest.mark.parametrize("segment", ["x", "%F0%9F", "%00"])
async def test_what_is_no_emoji_is_refused(chats: ChatClient, segment: str) -> None:
    ada = await chats.member()
    group = await chats.group(ada)
    message = await chats.write(ada, group)

    answer = await chats.send("PUT", in_chat(group, "messages", message["id"], "reactions", segment), who=ada)

    assert (answer.status, answer.wrong_fields) == (422, {"path.emoji": "invalid"})


async def test_only_the_server_speaks_as_the_system(chats: ChatClient) -> None:
    ada = await chats.member()
    group, elsewhere = await chats.group(ada), await chats.group(ada)
    foreign = await chats.write(ada, elsewhere)
    path = in_chat(group, "messages")

    answers = [
        await chats.send("POST", path, {"content": "x", "type": "system"}, who=ada),
        await chats.send("POST", path, {"content": "x", "reply_to": foreign["id"]}, who=ada),
        await chats.send("POST", path, who=ada, raw=b'{"content": "\\ud800"}'),
        await chats.send("POST", path, {"content": "a\u0000b"}, who=ada),
        await chats.send("POST", path, {"content": "x" * 20_001}, who=ada),
        await chats.send("POST", in_chat(group, "read"), {"message_id": foreign["id"]}, who=ada),
    ]

    assert [answer.status // 100 for answer in answers] == [4] * 6
    assert await chats.messages(ada, group) == []


async def test_whoever_takes_no_part_gets_the_answer_for_a_chat_that_is_not_there(chats: ChatClient) -> None:
    ada, eve = await chats.member(), await chats.member("Eve", Role.OWNER)
    group = await chats.group(ada)
    message = await chats.write(ada, group)
    mine, body = await chats.group(eve), {"content": "x"}

    hidden = await chats.send("PATCH", in_chat(group, "messages", message["id"]), body, who=eve)
    absent = await chats.send("PATCH", in_chat({"id": str(new_id())}, "messages", message["id"]), body, who=eve)
    elsewhere = await chats.send("PATCH", in_chat(mine, "messages", message["id"]), body, who=eve)
    made_up = await chats.send("PATCH", in_chat(mine, "messages", str(new_id())), body, who=eve)
    malformed = await chats.send("PATCH", in_chat(mine, "messages", "1"), body, who=eve)

    assert hidden.without_trace == absent.without_trace
    assert elsewhere.without_trace == made_up.without_trace == malformed.without_trace
    assert (hidden.code, elsewhere.code) == ("CHAT_NOT_FOUND", "CHAT_MESSAGE_NOT_FOUND")


async def test_a_repeated_request_says_it_once(chats: ChatClient) -> None:
    ada = await chats.member()
    group = await chats.group(ada)
    key = {"Idempotency-Key": "once"}

    answers = [
        await chats.send("POST", in_chat(group, "messages"), {"content": "Hello"}, who=ada, headers=key)
        for _ in range(2)
    ]

    assert answers[0].body == answers[1].body
    assert len(await chats.messages(ada, group)) == 1
