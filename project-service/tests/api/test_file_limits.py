"""How deep, how many and how wide files may be, and that a large project costs no more than a small one."""

from typing import Any
from uuid import UUID

import pytest
from project_builders import person
from project_client import ProjectClient, file_path, files_of, project_path, versions_of

from project_service.blobs.domain import Content
from project_service.blobs.service import BlobStore
from project_service.files import repository
from project_service.files.domain import MAX_REPORTED, Batch, Draft
from project_service.files.paths import MAX_DEPTH
from project_service.files.schemas import MAX_FILES, MAX_FOLDERS, MAX_PROJECT_FILES
from project_service.files.writing import write
from project_service.object_store import open_object_store
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.principal import Principal

DEEP = "a/" * 200 + "old.txt"


async def put(client: ProjectClient, who: Any, project: dict[str, Any], *paths: str, **body: Any) -> Any:
    files = [{"path": path, "content": path} for path in paths]
    return await client.send("PUT", files_of(project), {"files": files, **body}, who=who)


async def test_paths_are_at_most_32_folders_deep_and_all_deeper_ones_are_named(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    fine = await put(client, ada, project, "a/" * MAX_DEPTH + "f")
    deep = await put(client, ada, project, *(f"{n}/" + "a/" * MAX_DEPTH + "f" for n in range(150)), "b")

    assert (fine.status, deep.status, deep.code) == (200, 422, "INVALID_PATH")
    assert deep.wrong_fields == {f"files.{n}.path": "invalid_path" for n in range(MAX_REPORTED)}


async def test_the_folders_of_a_batch_are_limited(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    count = MAX_FOLDERS // MAX_DEPTH

    fine = await put(client, ada, project, *(f"{n}/" + "a/" * (MAX_DEPTH - 1) + "f" for n in range(count)))
    wide = await put(client, ada, project, *(f"x{n}/" + "a/" * (MAX_DEPTH - 1) + "f" for n in range(count + 1)))

    assert (fine.status, wide.status, wide.code) == (200, 422, "INVALID_PATH")
    assert wide.wrong_fields == {"files": "too_many_folders"}


async def test_the_files_of_a_batch_are_limited(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    full = await put(client, ada, project, *(f"{n}" for n in range(MAX_FILES)))
    more = await put(client, ada, project, *(f"x{n}" for n in range(MAX_FILES + 1)))
    deletes = await put(client, ada, project, delete=[f"{n}" for n in range(MAX_FILES + 1)])
    gone = await put(client, ada, project, delete=[f"{n}" for n in range(MAX_FILES)])

    assert (full.status, more.status, deletes.status, gone.status) == (200, 422, 422, 200)
    assert (await client.send("GET", files_of(project), who=ada)).json["total"] == 0


async def test_files_of_before_the_limit_are_read_compared_restored_and_deleted(
    client: ProjectClient, database: Database
) -> None:
    ada = person()
    project = await client.new_project(ada)
    await write_old(database, ada, project, DEEP)
    await put(client, ada, project, "new.txt")

    [file] = (await client.send("GET", files_of(project) + "?include=content&prefix=a/", who=ada)).items
    archive = await client.send("GET", project_path(project) + "/archive", who=ada)
    gone = await put(client, ada, project, delete=[DEEP])
    diff = await client.send("GET", versions_of(project) + "/3/diff", who=ada)
    restored = await client.send("POST", versions_of(project) + "/1/restore", who=ada)
    removed = await client.send("DELETE", file_path({**file, "id": await id_of(client, ada, project)}), who=ada)

    assert (file["path"], file["content"], archive.status) == (DEEP, "old", 200)
    assert (gone.data["deleted"], [each["path"] for each in diff.data["files"]]) == ([DEEP], [DEEP])
    assert (restored.status, restored.data["file_count"], removed.status) == (200, 1, 204)


async def write_old(database: Database, who: Principal, project: dict[str, Any], path: str) -> None:
    """As releases without the limit did."""
    content, blobs = Content.of(b"old"), BlobStore(database, open_object_store("memory://", ""), SystemClock())
    batch = Batch([Draft(path, content.sha256, len(content.data))])
    async with blobs.staging(who) as staging:
        await staging.add([content])
        async with database.unit_of_work(who.tenant_id, actor_id=who.user_id) as work:
            await write(work, who, UUID(project["id"]), batch, SystemClock().now())


async def id_of(client: ProjectClient, who: Principal, project: dict[str, Any]) -> str:
    [file] = (await client.send("GET", files_of(project), who=who)).items
    found: str = file["id"]
    return found


async def test_a_project_has_at_most_20_000_files(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    await put(client, ada, project, "a", "b")
    await put(client, ada, project, delete=["b"])
    await count_as(database, project, MAX_PROJECT_FILES - 1)

    both = await put(client, ada, project, "c", "d")
    one = await put(client, ada, project, "c")
    another = await put(client, ada, project, "d")
    exchanged = await put(client, ada, project, "d", delete=["c"])
    await count_as(database, project, MAX_PROJECT_FILES + 500)
    changed = await client.send("PUT", files_of(project), {"files": [{"path": "a", "content": "!"}]}, who=ada)
    restored = await client.send("POST", versions_of(project) + "/1/restore", who=ada)

    assert [answer.status for answer in (both, one, another, exchanged, changed, restored)] == [
        409, 200, 409, 200, 200, 200,
    ]  # fmt: skip
    assert (both.code, both.json["error"]["details"]) == (
        "LIMIT_REACHED",
        {"what": "files of a project", "limit": MAX_PROJECT_FILES},
    )


async def count_as(database: Database, project: dict[str, Any], count: int) -> None:
    async with database.system_work() as work:
        await work.execute("update file_trees set file_count = $1 where project_id = $2", count, project["id"])


@pytest.mark.parametrize(
    ("deleted", "status"),
    [(["docs/a", "docs/b/c"], 200), (["docs/a"], 422), (["docs/a", "DOCS/b/c"], 422), ([], 422)],
)
async def test_a_folder_becomes_a_file_when_all_that_is_in_it_goes(
    client: ProjectClient, deleted: list[str], status: int
) -> None:
    ada = person()
    project = await client.new_project(ada)
    await put(client, ada, project, "docs/a", "docs/b/c", "docs-and-more", "docs0", "doc")

    answer = await put(client, ada, project, "docs", delete=deleted)

    assert answer.status == status
    assert status == 200 or answer.wrong_fields == {"files.0.path": "folder_clash"}


async def test_a_file_becomes_a_folder_when_it_goes(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await put(client, ada, project, "docs")

    refused = await put(client, ada, project, "docs/a/b")
    answer = await put(client, ada, project, "docs/a/b", delete=["docs"])

    assert (refused.wrong_fields, answer.status) == ({"files.0.path": "folder_clash"}, 200)


async def test_what_a_write_looks_up_does_not_grow_with_the_project(client: ProjectClient, database: Database) -> None:
    """Without statistics, too: of a project just filled there are none."""
    ada = person()
    project = await client.new_project(ada)
    await put(client, ada, project, *(f"src/{n % 7}/{n}" for n in range(MAX_FILES)))
    read = "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as count from pg_stat_xact_user_tables"
    async with database.unit_of_work(ada.tenant_id) as work:
        ids = ada.tenant_id, UUID(project["id"])
        found = await repository.find_by_key(work, *ids, ["src/1/1", "src/1", "src/9", "new"])
        below = await repository.find_below(work, *ids, {"src/1": 3, "src/1/1": 1, "new": 1})
        [row] = await work.rows(read + " where relname = 'files'")

    assert list(found) == ["src/1/1"]
    assert below == [("src/1", "src/1/1"), ("src/1", "src/1/1002"), ("src/1", "src/1/1009")]
    assert row["count"] <= 8
