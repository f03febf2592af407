"""Chats: who takes part, who decides about that, and what everybody else sees of it."""

import asyncio
from typing import Any

import pytest
from chat_client import CHATS, ChatClient, in_chat
from conversation_builders import person

from conversation_service.chats import repository
from conversation_service.chats.schemas import ChatQuery
from shared.events.questions import ChatsOfUser
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role
from shared.testing.callers import ACME, GLOBEX
from shared.testing.counting import CountingDatabase
from shared.testing.eventually import eventually
from shared.testing.members import left, tell


async def test_a_group_is_seen_by_those_who_take_part(chats: ChatClient) -> None:
    ada, ben, eve = await chats.member("Ada"), await chats.member("Ben"), await chats.member("Eve", Role.OWNER)

    group = await chats.group(ada, ben, title="Moon")

    assert (group["kind"], group["title"], group["my_role"], group["unread_count"]) == ("group", "Moon", "owner", 0)
    assert set(group["participant_ids"]) == {str(ada.user_id), str(ben.user_id)}
    seen = await chats.send("GET", in_chat(group), who=ben)
    assert (seen.status, seen.data["my_role"]) == (200, "member")
    assert [item["id"] for item in (await chats.send("GET", CHATS, who=ben)).items] == [group["id"]]
    hidden = await chats.send("GET", in_chat(group), who=eve)
    assert (hidden.status, hidden.code) == (404, "CHAT_NOT_FOUND")
    assert (await chats.send("GET", CHATS, who=eve)).json["total"] == 0


async def test_two_people_have_one_direct_chat_however_often_they_begin_it(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    wanted = [(ada, ben), (ben, ada)] * 10

    answers = await asyncio.gather(
        *(
            chats.send("POST", CHATS, {"kind": "direct", "participant_ids": [str(other.user_id)]}, who=one)
            for one, other in wanted
        )
    )

    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    [made] = [answer.data["id"] for answer in answers if answer.status == 201]
    refused = [answer.json["error"] for answer in answers if answer.status == 409]
    assert {(error["code"], error["details"]["chat_id"]) for error in refused} == {("CHAT_EXISTS", made)}
    for who in (ada, ben):
        assert [item["id"] for item in (await chats.send("GET", CHATS, who=who)).items] == [made]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"kind": "direct"}, "participant_ids"),
        ({"kind": "direct", "participant_ids": [str(new_id()), str(new_id())]}, "participant_ids"),
        ({"kind": "group", "participant_ids": [str(new_id())]}, "participant_ids"),
        ({"kind": "group", "participant_ids": ["x"]}, "participant_ids.0"),
        ({"kind": "group", "project_id": str(new_id())}, "project_id"),
        ({"kind": "project"}, "project_id"),
        ({"kind": "club"}, "kind"),
        ({"kind": "group", "title": " "}, "title"),
        ({"kind": "group", "title": "a\u0000b"}, "title"),
        ({"kind": "group", "colour": "red"}, "colour"),
    ],
)
async def test_what_no_chat_can_be_is_refused(chats: ChatClient, wanted: Any, field: str) -> None:
    ada = await chats.member()

    answer = await chats.send("POST", CHATS, wanted, who=ada)

    assert (answer.status, list(answer.wrong_fields)) == (422, [field])
    assert (await chats.send("GET", CHATS, who=ada)).json["total"] == 0


async def test_people_of_another_tenant_cannot_be_named(chats: ChatClient) -> None:
    ada, ben, eve = await chats.member(), await chats.member(), await chats.member("Eve", tenant_id=GLOBEX)
    group = await chats.group(ada, ben)

    answers = [
        await chats.send("POST", CHATS, {"kind": "group", "participant_ids": [str(eve.user_id)]}, who=ada),
        await chats.send("POST", in_chat(group, "participants"), {"user_id": str(eve.user_id)}, who=ada),
    ]

    assert [answer.status for answer in answers] == [422, 422]


async def test_the_owner_decides_who_takes_part_and_what_the_chat_is_called(chats: ChatClient) -> None:
    ada, ben, cy = await chats.member("Ada"), await chats.member("Ben"), await chats.member("Cy")
    group = await chats.group(ada, ben)
    participants = in_chat(group, "participants")

    refused = [
        await chats.send("PATCH", in_chat(group), {"title": "Mars"}, who=ben),
        await chats.send("POST", participants, {"user_id": str(cy.user_id)}, who=ben),
        await chats.send("DELETE", f"{participants}/{ada.user_id}", who=ben),
        await chats.send("DELETE", in_chat(group), who=ben),
    ]
    renamed = await chats.send("PATCH", in_chat(group), {"title": "Mars"}, who=ada)
    added = await chats.send("POST", participants, {"user_id": str(cy.user_id)}, who=ada)
    again = await chats.send("POST", participants, {"user_id": str(cy.user_id)}, who=ada)

    assert [answer.status for answer in refused] == [403] * 4
    assert (renamed.data["title"], renamed.data["version"]) == ("Mars", 2)
    assert (added.status, added.data["display_name"], added.data["role"]) == (201, "Cy", "member")
    assert (again.status, again.code) == (409, "CHAT_PARTICIPANT_EXISTS")
    names = [item["display_name"] for item in (await chats.send("GET", participants, who=cy)).items]
    assert names == ["Ada", "Ben", "Cy"]


async def test_a_stale_change_is_refused_and_an_empty_one_is_none(chats: ChatClient) -> None:
    ada = await chats.member()
    group = await chats.group(ada, title="Moon")
    tag = (await chats.send("GET", in_chat(group), who=ada)).headers["etag"]

    same = await chats.send("PATCH", in_chat(group), {"title": "Moon"}, who=ada, headers={"if-match": tag})
    changed = await chats.send("PATCH", in_chat(group), {"title": None}, who=ada, headers={"if-match": tag})
    stale = await chats.send("PATCH", in_chat(group), {"title": "Mars"}, who=ada, headers={"if-match": tag})

    assert (same.data["version"], changed.data["version"], changed.data["title"]) == (1, 2, None)
    assert (stale.status, stale.json["error"]["details"]["current"]["version"]) == (412, 2)


async def test_who_leaves_sees_nothing_more_and_an_owner_remains(chats: ChatClient) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    group = await chats.group(ada, ben)

    gone = await chats.send("DELETE", in_chat(group, "participants", str(ada.user_id)), who=ada)

    assert gone.status == 204
    assert (await chats.send("GET", in_chat(group), who=ada)).status == 404
    assert (await chats.send("GET", in_chat(group), who=ben)).data["my_role"] == "owner"
    [said] = await chats.messages(ben, group)
    assert (said["type"], said["author_id"], said["content"]) == ("system", None, "Ada left the chat.")
    assert said["about_user_id"] == str(ada.user_id)
    last = await chats.send("DELETE", in_chat(group, "participants", str(ben.user_id)), who=ben)
    assert last.status == 204
    assert await chats.database.system_rows("select from chats") == []


async def test_nobody_leaves_or_joins_a_direct_chat(chats: ChatClient) -> None:
    ada, ben, cy = await chats.member(), await chats.member(), await chats.member()
    direct = await chats.direct(ada, ben)

    answers = [
        await chats.send("POST", in_chat(direct, "participants"), {"user_id": str(cy.user_id)}, who=ada),
        await chats.send("DELETE", in_chat(direct, "participants", str(ben.user_id)), who=ben),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(409, "CHAT_PARTICIPANTS_FIXED")}


async def test_somebody_who_leaves_the_tenant_leaves_its_groups_and_keeps_no_name(
    chats: ChatClient, bus: MemoryBus
) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    group, direct = await chats.group(ada, ben), await chats.direct(ada, ben)

    await tell(bus, left(ben), ACME)

    async def has_left() -> bool:
        return (await chats.send("GET", in_chat(group), who=ben)).status == 404

    await eventually(has_left)
    [said] = await chats.messages(ada, group)
    assert said["content"] == "Former member left the chat."
    assert (await chats.send("GET", in_chat(direct), who=ben)).status == 200


async def test_chats_come_in_pages_and_by_what_is_unread(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    groups = [await chats.group(ada, ben, title=f"{number}") for number in range(5)]
    await chats.write(ben, groups[0])

    first = (await chats.send("GET", f"{CHATS}?limit=2", who=ada)).json
    second = (await chats.send("GET", f"{CHATS}?limit=2&cursor={first['next_cursor']}", who=ada)).json
    third = (await chats.send("GET", f"{CHATS}?limit=2&page=3", who=ada)).json
    unread = (await chats.send("GET", f"{CHATS}?unread=true", who=ada)).json
    other = await chats.send("GET", f"{CHATS}?sort=created_at&cursor={first['next_cursor']}", who=ada)

    titles = [item["title"] for page in (first, second, third) for item in page["items"]]
    assert titles == ["0", "4", "3", "2", "1"]
    assert (first["total"], third["next_cursor"]) == (5, None)
    assert [item["title"] for item in unread["items"]] == ["0"]
    assert (other.status, other.wrong_fields) == (422, {"query.cursor": "invalid"})


async def test_a_list_asks_the_same_few_questions_whatever_its_length(chats: ChatClient) -> None:
    ada, ben = await chats.member(), await chats.member()
    for _ in range(8):
        await chats.write(ben, await chats.group(ada, ben))
    counting = CountingDatabase(chats.database)

    async with counting.unit_of_work(ACME) as work:
        page = await repository.find_page(work, ada, ChatQuery(page_size=5))

    assert ([chat.unread_count for chat in page.items], page.total) == ([1] * 5, 8)
    assert len(counting.statements) == 2


async def test_participants_come_in_pages(chats: ChatClient) -> None:
    people = [await chats.member(str(number)) for number in range(5)]
    group = await chats.group(*people)
    path = in_chat(group, "participants")

    first = (await chats.send("GET", f"{path}?page_size=3", who=people[0])).json
    rest = (await chats.send("GET", f"{path}?page_size=3&cursor={first['next_cursor']}", who=people[0])).json

    assert [item["display_name"] for item in (*first["items"], *rest["items"])] == ["0", "1", "2", "3", "4"]
    assert (first["total"], rest["next_cursor"]) == (5, None)


async def test_a_repeated_request_begins_one_chat(chats: ChatClient) -> None:
    ada = await chats.member()
    key = {"Idempotency-Key": "once"}

    answers = [await chats.send("POST", CHATS, {"kind": "group"}, who=ada, headers=key) for _ in range(2)]

    assert answers[0].body == answers[1].body
    assert answers[0].headers["location"] == f"{CHATS}/{answers[0].data['id']}"
    assert (await chats.send("GET", CHATS, who=ada)).json["total"] == 1


async def test_live_nodes_learn_whose_chats_there_are(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member(), await chats.member()
    first, second = await chats.group(ada, ben), await chats.group(ada, ben)
    await chats.write(ben, first)

    answer = await Requests(bus).ask(ChatsOfUser(principal=ada, limit=5))
    nobodys = await Requests(bus).ask(ChatsOfUser(principal=person()))

    assert [str(chat_id) for chat_id in answer.chat_ids] == [first["id"], second["id"]]
    assert nobodys.chat_ids == []


async def test_what_happens_is_told_on_the_topic_of_the_chat(chats: ChatClient) -> None:
    ada, ben, cy = await chats.member(), await chats.member(), await chats.member("Cy")
    group = await chats.group(ada, ben)
    await chats.send("POST", in_chat(group, "participants"), {"user_id": str(cy.user_id)}, who=ada)
    await chats.send("PATCH", in_chat(group), {"title": "Mars"}, who=ada)
    await chats.send("DELETE", in_chat(group), who=ada)

    events = await chats.events(ada, f"chat:{group['id']}")

    assert [event.type.removeprefix("conversation.") for event in events] == [
        "chat.added",
        "chat_participants.added",
        "chat_participants.added",
        "chat_message.added",
        "chat.updated",
        "chat.deleted",
        "chat_participants.removed",
    ]
