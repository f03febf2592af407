"""Search: what is found, what is shown of it, and what nobody may find."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast
from urllib.parse import quote

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from project_builders import person
from project_client import ProjectClient, project_path, task_path

from project_service.search.schemas import AnyKindQuery
from project_service.search.service import SearchService
from shared.db.bootstrap import DatabaseUrls
from shared.db.databases import Database
from shared.principal import Principal, Role
from shared.testing.callers import ACME, GLOBEX
from shared.testing.counting import CountingDatabase

SEARCH = "/api/v1/search"
NEW_PROJECT = """
insert into projects (id, tenant_id, owner_id, name, visibility, created_at, updated_at)
values (gen_random_uuid(), $1, $1, $2, 'tenant', now(), now())
"""


async def search(client: ProjectClient, who: Principal, q: str, kind: str = "", more: str = "") -> dict[str, Any]:
    answer = await client.send("GET", f"{SEARCH}{kind}?q={quote(q)}{more}", who=who)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


async def titles(client: ProjectClient, who: Principal, q: str, kind: str = "", more: str = "") -> list[str]:
    return [hit["title"] for hit in (await search(client, who, q, kind, more))["items"]]


async def comment(client: ProjectClient, who: Principal, task: dict[str, Any], body: str) -> dict[str, Any]:
    about = {"entity_type": "task", "entity_id": task["id"], "body": body}
    return await client.create(f"/api/v1/projects/{task['project_id']}/comments", about, who=who)


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.mark.parametrize(
    "q",
    [
        "running", "RUN", "runs", "runni", "mööñ", "MÖÖÑ", "example", "user@example.com", "foo-b", "v1.2",
        "rocket running", "runing", "rnuning", "runnning", "rocked", "\uff52ocket",
    ],
)  # fmt: skip
async def test_words_are_found_stemmed_begun_folded_and_nearly_spelled(
    client: ProjectClient, ada: Principal, q: str
) -> None:
    project = await client.new_project(ada)
    text = "Mail user@example.com about foo-bar v1.2 of the rocket"
    await client.new_task(ada, project, title="Running to the Mööñ", description=text)
    await client.new_task(ada, project, title="Something else")

    assert await titles(client, ada, q) == ["Running to the Mööñ"]


async def test_all_kinds_are_ranked_together_and_each_alone(client: ProjectClient, ada: Principal) -> None:
    project = await client.new_project(ada, name="Moon", description="Where we fly to")
    task = await client.new_task(ada, project, title="Fly", description="To the moon", status="done")
    said = await comment(client, ada, task, "The moon is far")

    found = await search(client, ada, "moon")

    assert found["items"][0]["type"] == "project"
    assert {hit["id"] for hit in found["items"]} == {project["id"], task["id"], said["id"]}
    assert (found["total"], found["meta"]) == (3, {"is_near": False, "is_complete": True})
    ranks = [hit["rank"] for hit in found["items"]]
    assert ranks == sorted(ranks, reverse=True)
    [hit] = (await search(client, ada, "moon", "/comments"))["items"]
    assert (hit["title"], hit["project_id"], hit["snippet"]) == ("Fly", project["id"], "The <mark>moon</mark> is far")
    assert await titles(client, ada, "moon", "/projects") == await titles(client, ada, "moon", "", "&type=project")
    assert await titles(client, ada, "moon", "/tasks", "&status=done") == ["Fly"]
    assert await titles(client, ada, "moon", "/tasks", "&status=todo") == []
    assert await titles(client, ada, "moon", "/comments", "&entity_type=project") == []


async def test_only_marks_are_markup(client: ProjectClient, ada: Principal) -> None:
    project = await client.new_project(ada)
    title = "<script>alert('moon')</script> \x02x\x03 & <mark>me@moon.org</mark> \x0e"
    await client.new_task(ada, project, title=title)

    [hit] = (await search(client, ada, "moon"))["items"]

    assert hit["title"] == title
    assert hit["snippet"].replace("<mark>moon</mark>", "moon").count("<") == 0
    assert hit["snippet"].count("<mark>moon</mark>") == 2
    assert "&lt;script&gt;" in hit["snippet"]


async def test_only_what_may_be_seen_is_found(client: ProjectClient, ada: Principal) -> None:
    ben, viewer, boss, eve = person(Role.DEVELOPER), person(Role.VIEWER), person(Role.ADMIN), person(tenant_id=GLOBEX)
    private, shared = await client.new_project(ada, name="P"), await client.new_project(ada, visibility="tenant")
    for project in (private, shared):
        task = await client.new_task(ada, project, title=f"moon {project['visibility']}")
        await comment(client, ada, task, "moon")

    seen = {who: sorted(set(await titles(client, who, "moon"))) for who in (ada, ben, viewer, boss, eve)}
    near = await titles(client, eve, "mooon")
    through_filter = await titles(client, ben, "moon", "", f"&project_id={private['id']}")
    await client.join(private, ben, "viewer")

    everything = ["moon private", "moon tenant"]
    assert seen == {ada: everything, ben: everything[1:], viewer: everything[1:], boss: everything, eve: []}
    assert (near, through_filter) == ([], [])
    assert await titles(client, ben, "moon", "/tasks", f"&project_id={private['id']}") == ["moon private"]


async def test_every_write_is_found_at_once(client: ProjectClient, ada: Principal) -> None:
    project = await client.new_project(ada, name="Apollo")
    task = await client.new_task(ada, project, title="Sunrise")
    said = await comment(client, ada, task, "Beautiful")
    comments = f"{project_path(project)}/comments"

    await client.send("PATCH", task_path(task), {"title": "Moonrise", "status": "done"}, who=ada)
    await client.send("PATCH", f"{comments}/{said['id']}", {"body": "Gorgeous"}, who=ada)
    await client.send("PATCH", project_path(project), {"name": "Artemis"}, who=ada)

    for gone in ("Sunrise", "Beautiful", "Apollo"):
        assert await titles(client, ada, gone) == []
    assert await titles(client, ada, "Moonrise", "/tasks", "&status=done") == ["Moonrise"]
    assert await titles(client, ada, "Gorgeous") == ["Moonrise"]
    assert await titles(client, ada, "Artemis") == ["Artemis"]
    await client.send("DELETE", f"{comments}/{said['id']}", who=ada)
    assert await titles(client, ada, "Gorgeous") == []
    await client.send("DELETE", task_path(task), who=ada)
    assert await titles(client, ada, "Moonrise") == []


async def test_a_deleted_project_is_not_found_and_its_documents_go_with_it(
    client: ProjectClient, ada: Principal, database: Database
) -> None:
    project = await client.new_project(ada, name="Apollo")
    await comment(client, ada, await client.new_task(ada, project, title="Apollo"), "Apollo")

    await client.send("DELETE", project_path(project), who=ada)
    hidden = await titles(client, ada, "Apollo")
    await client.send("POST", f"{project_path(project)}/restore", who=ada)
    restored = await titles(client, ada, "Apollo")
    async with database.system_work() as work:
        await work.execute("delete from tasks where project_id = $1", project["id"])
        await work.execute("delete from projects where id = $1", project["id"])

    assert (hidden, restored) == ([], ["Apollo"] * 3)
    assert await database.system_rows("select id from search_documents") == []


async def test_pages_and_cursors_meet_every_match_once(client: ProjectClient, ada: Principal) -> None:
    project = await client.new_project(ada)
    for number in range(7):
        await client.new_task(ada, project, title="moon " * (number % 3 + 1) + str(number))
    complete = await titles(client, ada, "moon")

    by_cursor: list[str] = []
    cursor = ""
    while True:
        page = await search(client, ada, "moon", "", f"&page_size=3{cursor}")
        by_cursor += [hit["title"] for hit in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    by_page = [title for n in (1, 2, 3) for title in await titles(client, ada, "moon", "", f"&page_size=3&page={n}")]
    behind = await search(client, ada, "moon", "", "&page=9&include_total=false")

    assert len(complete) == 7
    assert by_cursor == by_page == complete
    assert (behind["items"], behind["total"], behind["meta"]["is_near"]) == ([], None, False)


async def test_of_too_many_matches_the_newest_are_ranked(
    client: ProjectClient, ada: Principal, database: Database
) -> None:
    project = await client.new_project(ada)
    for number in range(7):
        await client.new_task(ada, project, title=f"moon {number}")

    newest = await SearchService(database, most_ranked=5).find_all(ada, AnyKindQuery(q="moon"))

    assert sorted(hit.title[-1] for hit in newest.items) == ["2", "3", "4", "5", "6"]
    assert (newest.total, newest.meta) == (None, {"is_near": False, "is_complete": False})


async def test_a_search_takes_two_statements_at_most(client: ProjectClient, ada: Principal, database: Database) -> None:
    project = await client.new_project(ada)
    for number in range(5):
        await client.new_task(ada, project, title=f"moon {number}")
    counting = CountingDatabase(database)
    found = SearchService(cast(Database, counting))

    await found.find_all(ada, AnyKindQuery(q="moon"))
    exact = len(counting.statements)
    await found.find_all(ada, AnyKindQuery(q="mooon"))

    assert (exact, len(counting.statements)) == (1, 3)


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=" + "a" * 201, "?q=%00", "?q=a&type=gift", "?q=a&cursor=x", "?q=a&s=1"]
)
async def test_a_wrong_query_is_refused(client: ProjectClient, ada: Principal, query: str) -> None:
    assert (await client.send("GET", SEARCH + query, who=ada)).status == 422


ODD = st.one_of(
    st.text(
        st.sampled_from("&|!():*<->'\"\\ %_$\n\t\x01\x7f\u2028ａ＇＼é🚀👩\u200d🚀a1.-/@"), min_size=1, max_size=200
    ),
    st.text(min_size=1, max_size=200).filter(lambda text: "\x00" not in text),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=ODD, near=st.booleans())
async def test_no_query_and_no_text_is_an_error(client: ProjectClient, database: Database, q: str, near: bool) -> None:
    q = q.encode("utf-8", "replace").decode()[:200]
    ada = person(Role.OWNER)
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute(NEW_PROJECT, ada.tenant_id, q)

    answer = await client.send("GET", f"{SEARCH}?q={quote(q)}&include_total={str(near).lower()}", who=ada)

    assert answer.status == 200
    assert all(hit["snippet"].replace("<mark>", "").replace("</mark>", "").count("<") == 0 for hit in answer.items)


@pytest.mark.parametrize("q", ["&|!" * 66, "'" * 200, "a " * 100, "word " * 40, ":* <-> \\", "z" * 200, "🚀" * 50])
async def test_long_odd_queries_are_answered(client: ProjectClient, ada: Principal, q: str) -> None:
    project = await client.new_project(ada, name="Word of a rocket 🚀")
    await client.new_task(ada, project, title=q, description=q * 50)

    assert isinstance(await titles(client, ada, q), list)


async def test_what_was_written_before_there_was_search_is_found(
    fresh_urls: Callable[[str], DatabaseUrls],
) -> None:
    urls = fresh_urls("project")
    migration = import_module("project_service.migrations.models.5_sessions_search")
    owner, system = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.system)
    try:
        await owner.execute(await migration.downgrade(None))
        await system.execute(NEW_PROJECT, ACME, "Apollo")

        await owner.execute(await migration.upgrade(None))

        found = "select kind from search_documents where keys @@ $1::text::tsquery"
        assert await system.fetchval(found, f"'{ACME.hex} apollo'") == "project"
    finally:
        await owner.close()
        await system.close()
