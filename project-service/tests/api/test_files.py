"""Files over HTTP: batches, reading, what is refused, and what each tells the world."""

import asyncio
import base64
import hashlib
from typing import Any

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, file_path, files_of, versions_of

from shared.ids import new_id

BINARY = bytes(range(256))
LARGE = "x" * 300_000  # goes to the object store


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def put(client: ProjectClient, who: Any, project: dict[str, Any], **body: Any) -> Any:
    return await client.send("PUT", files_of(project), body, who=who, headers=body.pop("headers", None))


async def test_a_batch_is_read_back_as_it_was_written(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    files = [
        {"path": "src/main.py", "content": "print('hé')\n"},
        {"path": "logo.bin", "content_base64": base64.b64encode(BINARY).decode()},
        {"path": "large.txt", "content": LARGE, "language": "log"},
        {"path": "empty", "content": ""},
    ]

    answer = await put(client, ada, project, files=files, message="first")

    assert (answer.status, answer.data["version"], answer.data["deleted"]) == (200, 1, [])
    assert [(f["path"], f["language"], f["version"]) for f in answer.data["files"]] == [
        ("src/main.py", "python", 1),
        ("logo.bin", None, 1),
        ("large.txt", "log", 1),
        ("empty", None, 1),
    ]
    main, logo, large, empty = answer.data["files"]
    assert (main["size"], main["sha256"]) == (len("print('hé')\n".encode()), sha256("print('hé')\n"))
    read = [(await client.send("GET", file_path(f), who=ada)).data for f in (main, logo, large, empty)]
    assert [r.get("content") for r in read] == ["print('hé')\n", None, LARGE, ""]
    assert base64.b64decode(read[1]["content_base64"]) == BINARY
    assert (await client.send("GET", file_path(large) + "/content", who=ada)).body == LARGE.encode()


async def test_a_list_has_contents_when_asked(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"b.txt": "B", "a/x.txt": "A", "a.txt": "C"})

    plain = await client.send("GET", files_of(project), who=ada)
    full = await client.send("GET", files_of(project) + "?include=Content&prefix=a/", who=ada)
    newest = await client.send("GET", files_of(project) + "?sort=-updated_at&page_size=1", who=ada)

    assert [f["path"] for f in plain.items] == ["a.txt", "a/x.txt", "b.txt"]
    assert not any("content" in f for f in plain.items)
    assert (plain.json["total"], plain.json["meta"]) == (3, {"version": 1})
    assert [(f["path"], f["content"]) for f in full.items] == [("a/x.txt", "A")]
    assert (full.json["total"], newest.json["total"]) == (1, 3)


async def test_pages_and_cursors_reach_every_file(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {f"f{number:02}": "" for number in range(25)})
    found, more = [], ""

    while more is not None:
        answer = await client.send("GET", f"{files_of(project)}?page_size=10{more}", who=ada)
        found += [f["path"] for f in answer.items]
        cursor = answer.json["next_cursor"]
        more = f"&cursor={cursor}" if cursor else None
    third = await client.send("GET", files_of(project) + "?page_size=10&page=3", who=ada)

    assert found == [f"f{number:02}" for number in range(25)]
    assert [f["path"] for f in third.items] == found[20:]


async def test_only_what_changes_makes_a_version(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"a": "1", "b": "2"})

    same = await client.write_files(ada, project, {"a": "1", "b": "2"})
    gone = await put(client, ada, project, delete=["never there"])
    mixed = await put(client, ada, project, files=[{"path": "a", "content": "1"}, {"path": "b", "content": "3"}])

    assert (same["version"], gone.data["version"], mixed.data["version"]) == (1, 1, 2)
    assert [f["version"] for f in mixed.data["files"]] == [1, 2]


async def test_one_wrong_file_refuses_the_batch_and_all_wrong_fields_are_named(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await put(
        client,
        ada,
        project,
        files=[
            {"path": "fine.txt", "content": ""},
            {"path": "../up", "content": ""},
            {"path": "Fine.txt", "content": ""},
            {"path": "fine.txt/below", "content": ""},
            {"path": "no-content"},
            {"path": "bad64", "content_base64": "*"},
        ],
        delete=["fine.txt", "/abs"],
    )

    assert (answer.status, answer.code) == (422, "INVALID_PATH")
    assert answer.wrong_fields == {
        "files.1.path": "invalid_path",
        "files.2.path": "case_clash",
        "files.3.path": "folder_clash",
        "files.4.content": "required",
        "files.5.content_base64": "invalid_format",
        "delete.0": "duplicate",
        "delete.1": "invalid_path",
    }
    assert (await client.send("GET", files_of(project), who=ada)).items == []


@pytest.mark.parametrize(
    ("path", "code"), [("readme.MD", "case_clash"), ("README.md/x", "folder_clash"), ("docs", "folder_clash")]
)
async def test_a_path_that_clashes_with_the_project_is_refused(client: ProjectClient, path: str, code: str) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"README.md": "", "docs/a": ""})

    answer = await put(client, ada, project, files=[{"path": path, "content": ""}])

    assert (answer.status, answer.code, answer.wrong_fields) == (422, "INVALID_PATH", {"files.0.path": code})


async def test_folders_are_found_whatever_stands_between(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"a!/x": "", "b/z": "", "c/x": ""})
    files = [{"path": path, "content": ""} for path in ("a", "a!", "b", "b!")]

    answer = await put(client, ada, project, files=files)

    assert answer.wrong_fields == {"files.1.path": "folder_clash", "files.2.path": "folder_clash"}


async def test_a_deletion_makes_room_in_the_same_batch(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"README.md": "", "docs/a": ""})
    files = [{"path": "readme.md", "content": ""}, {"path": "docs", "content": ""}]

    answer = await put(client, ada, project, files=files, delete=["README.md", "docs/a"])

    assert (answer.status, answer.data["version"]) == (200, 2)
    listed = (await client.send("GET", files_of(project), who=ada)).items
    assert [file["path"] for file in listed] == ["docs", "readme.md"]


async def test_a_write_from_an_old_version_is_a_conflict(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"a": "1"})
    await client.write_files(ada, project, {"a": "2"})
    files = [
        {"path": "a", "content": "3", "if_version": 1},
        {"path": "b", "content": "", "if_version": 4},
        {"path": "c", "content": "", "if_version": 0},
    ]

    answer = await put(client, ada, project, files=files)

    assert (answer.status, answer.code) == (409, "FILE_VERSION_CONFLICT")
    assert answer.json["error"]["details"]["files"] == [
        {"path": "a", "if_version": 1, "version": 2, "sha256": sha256("2")},
        {"path": "b", "if_version": 4, "version": None, "sha256": None},
    ]
    stale = await client.send("PUT", files_of(project), {"delete": ["a"]}, who=ada, headers={"If-Match": '"1"'})
    assert (stale.status, stale.json["error"]["details"]["current"]["version"]) == (412, 2)


async def test_parallel_batches_number_versions_without_holes(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"shared": "0"})

    answers = await asyncio.gather(
        *(
            put(client, ada, project, files=[{"path": "shared", "content": f"{n}", "if_version": 1}])
            for n in range(1, 9)
        ),
        *(put(client, ada, project, files=[{"path": f"own/{n}", "content": ""}]) for n in range(8)),
    )

    assert sorted(answer.status for answer in answers) == [200] * 9 + [409] * 7
    versions = (await client.send("GET", versions_of(project), who=ada)).items
    assert [version["version"] for version in versions] == list(range(10, 0, -1))


async def test_a_file_is_deleted_by_a_version_without_it(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    written = await client.write_files(ada, project, {"a": "1", "b": "2"})
    file = written["files"][0]

    stale = await client.send("DELETE", file_path(file), who=ada, headers={"If-Match": '"9"'})
    answer = await client.send("DELETE", file_path(file), who=ada)

    assert (stale.status, answer.status) == (412, 204)
    gone = await client.send("GET", file_path(file), who=ada)
    assert (gone.status, gone.code) == (404, "FILE_NOT_FOUND")
    assert (await client.send("GET", files_of(project), who=ada)).json["meta"] == {"version": 2}


async def test_downloads_are_inert_and_conditional(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    written = await client.write_files(ada, project, {"ü \u2603.html": "<script>alert(1)</script>"})
    path = file_path(written["files"][0]) + "/content"

    answer = await client.send("GET", path, who=ada)
    again = await client.send("GET", path, who=ada, headers={"If-None-Match": answer.headers["etag"]})

    assert answer.headers["etag"] == f'"{written["files"][0]["sha256"]}"'
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%BC%20%E2%98%83.html"
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("content", ["small", LARGE])
async def test_the_head_of_a_download_is_that_of_the_download(client: ProjectClient, content: str) -> None:
    ada = person()
    project = await client.new_project(ada)
    path = file_path((await client.write_files(ada, project, {"a.txt": content}))["files"][0]) + "/content"

    got = await client.send("GET", path, who=ada)
    head = await client.send("HEAD", path, who=ada)

    assert (got.body, head.body) == (content.encode(), b"")
    names = ("content-length", "content-type", "etag")
    assert [head.headers[name] for name in names] == [got.headers[name] for name in names]


async def test_each_change_is_told_without_contents(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"a": "secret words", "b": "2"})
    await put(client, ada, project, files=[{"path": "b", "content": "3"}], delete=["a"])

    events = await client.events(ada, f"files:{project['id']}")

    assert [event.type.removeprefix("project.") for event in events] == [
        "file.added",
        "file.added",
        "version.added",
        "file.updated",
        "file.deleted",
        "version.added",
    ]
    data = [msgspec.json.decode(event.data) for event in events]
    assert data[3]["changed_fields"] == ["sha256"]
    assert data[4]["payload"]["path"] == "a"
    assert (data[5]["payload"]["file_count"], data[5]["payload"]["total_size"]) == (1, 1)
    assert not any(b"secret" in bytes(event.data) for event in events)


async def test_a_large_batch_is_told_in_one_event(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    await client.write_files(ada, project, {f"f{number}": "" for number in range(51)})

    events = await client.events(ada, f"files:{project['id']}")
    assert [event.type for event in events] == ["project.files.changed", "project.version.added"]


async def test_aliases_are_the_same_files(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    alias = f"/api/v1/project-files/{project['id']}"

    written = await client.send("PUT", alias, {"files": [{"path": "a", "content": "1"}]}, who=ada)

    file = written.data["files"][0]
    assert (await client.send("GET", f"{alias}/{file['id']}", who=ada)).data["content"] == "1"
    listed = [await client.send("GET", path, who=ada) for path in (alias, files_of(project))]
    assert listed[0].body == listed[1].body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"files": [{"path": "a", "content": "\\u0000"}]}', 422),
        (b'{"files": [{"path": "a", "content": "\\ud800"}]}', 400),
        (b'{"files": [{"path": "a\\ud800", "content": ""}]}', 400),
        (b'{"files": [{"path": "a", "content": "", "if_version": 1e999}]}', 400),
        (b'{"files": [{"path": "a", "content": "", "id": "1"}]}', 422),
        (b'{"files": {}}', 422),
        (b"[]", 422),
    ],
)
async def test_strange_bodies_are_refused(client: ProjectClient, body: bytes, status: int) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("PUT", files_of(project), who=ada, raw=body)

    assert answer.status == status, answer


async def test_a_project_that_is_not_there_has_no_files(client: ProjectClient) -> None:
    answer = await client.send("PUT", files_of({"id": new_id()}), {"delete": ["a"]}, who=person())

    assert (answer.status, answer.code) == (404, "PROJECT_NOT_FOUND")
