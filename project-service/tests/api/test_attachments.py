"""Attachments over HTTP: streamed in, described by what they are, and inert on their way out."""

import io
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, task_path

from project_service.attachments.domain import MAX_FILE_BYTES, DownloadSigner
from project_service.attachments.errors import DownloadExpired
from project_service.attachments.service import AttachmentService
from project_service.object_store import ObjectMissing, object_key, open_object_store
from project_service.uploads import Upload
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.errors import TooLarge
from shared.principal import Principal, Role
from shared.testing.service_client import Answer

BOUNDARY = "b0undary"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100)


def form(content: bytes, name: str = "a.png", field: str = "file") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return f"{head}Content-Type: image/fake\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


async def attach(
    client: ProjectClient, who: Principal, task: dict[str, Any], body: bytes, headers: dict[str, str] | None = None
) -> Answer:
    path = f"{task_path(task)}/attachments"
    return await client.send("POST", path, raw=io.BytesIO(body), who=who, headers={**MULTIPART, **(headers or {})})


async def fetched(client: ProjectClient, who: Principal, file: dict[str, Any]) -> Answer:
    """As a client without the caller's credentials follows the redirect."""
    granted = await client.send("GET", f"{path_of(file)}/download", who=who)
    assert (granted.status, granted.headers["location"]) == (302, granted.data["url"])
    return await client.send("GET", granted.headers["location"], who=None)


def path_of(file: dict[str, Any]) -> str:
    return f"/api/v1/projects/{file['project_id']}/tasks/{file['task_id']}/attachments/{file['id']}"


@pytest.mark.parametrize(
    ("content", "name", "kept", "media_type"),
    [
        (PNG, "../../etc/ünï.png", "ünï.png", "image/png"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a.png", "a.png", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", "a.svg", "image/svg+xml"),
        (b"hello world", "notes", "notes", "text/plain"),
        (b"", "..", "..", "application/octet-stream"),
        (bytes(range(256)) * 1000, "C:\\x\\y.bin", "y.bin", "application/octet-stream"),
    ],
)
async def test_a_file_comes_back_as_it_was_and_does_nothing(
    client: ProjectClient, content: bytes, name: str, kept: str, media_type: str
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    answer = await attach(client, ada, task, form(content, name))
    served = await fetched(client, ada, answer.data)

    assert answer.status == 201
    assert (answer.data["name"], answer.data["size"], answer.data["media_type"]) == (kept, len(content), media_type)
    assert (served.status, served.body) == (200, content)
    assert served.headers["content-type"].split(";")[0] == media_type
    assert served.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert served.headers["x-content-type-options"] == "nosniff"


async def test_what_is_attached_is_counted_and_told(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    path = f"{task_path(task)}/attachments"

    link = await client.create(path, {"url": "https://example.org/x?y#z"}, who=ada)
    file = (await attach(client, ada, task, form(PNG))).data
    listed = (await client.send("GET", f"{path}?sort=-created_at", who=ada)).json
    removed = await client.send("DELETE", f"{path}/{link['id']}", who=ada)
    again = await client.send("DELETE", f"{path}/{link['id']}", who=ada)

    assert (link["kind"], link["name"], link["size"]) == ("link", "https://example.org/x?y#z", None)
    assert (listed["items"], listed["total"]) == ([file, link], 2)
    assert (removed.status, again.status, again.code) == (204, 404, "ATTACHMENT_NOT_FOUND")
    after = (await client.send("GET", task_path(task), who=ada)).data
    assert (after["attachment_count"], after["version"]) == (1, 4)
    told = [msgspec.json.decode(event.data) for event in await client.events(ada, f"tasks:{task['project_id']}")]
    assert [event["changed_fields"] for event in told] == [[], *[["attachment_count"]] * 3]
    assert told[-1]["payload"] == after


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a/b", "//a/b", "https://", "http://a b", "http://[", ""])
async def test_only_addresses_of_the_web_are_links(client: ProjectClient, url: str) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    answer = await client.send("POST", f"{task_path(task)}/attachments", {"url": url}, who=ada)

    assert (answer.status, set(answer.wrong_fields)) == (422, {"url"})


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (form(PNG)[:-20], {}, 400),
        (b"nothing of the kind", {}, 400),
        (form(PNG), {"content-type": "multipart/form-data"}, 400),
        (form(PNG, field="avatar"), {}, 422),
        (f"--{BOUNDARY}--\r\n".encode(), {}, 422),
        (f"--{BOUNDARY}\r\n{'X-A: b' * 2000}\r\n\r\n".encode(), {}, 400),
        (form(bytes(MAX_FILE_BYTES + 1)), {}, 413),
        (b"x" * 100_000, {"content-type": "application/json"}, 400),
        (b"{}", {"content-type": "text/plain"}, 415),
    ],
)
async def test_a_form_that_is_wrong_leaves_nothing(
    client: ProjectClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    answer = await attach(client, ada, task, body, headers)

    assert answer.status == status
    assert (await client.send("GET", f"{task_path(task)}/attachments", who=ada)).items == []
    assert (await client.send("GET", task_path(task), who=ada)).data == task


async def test_a_repeated_upload_is_answered_as_the_first(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    first, again = [await attach(client, ada, task, form(PNG), {"Idempotency-Key": "once"}) for _ in range(2)]

    assert (first.status, first.body, again.headers["idempotent-replayed"]) == (201, again.body, "true")
    assert (await client.send("GET", task_path(task), who=ada)).data["attachment_count"] == 1


async def test_an_address_serves_its_file_only_and_not_for_long(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    file = (await attach(client, ada, task, form(PNG))).data
    url = (await client.send("GET", f"{path_of(file)}/download", who=ada)).data["url"]

    for token in ("x", "A" * 96, url.rsplit("/", 1)[1][:-4] + "AAAA", "é"):
        answer = await client.send("GET", f"/api/v1/attachments/{token}", who=None)
        assert (answer.status, answer.code) == (404, "ATTACHMENT_NOT_FOUND")
    assert (await client.send("GET", url, who=None)).status == 200
    await client.send("DELETE", path_of(file), who=ada)
    assert (await client.send("GET", url, who=None)).status == 404


class MovableClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


def uploaded(content: bytes) -> Upload:
    return Upload(io.BytesIO(content), len(content), "a.png")


async def test_an_address_expires_and_what_is_left_behind_is_swept(client: ProjectClient, database: Database) -> None:
    ada, clock, objects = person(), MovableClock(), open_object_store("memory://", "")
    attachments = AttachmentService(database, objects, DownloadSigner("secret"), clock)
    task = await client.new_task(ada, await client.new_project(ada))
    ids = UUID(task["project_id"]), UUID(task["id"])
    file = await attachments.add_file(ada, *ids, uploaded(PNG))
    key = object_key(ada.tenant_id, "attachments", str(file.id))
    token = (await attachments.grant(ada, *ids, file.id)).token

    clock.ahead = timedelta(minutes=5)
    with pytest.raises(DownloadExpired):
        await attachments.open(token)
    clock.ahead = timedelta(hours=2)
    assert (await attachments.sweep(), await objects.head(key)) == (0, len(PNG))
    await client.send("DELETE", task_path(task), who=ada)
    assert (await attachments.sweep(), await attachments.sweep()) == (1, 0)

    with pytest.raises(ObjectMissing):
        await objects.head(key)
    assert await database.system_rows("select used from storage_use") == [{"used": 0}]


async def test_an_upload_that_does_not_fit_leaves_nothing(client: ProjectClient, database: Database) -> None:
    ada, clock, objects = person(), MovableClock(), open_object_store("memory://", "")
    attachments = AttachmentService(database, objects, DownloadSigner("secret"), clock)
    task = await client.new_task(ada, await client.new_project(ada))

    with pytest.raises(TooLarge):
        await attachments.add_file(ada, UUID(task["project_id"]), UUID(task["id"]), uploaded(bytes(MAX_FILE_BYTES + 1)))
    clock.ahead = timedelta(hours=2)

    assert await attachments.sweep() == 0
    assert await database.system_rows("select used from storage_use") == [{"used": 0}]


async def test_readers_download_and_attach_nothing(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.VIEWER)
    task = await client.new_task(ada, await client.new_project(ada, visibility="tenant"))
    file = (await attach(client, ada, task, form(PNG))).data

    assert (await fetched(client, ben, file)).body == PNG
    assert (await attach(client, ben, task, form(PNG))).status == 403
