"""What a write stores before it is decided: counted at once, and gone again when the write is refused or given up."""

import asyncio
import io
import os
from typing import cast
from uuid import UUID

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, task_path
from zip_attacks import zip_of

from project_service.archives.service import ArchiveService
from project_service.attachments.domain import DownloadSigner
from project_service.attachments.service import AttachmentService
from project_service.blobs.domain import Content
from project_service.blobs.service import REMOVED_AT_ONCE, BlobStore, Staging
from project_service.files.errors import FileVersionConflict
from project_service.files.schemas import WriteFile, WriteFiles
from project_service.files.service import FileService
from project_service.object_store import ObjectMissing, ObjectStore, object_key, open_object_store
from project_service.threads import LongWork
from project_service.uploads import Upload
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.principal import Principal, Tier
from shared.quotas import GIB, LIMITS, Quota, TierLimitExceeded

IMPORT = f"{PROJECTS}/import?name=Moon"
ZIP = {"content-type": "application/zip"}
LARGE = os.urandom(100_000)


@pytest.fixture
def objects() -> ObjectStore:
    return open_object_store("memory://", "unused")


@pytest.fixture
def blobs(database: Database, objects: ObjectStore) -> BlobStore:
    return BlobStore(database, objects, SystemClock())


@pytest.fixture
def files(database: Database, blobs: BlobStore) -> FileService:
    return FileService(database, blobs, SystemClock())


async def stored(database: Database) -> tuple[int, int]:
    """Contents, and bytes on the account."""
    [contents] = await database.system_rows("select count(*) from blobs")
    [use] = await database.system_rows("select coalesce(sum(used), 0)::bigint as used from storage_use")
    return contents["count"], use["used"]


async def fill_storage(database: Database, who: Principal, left: int) -> None:
    async with database.system_work() as work:
        await work.execute(
            "insert into storage_use (tenant_id, used) values ($1, $2)"
            " on conflict (tenant_id) do update set used = excluded.used",
            who.tenant_id,
            GIB - left,
        )


def conflicting(content: bytes) -> WriteFiles:
    """Refused: there is no such file in version 7."""
    return WriteFiles(files=[WriteFile(path="a", content=content.hex(), if_version=7)])


@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
async def test_a_refused_write_leaves_nothing(
    client: ProjectClient, database: Database, files: FileService, size: int
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])

    with pytest.raises(FileVersionConflict):
        await files.write(ada, project, conflicting(os.urandom(size)))

    assert await stored(database) == (0, 0)


async def test_a_refused_write_takes_nothing_from_others_that_store_the_same(
    client: ProjectClient, database: Database, blobs: BlobStore, files: FileService
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    content = Content.of(LARGE.hex().encode())
    async with blobs.staging(ada) as staging:
        await staging.add([content])

        with pytest.raises(FileVersionConflict):
            await files.write(ada, project, conflicting(LARGE))

        assert await stored(database) == (1, 200_000)
        written = await files.write(ada, project, WriteFiles(files=[WriteFile(path="b", content=LARGE.hex())]))
    with pytest.raises(FileVersionConflict):
        await files.write(ada, project, conflicting(LARGE))

    assert await stored(database) == (1, 200_000)
    assert (await files.get(ada, project, written.files[0].id)).content == LARGE.hex()


async def test_parallel_refusals_of_one_content_remove_it_once_and_never_too_early(
    client: ProjectClient, database: Database, files: FileService
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    good = [WriteFiles(files=[WriteFile(path=f"f{n}", content=LARGE.hex())]) for n in range(4)]

    answers = await asyncio.gather(
        *(files.write(ada, project, each) for each in good),
        *(files.write(ada, project, conflicting(LARGE)) for _ in range(12)),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers[4:]] == [FileVersionConflict] * 12
    assert not [answer for answer in answers[:4] if isinstance(answer, BaseException)]
    assert await stored(database) == (1, 200_000)


async def test_what_is_staged_is_counted_before_anything_is_stored(
    client: ProjectClient, database: Database, blobs: BlobStore, objects: ObjectStore
) -> None:
    ada = person()
    await fill_storage(database, ada, left=150_000)
    first, second = Content.of(LARGE), Content.of(LARGE[::-1])
    async with blobs.staging(ada) as staging:
        await staging.add([first])

        with pytest.raises(TierLimitExceeded):
            await Staging(blobs, ada).add([second])

        assert await stored(database) == (1, GIB - 50_000)
        with pytest.raises(ObjectMissing):
            await objects.head(object_key(ada.tenant_id, "files", second.sha256))


class SlowStore:
    """Holds uploads until they are let go."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, content: bytes, *, limit: int) -> int:
        self.has_begun.set()
        await self.may_end.wait()
        return await self._objects.put(key, content, limit=limit)

    async def delete(self, key: str) -> None:
        await self._objects.delete(key)


async def test_a_write_whose_caller_hangs_up_leaves_nothing_not_even_what_arrives_later(
    client: ProjectClient, database: Database, objects: ObjectStore
) -> None:
    ada, slow = person(), SlowStore(objects)
    blobs = BlobStore(database, cast(ObjectStore, slow), SystemClock())
    files = FileService(database, blobs, SystemClock())
    project = UUID((await client.new_project(ada))["id"])
    body = WriteFiles(files=[WriteFile(path="a", content=LARGE.hex())])
    writing = asyncio.create_task(files.write(ada, project, body))
    await slow.has_begun.wait()

    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    slow.may_end.set()
    await blobs.settle()

    assert await stored(database) == (0, 0)
    with pytest.raises(ObjectMissing):
        await objects.head(object_key(ada.tenant_id, "files", Content.of(LARGE.hex().encode()).sha256))


async def test_a_sweep_goes_on_until_nothing_is_left(
    client: ProjectClient, database: Database, blobs: BlobStore
) -> None:
    ada, count = person(), 2 * REMOVED_AT_ONCE + 7
    await Staging(blobs, ada).add([Content.of(f"{number}".encode()) for number in range(count)])
    async with database.system_work() as work:
        await work.execute("update blobs set touched_at = now() - interval '2 days'")

    assert await blobs.sweep() == count
    assert await stored(database) == (0, 0)


def broken_at_the_end() -> bytes:
    """Its last file is damaged, all before it are not."""
    files = {f"{number}.bin": LARGE + bytes([number]) for number in range(5)}
    data = zip_of({**files, "z.txt": b"the last one"})
    place = data.index(b"the last one") if b"the last one" in data else data.rindex(b"z.txt", 0, data.rindex(b"PK\1\2"))
    return data[: place + 6] + bytes([data[place + 6] ^ 0xFF]) + data[place + 7 :]


async def test_an_archive_that_is_damaged_at_its_end_stores_nothing(client: ProjectClient, database: Database) -> None:
    answer = await client.send("POST", IMPORT, who=person(), raw=broken_at_the_end(), headers=ZIP)

    assert (answer.status, answer.code) == (422, "INVALID_ARCHIVE")
    assert answer.json["error"]["details"]["entries"][0]["name"] == "z.txt"
    assert await database.system_rows("select tenant_id from storage_use") == []


async def test_parallel_imports_that_do_not_fit_fill_no_disk(client: ProjectClient, database: Database) -> None:
    ada = person()
    await fill_storage(database, ada, left=350_000)
    archives = [zip_of({f"{n}-{m}": os.urandom(100_000) for m in range(5)}) for n in range(6)]

    answers = await asyncio.gather(*(client.send("POST", IMPORT, who=ada, raw=data, headers=ZIP) for data in archives))

    assert {(answer.status, answer.code) for answer in answers} == {(403, "TIER_LIMIT_EXCEEDED")}
    assert await stored(database) == (0, GIB - 350_000)


async def test_an_import_beyond_the_last_project_is_refused_before_it_is_stored(
    client: ProjectClient, database: Database
) -> None:
    ada = person()
    for _ in range(LIMITS[Quota.PROJECTS][Tier.FREE] - 1):
        await client.new_project(ada)
    data, key = zip_of({"a": b"1"}), {"Idempotency-Key": "last"}

    last = await client.send("POST", IMPORT, who=ada, raw=data, headers={**ZIP, **key})
    repeated = await client.send("POST", IMPORT, who=ada, raw=data, headers={**ZIP, **key})
    next_one = await client.send("POST", IMPORT, who=ada, raw=data, headers=ZIP)

    assert (last.status, repeated.status, repeated.body) == (201, 201, last.body)
    assert (next_one.status, next_one.code) == (403, "TIER_LIMIT_EXCEEDED")
    assert next_one.json["error"]["details"]["quota"] == "projects"


async def test_imports_share_no_threads_with_writes(
    client: ProjectClient, database: Database, blobs: BlobStore, files: FileService
) -> None:
    ada, threads = person(), LongWork("tests", count=1)
    project = UUID((await client.new_project(ada))["id"])
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    held = asyncio.create_task(threads.run(lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result()))
    archives = ArchiveService(database, blobs, SystemClock(), threads)
    data = zip_of({"a": b"1"})
    importing = asyncio.create_task(archives.unpack(ada, uploaded(data), "Moon"))

    many = [WriteFile(path=f"{n}", content="x") for n in range(300)]
    await files.write(ada, project, WriteFiles(files=many))

    assert not importing.done()
    release.set()
    assert (await importing).name == "Moon"
    await held
    threads.close()


async def test_an_attachment_is_counted_before_it_is_stored_and_removed_when_it_is_refused(
    client: ProjectClient, database: Database, objects: ObjectStore
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    ids, slow = (UUID(task["project_id"]), UUID(task["id"])), SlowStore(objects)
    attachments = AttachmentService(database, cast(ObjectStore, slow), DownloadSigner("secret"), SystemClock())
    await fill_storage(database, ada, left=150_000)

    uploading = asyncio.create_task(attachments.add_file(ada, *ids, uploaded(LARGE)))
    await slow.has_begun.wait()
    with pytest.raises(TierLimitExceeded):
        await attachments.add_file(ada, *ids, uploaded(LARGE))
    await client.send("DELETE", project_path({"id": task["project_id"]}), who=ada)
    slow.may_end.set()
    with pytest.raises(Exception, match="no such"):
        await uploading

    assert await stored(database) == (0, GIB - 150_000)
    assert await database.system_rows("select id from attachment_leftovers") == []


async def test_an_upload_whose_caller_hangs_up_is_removed(
    client: ProjectClient, database: Database, objects: ObjectStore
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    slow = SlowStore(objects)
    attachments = AttachmentService(database, cast(ObjectStore, slow), DownloadSigner("secret"), SystemClock())
    uploading = asyncio.create_task(
        attachments.add_file(ada, UUID(task["project_id"]), UUID(task["id"]), uploaded(LARGE))
    )
    await slow.has_begun.wait()

    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    slow.may_end.set()
    await attachments.settle()

    assert await stored(database) == (0, 0)
    assert await database.system_rows("select id from attachment_leftovers") == []


class LateStore(SlowStore):
    """Stores also what a cancelled caller sent, as network stores do."""

    def __init__(self, objects: ObjectStore) -> None:
        super().__init__(objects)
        self.has_ended = asyncio.Event()

    async def put(self, key: str, content: bytes, *, limit: int) -> int:
        return await asyncio.shield(asyncio.create_task(self._put(key, content, limit)))

    async def _put(self, key: str, content: bytes, limit: int) -> int:
        try:
            return await super().put(key, content, limit=limit)
        finally:
            self.has_ended.set()

    async def delete(self, key: str) -> None:
        await super().delete(key)
        self.may_end.set()


async def test_an_upload_that_ends_after_its_caller_has_hung_up_leaves_no_object(
    client: ProjectClient, database: Database, objects: ObjectStore
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    late = LateStore(objects)
    attachments = AttachmentService(database, cast(ObjectStore, late), DownloadSigner("secret"), SystemClock())
    uploading = asyncio.create_task(
        attachments.add_file(ada, UUID(task["project_id"]), UUID(task["id"]), uploaded(LARGE))
    )
    await late.has_begun.wait()
    [leftover] = await database.system_rows("select id from attachment_leftovers")

    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    asyncio.get_running_loop().call_later(0.2, late.may_end.set)
    await attachments.settle()
    await late.has_ended.wait()

    assert await stored(database) == (0, 0)
    with pytest.raises(ObjectMissing):
        await objects.head(object_key(ada.tenant_id, "attachments", str(leftover["id"])))


async def test_attachments_fill_the_storage_exactly_however_many_come_at_once(
    client: ProjectClient, database: Database, objects: ObjectStore
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    attachments = AttachmentService(database, objects, DownloadSigner("secret"), SystemClock())
    await fill_storage(database, ada, left=35_000)

    answers = await asyncio.gather(
        *(
            attachments.add_file(ada, UUID(task["project_id"]), UUID(task["id"]), uploaded(LARGE[:10_000]))
            for _ in range(20)
        ),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers].count(TierLimitExceeded) == 17
    assert await stored(database) == (0, GIB - 5_000)
    assert (await client.send("GET", task_path(task), who=ada)).data["attachment_count"] == 3


async def test_a_repeat_of_the_upload_that_took_the_last_room_is_answered_as_it_was(
    client: ProjectClient, database: Database
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    await fill_storage(database, ada, left=100)
    boundary, headers = "b", {"content-type": "multipart/form-data; boundary=b", "Idempotency-Key": "last"}
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = head.encode() + b"x" * 100 + f"\r\n--{boundary}--\r\n".encode()

    first, again = [
        await client.send("POST", f"{task_path(task)}/attachments", raw=body, who=ada, headers=headers)
        for _ in range(2)
    ]

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert await stored(database) == (0, GIB)


def uploaded(content: bytes) -> Upload:
    return Upload(io.BytesIO(content), len(content), "a.bin")
