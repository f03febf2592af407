"""Comments over HTTP: who says what about which thing, who may change it, and whom it mentions."""

import asyncio
from typing import Any

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, file_path, files_of, project_path, task_path
from project_people import introduce

from shared.events.envelope import Envelope
from shared.events.questions import TopicNotFound, TopicPosition
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.eventually import eventually

Project = dict[str, Any]


async def test_a_comment_is_about_the_project_or_something_in_it(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)

    on_project = await comment(client, ada, project, body="Go!")
    on_task = await comment(client, ada, project, task=task, body="Land")

    listed = (await client.send("GET", comments_of(project), who=ada)).json
    assert (listed["total"], listed["items"]) == (2, [on_project, on_task])
    assert (on_task["entity_type"], on_task["entity_id"], on_task["author_id"]) == (
        "task",
        task["id"],
        str(ada.user_id),
    )
    assert (on_task["version"], on_task["edits"], on_task["is_starred"], on_task["is_deleted"]) == (1, 0, False, False)
    only = (await client.send("GET", f"{comments_of(project)}?entity_type=TASK&entity_id={task['id']}", who=ada)).json
    assert (only["total"], only["items"]) == (1, [on_task])


async def test_pages_and_cursors_walk_the_same_order(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    made = [await comment(client, ada, project, body=str(number)) for number in range(5)]

    for sort, expected in (("created_at", made), ("-created_at", made[::-1])):
        path, seen, cursor = f"{comments_of(project)}?page_size=2&sort={sort}", [], ""
        while cursor is not None:
            page = (await client.send("GET", path + cursor, who=ada)).json
            seen += page["items"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == expected
        assert (await client.send("GET", f"{path}&page=3", who=ada)).items == expected[4:]


async def test_a_file_can_be_talked_about_while_it_is_there(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    file = (await client.write_files(ada, project, {"a.txt": "A"}))["files"][0]
    about = {"entity_type": "file", "entity_id": file["id"], "body": "Which one?"}

    first = await client.send("POST", comments_of(project), about, who=ada)
    await client.send("DELETE", file_path(file), who=ada)
    late = await client.send("POST", comments_of(project), about, who=ada)

    assert (first.status, first.data["entity_type"]) == (201, "file")
    assert (late.status, late.wrong_fields.keys()) == (422, {"entity_id"})


async def test_things_elsewhere_are_told_from_made_up_ones_by_nobody(client: ProjectClient) -> None:
    ada, eve = person(), person(Role.OWNER, GLOBEX)
    project, other = await client.new_project(ada), await client.new_project(ada)
    foreign = await client.new_task(eve, await client.new_project(eve))
    elsewhere = await client.new_task(ada, other)
    of_other = await comment(client, ada, other)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "!"}

    answers = [
        await client.send("POST", comments_of(project), {**about, "entity_type": "task", "entity_id": task_id}, who=ada)
        for task_id in (foreign["id"], elsewhere["id"], str(new_id()))
    ]
    replies = [
        await client.send("POST", comments_of(project), {**about, "parent_id": parent}, who=ada)
        for parent in (of_other["id"], str(new_id()))
    ]

    assert [answer.wrong_fields for answer in answers] == [{"entity_id": "not_found"}] * 3
    assert [answer.wrong_fields for answer in replies] == [{"parent_id": "not_found"}] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"body": " "},
        {"body": "a\u0000b"},
        {"body": "x" * 10_001},
        {"entity_type": "gift"},
        {"entity_type": "planet"},
        {"author_id": str(new_id())},
        {"parent_id": "1"},
    ],
)
async def test_a_comment_says_something_about_a_kind_of_thing(client: ProjectClient, changed: dict[str, Any]) -> None:
    ada = person()
    project = await client.new_project(ada)
    body = {"entity_type": "project", "entity_id": project["id"], "body": "!", **changed}

    answer = await client.send("POST", comments_of(project), body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_an_author_edits_and_what_was_said_is_kept(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    made = await comment(client, ben, project, body="Teh moon")
    path = f"{comments_of(project)}/{made['id']}"

    edited = await client.send("PATCH", path, {"body": "The moon"}, who=ben, headers={"If-Match": '"1"'})
    same = await client.send("PATCH", path, {"body": "The moon"}, who=ben)
    stale = await client.send("PATCH", path, {"body": "x"}, who=ben, headers={"If-Match": '"1"'})
    by_owner = await client.send("PATCH", path, {"body": "x"}, who=ada)

    assert (edited.data["body"], edited.data["edits"], edited.data["version"]) == ("The moon", 1, 2)
    assert edited.data["edited_at"] is not None
    assert same.data == edited.data
    assert (stale.status, by_owner.status) == (412, 403)
    assert await client.database.system_rows("select body from comment_edits") == [{"body": "Teh moon"}]


async def test_authors_and_owners_delete_comments(client: ProjectClient) -> None:
    ada, ben, cleo = person(), person(Role.DEVELOPER), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    for who in (ben, cleo):
        await client.join(project, who, "editor")
    first, second = [await comment(client, ben, project) for _ in range(2)]

    statuses = [
        (await client.send("DELETE", f"{comments_of(project)}/{made['id']}", who=who)).status
        for made, who in ((first, cleo), (first, ben), (first, ben), (second, ada))
    ]

    assert statuses == [403, 204, 404, 204]
    assert (await client.send("GET", comments_of(project), who=ada)).json["total"] == 0


async def test_a_thread_keeps_the_place_of_what_was_deleted(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    asked = await comment(client, ben, project, body="A secret")
    path = f"{comments_of(project)}/{asked['id']}"
    await client.send("PATCH", path, {"body": "Another secret"}, who=ben)
    await client.send("POST", f"{path}/star", who=ada)
    replied = await comment(client, ada, project, parent_id=asked["id"])

    await client.send("DELETE", path, who=ben)

    place, reply = (await client.send("GET", comments_of(project), who=ada)).items
    assert (place["id"], place["body"], place["is_deleted"], place["is_starred"]) == (asked["id"], "", True, False)
    assert (reply["id"], reply["parent_id"]) == (replied["id"], asked["id"])
    assert await client.database.system_rows("select * from comment_edits") == []
    statuses = [(await client.send(method, path, {"body": "x"}, who=ben)).status for method in ("PATCH", "DELETE")]
    assert statuses == [404, 404]
    late = {"entity_type": "project", "entity_id": project["id"], "body": "!", "parent_id": asked["id"]}
    assert (await client.send("POST", comments_of(project), late, who=ada)).status == 422
    gone = payload_of((await client.events(ada, f"comments:project:{project['id']}"))[-1])
    assert gone["has_replies"] is True
    assert gone["place"] | {"is_starred": False} == place | {"author": None}


async def test_replies_and_deletion_at_once_leave_no_reply_without_its_place(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    asked = await comment(client, ada, project)
    reply = {"entity_type": "project", "entity_id": project["id"], "body": "!", "parent_id": asked["id"]}

    answers = await asyncio.gather(
        *(client.send("POST", comments_of(project), reply, who=ada) for _ in range(5)),
        client.send("DELETE", f"{comments_of(project)}/{asked['id']}", who=ada),
    )

    stored = (await client.send("GET", comments_of(project), who=ada)).items
    added = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 204, 422}
    assert len(stored) == len(added) + bool(added)


async def test_stars_are_ones_own_and_set_once(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.VIEWER)
    project = await client.new_project(ada, visibility="tenant")
    liked, other = [await comment(client, ada, project) for _ in range(2)]
    path = f"{comments_of(project)}/{liked['id']}/star"

    statuses = [(await client.send("POST", path, who=ben, headers={"Idempotency-Key": "k"})).status for _ in range(2)]
    statuses += [(await client.send("POST", path, who=ben)).status]

    async def ids(who: Principal, query: str) -> list[str]:
        return [each["id"] for each in (await client.send("GET", f"{comments_of(project)}?{query}", who=who)).items]

    assert statuses == [204] * 3
    assert await ids(ben, "starred=true") == [liked["id"]]
    assert await ids(ben, "starred=false") == [other["id"]]
    assert await ids(ada, "starred=true") == []
    assert [(await client.send("DELETE", path, who=ben)).status for _ in range(2)] == [204, 204]
    assert await ids(ben, "starred=true") == []


async def test_a_mention_reaches_who_may_see_the_thing(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben, outsider, boss = person(), person(Role.DEVELOPER), person(Role.DEVELOPER), person(Role.ADMIN)
    eve = person(Role.OWNER, GLOBEX)
    await introduce(
        client, bus,
        (ada, "ada@example.com", "Ada"), (ben, "ben@example.com", "Ben Bo"), (outsider, "otto@example.com", "Otto"),
        (boss, "boss@example.com", "Boss"), (eve, "eve@example.com", "Eve"),
        (person(Role.ADMIN), "sam@one.example", None), (person(Role.ADMIN), "sam@two.example", None),
    )  # fmt: skip
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    task = await client.new_task(ada, project)

    made = await comment(
        client, ada, project, task=task, body="@BEN, @benbo @otto @Boss. @eve @sam @ada ask@boss.example"
    )

    assert set(made["mentioned_user_ids"]) == {str(ben.user_id), str(boss.user_id)}
    [told] = await client.events(ada, f"comments:task:{task['id']}")
    assert told.type == "project.comment.added"
    assert set(newly_mentioned(told)) == set(made["mentioned_user_ids"])


async def test_an_edit_tells_only_whom_it_mentions_anew(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben, cleo = person(), person(Role.ADMIN), person(Role.ADMIN)
    await introduce(client, bus, (ben, "ben@example.com", None), (cleo, "cleo@example.com", None))
    project = await client.new_project(ada)
    made = await comment(client, ada, project, body="@ben")

    edited = await client.send("PATCH", f"{comments_of(project)}/{made['id']}", {"body": "@ben @cleo"}, who=ada)

    assert set(edited.data["mentioned_user_ids"]) == {str(ben.user_id), str(cleo.user_id)}
    told = (await client.events(ada, f"comments:project:{project['id']}"))[-1]
    assert newly_mentioned(told) == [str(cleo.user_id)]


async def test_who_may_see_a_thing_may_follow_what_is_said_of_it(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    await comment(client, ada, project, task=task)

    async def offset(who: Principal, topic: str) -> int:
        return (await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="project")).offset

    assert await offset(ada, f"comments:task:{task['id']}") == 1
    assert await offset(ada, f"comments:project:{project['id']}") == 0
    for who, topic in (
        (person(Role.DEVELOPER), f"comments:task:{task['id']}"),
        (person(Role.OWNER, GLOBEX), f"comments:task:{task['id']}"),
        (ada, f"comments:task:{new_id()}"),
        (ada, f"comments:project:{task['id']}"),
        (ada, f"comments:gift:{task['id']}"),
        (ada, f"comments:planet:{task['id']}"),
        (ada, f"comments:{task['id']}"),
    ):
        with pytest.raises(TopicNotFound):
            await offset(who, topic)


async def test_comments_go_with_their_task(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    await comment(client, ada, project, task=task)
    kept = await comment(client, ada, project)

    await client.send("DELETE", task_path(task), who=ada)

    async def are_gone() -> bool:
        return (await client.send("GET", comments_of(project), who=ada)).items == [kept]

    await eventually(are_gone)


@pytest.mark.parametrize("number", [1, 60], ids=["named one by one", "told as one change"])
async def test_comments_go_with_their_file(client: ProjectClient, number: int) -> None:
    ada = person()
    project = await client.new_project(ada)
    paths = [f"{name}.txt" for name in range(number + 1)]
    batch = {"files": [{"path": path, "content": "x"} for path in paths]}
    first, *others = (await client.send("PUT", files_of(project), batch, who=ada)).data["files"]
    kept = await comment(client, ada, project, entity_type="file", entity_id=first["id"])
    await comment(client, ada, project, entity_type="file", entity_id=others[-1]["id"])

    await client.send("PUT", files_of(project), {"delete": paths[1:]}, who=ada)

    async def are_gone() -> bool:
        return (await client.send("GET", comments_of(project), who=ada)).items == [kept]

    await eventually(are_gone)


def comments_of(project: Project) -> str:
    return f"{project_path(project)}/comments"


async def comment(
    client: ProjectClient, who: Principal, project: Project, task: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    about = {"entity_type": "task", "entity_id": task["id"]} if task else {"entity_type": "project"}
    return await client.create(
        comments_of(project), {"entity_id": project["id"], "body": "!", **about, **fields}, who=who
    )


async def test_an_answer_names_whose_comment_it_answers_if_that_is_news_to_them(
    client: ProjectClient, bus: MemoryBus
) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (ada, "ada@example.com", "Ada"), (ben, "ben@example.com", "Ben"))
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    asked = await comment(client, ben, project, body="Why?")

    for who, body in ((ada, "Because"), (ada, "Because, @ben"), (ben, "I see")):
        await comment(client, who, project, body=body, parent_id=asked["id"])
    await client.send("DELETE", f"/api/v1/projects/{project['id']}/team/{ben.user_id}", who=ada)
    await comment(client, ada, project, body="Gone", parent_id=asked["id"])

    told = await client.events(ada, f"comments:project:{project['id']}")
    replied_to = [msgspec.json.decode(event.data)["replied_to"] for event in told]
    assert replied_to == [None, str(ben.user_id), None, None, None]


def payload_of(envelope: Envelope) -> dict[str, Any]:
    payload: dict[str, Any] = msgspec.json.decode(envelope.data)["payload"]
    return payload


def newly_mentioned(envelope: Envelope) -> list[str]:
    ids: list[str] = msgspec.json.decode(envelope.data)["newly_mentioned"]
    return ids


async def test_an_author_whom_nobody_has_heard_of_for_an_hour_has_left(client: ProjectClient) -> None:
    stranger = person()
    project = await client.new_project(stranger)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "Look"}
    comment = await client.create(comments_of(project), about, who=stranger)

    async with client.database.system_work() as work:
        await work.execute("update comments set created_at = created_at - interval '61 minutes'")
    [later] = (await client.send("GET", comments_of(project), who=stranger)).items

    assert comment["author"] == {"id": str(stranger.user_id), "display_name": None}
    assert later["author"] == {"id": str(stranger.user_id), "display_name": "Former member"}
