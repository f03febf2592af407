"""Projects over HTTP: what callers see, what they may change, and what they are told when they may not."""

from datetime import timedelta

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, tasks_of

from project_service.projects.domain import RESTORABLE_FOR
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Role
from shared.testing.callers import GLOBEX


async def test_a_new_project_belongs_to_its_creator(client: ProjectClient) -> None:
    ada = person(Role.MANAGER)

    answer = await client.send("POST", PROJECTS, {"name": "Apollo", "description": "Moon"}, who=ada)

    assert answer.status == 201
    assert answer.headers["location"] == project_path(answer.data)
    assert answer.data["owner_id"] == str(ada.user_id)
    assert answer.data["my_role"] == "owner"
    assert answer.data["visibility"] == "private"
    assert answer.data["counts"] == {"tasks": 0, "open_tasks": 0, "members": 1}
    assert answer.data["version"] == 1
    read = await client.send("GET", answer.headers["location"], who=ada)
    assert (read.status, read.data) == (200, answer.data)
    assert read.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
async def test_developers_and_viewers_create_no_projects(client: ProjectClient, role: Role) -> None:
    answer = await client.send("POST", PROJECTS, {"name": "Apollo"}, who=person(role))

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_the_list_holds_what_the_caller_may_see(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await client.new_project(ada, name="private")
    await client.new_project(ada, name="shared", visibility="tenant")
    await client.join(await client.new_project(ada, name="joined"), ben, "viewer")
    await client.new_project(person(Role.MANAGER, GLOBEX), name="foreign", visibility="tenant")

    async def names(who: object) -> set[str]:
        return {item["name"] for item in (await client.send("GET", PROJECTS, who=who)).items}

    assert await names(ada) == {"private", "shared", "joined"}
    assert await names(ben) == {"shared", "joined"}
    assert await names(person(Role.VIEWER)) == {"shared"}
    assert await names(person(Role.ADMIN)) == {"private", "shared", "joined"}


async def test_roles_and_counts_are_those_of_the_caller(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada, visibility="tenant")
    await client.new_task(ada, project)
    await client.new_task(ada, project, status="done")

    [seen] = (await client.send("GET", PROJECTS, who=ben)).items

    assert seen["my_role"] == "editor"
    assert seen["counts"] == {"tasks": 2, "open_tasks": 1, "members": 1}


async def test_the_list_is_filtered_by_name_and_archive(client: ProjectClient) -> None:
    ada = person()
    old = await client.new_project(ada, name="Gemini 100%")
    await client.new_project(ada, name="Apollo")
    await client.send("PATCH", project_path(old), {"archived": True}, who=ada)

    async def names(query: str) -> list[str]:
        return [item["name"] for item in (await client.send("GET", f"{PROJECTS}?sort=name&{query}", who=ada)).items]

    assert await names("") == ["Apollo", "Gemini 100%"]
    assert await names("archived=true") == ["Gemini 100%"]
    assert await names("archived=false") == ["Apollo"]
    assert await names("q=POLL") == ["Apollo"]
    assert await names("q=%25") == ["Gemini 100%"]


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"])
async def test_cursor_and_page_walk_the_same_order(client: ProjectClient, sort: str) -> None:
    ada = person()
    names = ["b", "A", "c", "a"]
    for name in names:
        await client.new_project(ada, name=name)

    by_page = [
        (await client.send("GET", f"{PROJECTS}?sort={sort}&page_size=1&page={page}", who=ada)).items[0]["id"]
        for page in range(1, 5)
    ]
    by_cursor, cursor = [], ""
    while cursor is not None:
        answer = (await client.send("GET", f"{PROJECTS}?sort={sort}&page_size=3{cursor}", who=ada)).json
        by_cursor += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        assert answer["total"] == 4

    assert by_cursor == by_page
    assert len(set(by_page)) == 4


async def test_an_empty_page_still_tells_the_total(client: ProjectClient) -> None:
    ada = person()
    await client.new_project(ada)

    beyond = (await client.send("GET", f"{PROJECTS}?page=2", who=ada)).json
    uncounted = (await client.send("GET", f"{PROJECTS}?include_total=false", who=ada)).json

    assert (beyond["items"], beyond["total"], beyond["page"]) == ([], 1, 2)
    assert uncounted["total"] is None


async def test_a_patch_changes_only_what_it_names(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada, description="Moon")

    renamed = await client.send("PATCH", project_path(project), {"name": "Artemis"}, who=ada)
    cleared = await client.send("PUT", project_path(project), {"description": None}, who=ada)

    assert (renamed.data["name"], renamed.data["description"], renamed.data["version"]) == ("Artemis", "Moon", 2)
    assert (cleared.data["name"], cleared.data["description"], cleared.data["version"]) == ("Artemis", None, 3)


async def test_a_patch_that_changes_nothing_is_no_change(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    same = await client.send("PATCH", project_path(project), {"name": project["name"]}, who=ada)
    empty = await client.send("PATCH", project_path(project), {}, who=ada)

    assert same.data == empty.data == project
    assert len(await client.events(ada, f"project:{project['id']}")) == 1


async def test_editors_edit_and_owners_decide(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "editor")
    path = project_path(project)

    assert (await client.send("PATCH", path, {"name": "Artemis"}, who=ben)).status == 200
    for change in ({"visibility": "tenant"}, {"archived": True, "name": "x"}):
        assert (await client.send("PATCH", path, change, who=ben)).code == "AUTH_FORBIDDEN"
    assert (await client.send("DELETE", path, who=ben)).code == "AUTH_FORBIDDEN"
    assert (await client.send("PATCH", path, {"visibility": "TENANT"}, who=ada)).data["visibility"] == "tenant"


async def test_a_deleted_project_is_gone_with_all_that_is_in_it(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.new_task(ada, project)

    answer = await client.send("DELETE", project_path(project), who=ada)

    assert (answer.status, answer.body) == (204, b"")
    for path in (project_path(project), tasks_of(project)):
        assert (await client.send("GET", path, who=ada)).code == "PROJECT_NOT_FOUND"
    assert (await client.send("GET", PROJECTS, who=ada)).json["total"] == 0
    assert (await client.send("DELETE", project_path(project), who=ada)).status == 404


async def test_its_owner_brings_a_deleted_project_back(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada, visibility="tenant")
    task = await client.new_task(ada, project)
    restore = project_path(project) + "/restore"

    assert (await client.send("POST", restore, who=ben)).code == "AUTH_FORBIDDEN"
    await client.send("DELETE", project_path(project), who=ada)
    assert (await client.send("POST", restore, who=ben)).code == "PROJECT_NOT_FOUND"
    restored = await client.send("POST", restore, who=ada)
    again = await client.send("POST", restore, who=ada)

    assert restored.status == again.status == 200
    assert restored.data == again.data
    assert (restored.data["version"], restored.data["counts"]["tasks"]) == (3, 1)
    assert [item["id"] for item in (await client.send("GET", tasks_of(project), who=ada)).items] == [task["id"]]


async def test_after_thirty_days_a_deleted_project_stays_deleted(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.send("DELETE", project_path(project), who=ada)
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute("update projects set deleted_at = deleted_at - $1::interval", RESTORABLE_FOR + timedelta(1))

    answer = await client.send("POST", project_path(project) + "/restore", who=ada)

    assert (answer.status, answer.code) == (404, "PROJECT_NOT_FOUND")


async def test_changes_are_told_on_the_topic_of_the_project(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    path = project_path(project)
    await client.send("PATCH", path, {"name": "Artemis", "archived": True}, who=ada)
    await client.send("DELETE", path, who=ada)
    await client.send("POST", path + "/restore", who=ada)

    events = await client.events(ada, f"project:{project['id']}")

    assert [event.type.removeprefix("project.project.") for event in events] == ["added", "updated", "deleted", "added"]
    assert [event.topics[0].offset for event in events] == [1, 2, 3, 4]
    assert {event.actorid for event in events} == {ada.user_id}
    assert b'"changed_fields":["name","archived"]' in bytes(events[1].data)
    assert b"my_role" not in b"".join(bytes(event.data) for event in events)


async def test_all_wrong_fields_are_named_at_once(client: ProjectClient) -> None:
    body = {"name": " ", "description": 7, "visibility": "public", "owner_id": str(new_id()), "tenant_id": 1}

    answer = await client.send("POST", PROJECTS, body, who=person())

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
    assert answer.wrong_fields == {
        "name": "invalid_format",
        "description": "wrong_type",
        "visibility": "invalid_choice",
        "owner_id": "unknown",
        "tenant_id": "unknown",
    }


@pytest.mark.parametrize("body", [{"name": None}, {"archived": None}, {"visibility": None}, {"name": "a\x00b"}])
async def test_what_cannot_be_is_refused(client: ProjectClient, body: dict[str, object]) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("PATCH", project_path(project), body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=101", "sort=owner_id", "cursor=x", "archived=maybe", "q=", "colour=red", "q=%00"]
)
async def test_a_query_out_of_range_is_refused(client: ProjectClient, query: str) -> None:
    answer = await client.send("GET", f"{PROJECTS}?{query}", who=person())

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
