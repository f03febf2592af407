"""Contents: stored once, counted exactly, kept while anything refers to them, and then gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, files_of

from project_service.blobs import repository, service
from project_service.blobs.domain import Content
from project_service.blobs.repository import Idle, Place
from project_service.blobs.service import BlobStore, Staging
from project_service.files.schemas import FileInclude, FileQuery, FilesWritten, WriteFile, WriteFiles
from project_service.files.service import FileService
from project_service.object_store import ObjectMissing, ObjectStore, ObjectStoreUnavailable, open_object_store
from project_service.threads import LongWork
from project_service.versions.schemas import VersionListQuery
from project_service.versions.service import VersionService
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.principal import Principal, Role, Tier
from shared.quotas import GIB
from shared.testing.callers import GLOBEX
from shared.testing.counting import CountingDatabase

LARGE = b"x" * 100_000


class Tomorrow:
    """A clock of the day after next, when nothing staged is protected any more."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def objects() -> ObjectStore:
    return open_object_store("memory://", "unused")


@pytest.fixture
def files(database: Database, objects: ObjectStore) -> FileService:
    return FileService(database, BlobStore(database, objects, SystemClock()), SystemClock())


async def used(database: Database, who: Principal) -> int:
    rows = await database.system_rows("select used from storage_use where tenant_id = $1", who.tenant_id)
    return rows[0]["used"] if rows else 0


async def staged(blobs: BlobStore, who: Principal, *contents: Content) -> None:
    """By a request that is killed before its write."""
    await Staging(blobs, who).add(contents)


def body(**contents: str) -> WriteFiles:
    return WriteFiles(files=[WriteFile(path=path, content=content) for path, content in contents.items()])


async def test_equal_contents_of_a_tenant_are_stored_once_and_those_of_two_twice(
    client: ProjectClient, database: Database, files: FileService
) -> None:
    ada, eve = person(), person(Role.OWNER, GLOBEX)
    for who in (ada, eve):
        project = UUID((await client.new_project(who))["id"])
        await files.write(who, project, body(a="same", b="same"))
        await files.write(who, project, body(c="same", d="other"))

    assert (await used(database, ada), await used(database, eve)) == (9, 9)
    rows = await database.system_rows("select count(*) from blobs group by tenant_id")
    assert [row["count"] for row in rows] == [2, 2]


async def test_parallel_writes_of_one_content_count_it_once(
    client: ProjectClient, database: Database, files: FileService
) -> None:
    ada = person()
    projects = [UUID((await client.new_project(ada))["id"]) for _ in range(6)]

    await asyncio.gather(*(files.write(ada, project, body(a="same", b="b" * 70_000)) for project in projects))

    assert await used(database, ada) == 70_004


async def test_a_full_plan_refuses_new_contents_and_nothing_else(
    client: ProjectClient, database: Database, files: FileService
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    await files.write(ada, project, body(a="kept"))
    async with database.system_work() as work:
        await work.execute("update storage_use set used = $1", GIB)

    full = await client.send("PUT", files_of({"id": project}), msgspec.to_builtins(body(b="new")), who=ada)
    same = await client.send("PUT", files_of({"id": project}), msgspec.to_builtins(body(b="kept")), who=ada)

    assert (full.status, full.code) == (403, "TIER_LIMIT_EXCEEDED")
    details = {"quota": "storage", "limit": GIB, "used": GIB, "resets_at": None, "tier": "free", "required_tier": "pro"}
    assert full.json["error"]["details"] == {**details, "upgrade_url": None}
    assert same.status == 200
    await files.write(msgspec.structs.replace(ada, tier=Tier.PRO), project, body(b="new"))
    assert await used(database, ada) == GIB + 3


async def test_what_nothing_refers_to_is_swept_and_what_history_needs_is_not(
    client: ProjectClient, database: Database, objects: ObjectStore, files: FileService
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    await files.write(ada, project, body(a=LARGE.decode(), b="small"))
    await files.write(ada, project, body(a="2"))
    stray, sweeper = Content.of(LARGE + b"!"), BlobStore(database, objects, Tomorrow())
    await staged(sweeper, ada, stray)
    early = BlobStore(database, objects, SystemClock())

    assert await early.sweep() == 0
    async with database.system_work() as work:
        await work.execute("update blobs set touched_at = now() - interval '1 hour'")
    assert await sweeper.sweep() == 1

    with pytest.raises(ObjectMissing):
        await objects.head(f"{ada.tenant_id}/files/{stray.sha256}")
    kept = Content.of(LARGE).sha256
    assert (await early.read(ada.tenant_id, [kept]))[kept] == LARGE
    async with database.system_work() as work:
        await work.execute("delete from projects")
    assert await sweeper.sweep() == 3
    assert await used(database, ada) == 0


async def test_a_sweep_looks_at_a_bounded_number_of_contents_at_once(
    client: ProjectClient, database: Database, objects: ObjectStore, files: FileService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOKED_AT_ONCE", 3)
    release, portions = repository.release_idle, []

    async def release_idle(work: Work, start: Place, end: Place, limit: int) -> list[Idle]:
        portions.append((start, end))
        return await release(work, start, end, limit)

    monkeypatch.setattr(repository, "release_idle", release_idle)
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    await files.write(ada, project, body(**{f"file{number}": f"{number}" for number in range(10)}))
    await staged(BlobStore(database, objects, SystemClock()), ada, Content.of(b"stray"))

    assert await BlobStore(database, objects, Tomorrow()).sweep() == 1
    assert await used(database, ada) == 10
    assert len(portions) == len(set(portions)) == 4
    assert all(end == start for (_, end), (start, _) in pairwise(portions))


async def test_a_content_that_is_wanted_again_between_the_steps_of_a_sweep_stays(
    client: ProjectClient, database: Database, objects: ObjectStore, files: FileService
) -> None:
    ada, before = person(), Tomorrow().now()
    project = UUID((await client.new_project(ada))["id"])
    await staged(BlobStore(database, objects, SystemClock()), ada, Content.of(LARGE))
    async with database.system_work() as work:
        [idle] = await repository.release_idle(work, repository.FIRST, Place.before(before), 10)

    written = await files.write(ada, project, body(a=LARGE.decode()))
    async with database.system_work() as work:
        still_idle = await repository.lock_idle(work, [idle])

    assert still_idle == []
    assert (await files.get(ada, project, written.files[0].id)).content == LARGE.decode()


async def test_a_content_that_is_wanted_again_while_it_is_deleted_is_stored_again(
    client: ProjectClient, database: Database, objects: ObjectStore, files: FileService
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    writing: list[asyncio.Task[FilesWritten]] = []

    class Interrupted:
        """Somebody writes the content at the worst moment."""

        async def delete(self, key: str) -> None:
            writing.append(asyncio.create_task(files.write(ada, project, body(a=LARGE.decode()))))
            await asyncio.sleep(0)
            await objects.delete(key)

    await staged(BlobStore(database, objects, SystemClock()), ada, Content.of(LARGE))
    await BlobStore(database, cast(ObjectStore, Interrupted()), Tomorrow()).sweep()
    written = await writing[0]

    assert (await files.get(ada, project, written.files[0].id)).content == LARGE.decode()


class BrokenStore:
    async def put(self, key: str, content: bytes, *, limit: int) -> int:
        raise ObjectStoreUnavailable


async def test_a_store_that_is_away_leaves_no_half_a_batch(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    blobs = BlobStore(database, cast(ObjectStore, BrokenStore()), SystemClock())

    with pytest.raises(ObjectStoreUnavailable):
        await FileService(database, blobs, SystemClock()).write(ada, project, body(a=LARGE.decode(), b="small"))

    assert (await client.send("GET", files_of({"id": project}), who=ada)).items == []
    assert await used(database, ada) == 0


@pytest.fixture
def counting(database: Database) -> CountingDatabase:
    return CountingDatabase(database)


async def test_work_on_files_takes_few_statements_however_many_files(
    client: ProjectClient, counting: CountingDatabase, objects: ObjectStore
) -> None:
    ada, database = person(), cast(Database, counting)
    blobs = BlobStore(database, objects, SystemClock())
    files, versions = (
        FileService(database, blobs, SystemClock()),
        VersionService(database, blobs, SystemClock(), LongWork("tests")),
    )
    project = UUID((await client.new_project(ada))["id"])
    await files.write(ada, project, body(first="its changes are counted: see `shared.db.row_limits`"))
    counts = [len(counting.statements)]

    async def count(use_case: Any) -> Any:
        result = await use_case
        counts.append(len(counting.statements))
        return result

    written = await count(files.write(ada, project, body(**{f"f{number}": f"{number}" for number in range(200)})))
    await count(files.find(ada, project, FileQuery(page_size=100)))
    await count(files.find(ada, project, FileQuery(page_size=100, include=FileInclude.CONTENT)))
    await count(files.get(ada, project, written.files[7].id))
    await count(versions.find(ada, project, VersionListQuery()))

    assert [after - before for before, after in pairwise(counts)] == [11, 3, 4, 3, 3]


async def test_a_listing_says_which_place_of_the_topic_it_shows(client: ProjectClient, files: FileService) -> None:
    ada = person()
    project = await client.new_project(ada)
    empty = await files.listing(ada, UUID(project["id"]))
    await client.write_files(ada, project, {"b": "", "a": ""})

    listing = await files.listing(ada, UUID(project["id"]))

    assert (empty.files, empty.offset) == ([], 0)
    assert [file.path for file in listing.files] == ["a", "b"]
    assert listing.offset == len(await client.events(ada, f"files:{project['id']}"))
