"""Versions over HTTP: what changed, comparing, going back."""

from typing import Any

import pytest
from project_builders import person
from project_client import ProjectClient, files_of, versions_of

from shared.principal import Principal


async def history(client: ProjectClient, who: Principal) -> dict[str, Any]:
    """A project: 1 adds a and b, 2 changes a and adds c, 3 deletes b."""
    project = await client.new_project(who)
    await client.write_files(who, project, {"a": "1\n", "b": "b\n"})
    await client.write_files(who, project, {"a": "2\n", "c": "c\n"})
    await client.send("PUT", files_of(project), {"delete": ["b"], "message": "without b"}, who=who)
    return project


async def contents(client: ProjectClient, who: Principal, project: dict[str, Any]) -> dict[str, str]:
    listed = await client.send("GET", files_of(project) + "?include=content", who=who)
    return {file["path"]: file["content"] for file in listed.items}


async def test_versions_are_listed_newest_first(client: ProjectClient) -> None:
    ada = person()
    project = await history(client, ada)

    answer = await client.send("GET", versions_of(project) + "?page_size=2", who=ada)
    rest = await client.send("GET", f"{versions_of(project)}?page_size=2&cursor={answer.json['next_cursor']}", who=ada)

    assert (answer.json["total"], [v["version"] for v in answer.items + rest.items]) == (3, [3, 2, 1])
    newest = answer.items[0]
    assert (newest["kind"], newest["message"], newest["author_id"]) == ("write", "without b", str(ada.user_id))
    assert [newest[name] for name in ("added", "updated", "deleted", "file_count", "total_size")] == [0, 0, 1, 2, 4]


async def test_a_version_says_what_it_changed_and_what_there_was(client: ProjectClient) -> None:
    ada = person()
    project = await history(client, ada)

    answer = await client.send("GET", versions_of(project) + "/2?include=files", who=ada)

    assert answer.headers["etag"].startswith('"2-')
    assert [(change["path"], change["op"]) for change in answer.data["changes"]] == [("a", "updated"), ("c", "added")]
    assert [file["path"] for file in answer.data["files"]] == ["a", "b", "c"]


@pytest.mark.parametrize("number", ["0", "4", "-1", "x", "9999999999", "1.0", "٣"])
async def test_a_version_that_is_not_there_is_not_found(client: ProjectClient, number: str) -> None:
    ada = person()
    project = await history(client, ada)

    answer = await client.send("GET", f"{versions_of(project)}/{number}", who=ada)

    assert (answer.status, answer.code) == (404, "VERSION_NOT_FOUND")


async def test_two_versions_are_compared(client: ProjectClient) -> None:
    ada = person()
    project = await history(client, ada)

    last = (await client.send("GET", versions_of(project) + "/3/diff", who=ada)).data
    all_of_it = (await client.send("GET", versions_of(project) + "/3/diff?against=0", who=ada)).data
    back = (await client.send("GET", versions_of(project) + "/1/diff?against=3", who=ada)).data

    assert (last["from"], last["to"]) == (2, 3)
    assert last["files"] == [
        {"path": "b", "op": "deleted", "patch": "--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n", "omitted": None}
    ]
    assert [(file["path"], file["op"]) for file in all_of_it["files"]] == [("a", "added"), ("c", "added")]
    assert [(file["path"], file["op"]) for file in back["files"]] == [
        ("a", "updated"),
        ("b", "added"),
        ("c", "deleted"),
    ]
    assert back["files"][0]["patch"] == "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-2\n+1\n"


async def test_contents_that_are_no_text_or_too_much_have_no_patch(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    files = [{"path": "binary", "content_base64": "AAEC"}, {"path": "large", "content": "x\n" * 300_000}]
    await client.send("PUT", files_of(project), {"files": files}, who=ada)

    answer = await client.send("GET", versions_of(project) + "/1/diff", who=ada)

    omitted = [(file["path"], file["patch"], file["omitted"]) for file in answer.data["files"]]
    assert omitted == [("binary", None, "binary"), ("large", None, "too_large")]


async def test_going_back_makes_a_new_version(client: ProjectClient) -> None:
    ada = person()
    project = await history(client, ada)
    path = versions_of(project) + "/1/restore"

    stale = await client.send("POST", path, who=ada, headers={"If-Match": '"2"'})
    answer = await client.send("POST", path, who=ada, headers={"If-Match": '"3"', "Idempotency-Key": "back"})
    replayed = await client.send("POST", path, who=ada, headers={"If-Match": '"3"', "Idempotency-Key": "back"})
    again = await client.send("POST", path, who=ada)

    assert (stale.status, stale.json["error"]["details"]["current"]["version"]) == (412, 3)
    assert (answer.status, answer.data["version"], answer.data["kind"]) == (200, 4, "restore")
    assert [answer.data[name] for name in ("added", "updated", "deleted")] == [1, 1, 1]
    assert replayed.body == answer.body
    assert again.data["version"] == 4
    assert await contents(client, ada, project) == {"a": "1\n", "b": "b\n"}
