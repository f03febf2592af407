"""Histories of files are shortened by tier, words that are gone are forgotten, and nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from project_builders import person
from project_client import ProjectClient, files_of, versions_of

from project_service.blobs import service as blobs
from project_service.search import words
from project_service.search.words import GoneWords
from project_service.versions import history
from project_service.versions.history import Histories
from shared.principal import Principal
from shared.retention import DeletePortion

DAYS_AGO = "now() - $2::int * interval '1 day'"
AGES = {1: 120, 2: 110, 3: 100, 4: 1}
"""Days since each version of `old_project`."""


async def test_a_history_begins_with_the_newest_version_that_is_too_old(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_AT_ONCE", 1)
    ada = person()
    project = await old_project(client, ada, "free")

    await delete_all(client, Histories().delete)

    listed = await client.send("GET", versions_of(project), who=ada)
    first = (await client.send("GET", versions_of(project) + "/3?include=files", who=ada)).data
    assert (listed.json["total"], [each["version"] for each in listed.items]) == (2, [4, 3])
    assert [(change["path"], change["op"]) for change in first["changes"]] == [("a", "added"), ("c", "added")]
    assert [first[name] for name in ("added", "updated", "deleted", "file_count")] == [2, 0, 0, 2]
    assert [file["path"] for file in first["files"]] == ["a", "c"]
    for path in ("/2", "/1", "/4/diff?against=2"):
        assert (await client.send("GET", versions_of(project) + path, who=ada)).code == "VERSION_NOT_FOUND"
    assert (await client.send("POST", versions_of(project) + "/2/restore", who=ada)).code == "VERSION_NOT_FOUND"


async def test_what_is_kept_is_compared_and_restored_as_before(client: ProjectClient) -> None:
    ada = person()
    project = await old_project(client, ada, "free")
    before = [
        (await client.send("GET", versions_of(project) + f"/4/diff?against={old}", who=ada)).data for old in (3, 0)
    ]

    await delete_all(client, Histories().delete)

    after = [
        (await client.send("GET", versions_of(project) + f"/4/diff?against={old}", who=ada)).data for old in (3, 0)
    ]
    first = (await client.send("GET", versions_of(project) + "/3/diff", who=ada)).data
    assert after == before
    assert (first["from"], [(file["path"], file["op"]) for file in first["files"]]) == (
        0,
        [("a", "added"), ("c", "added")],
    )
    restored = await client.send("POST", versions_of(project) + "/3/restore", who=ada)
    assert restored.data["version"] == 5
    assert await contents(client, ada, project) == {"a": "2\n", "c": "c\n"}


async def test_contents_that_only_former_versions_had_are_deleted(client: ProjectClient) -> None:
    ada = person()
    await old_project(client, ada, "free")
    await delete_all(client, Histories().delete)
    async with client.database.system_work() as work:
        await work.execute("update blobs set touched_at = touched_at - interval '2 days'")
        left = await work.rows(
            "select content from blobs b where exists (select from file_changes c where c.sha256 = b.sha256) order by 1"
        )

    assert [row["content"] for row in left] == [b"2\n", b"c\n", b"d\n"]
    assert timedelta(days=1) == blobs.SAFE_FOR


@pytest.mark.parametrize(
    ("tier", "days_of_tier", "first"),
    [("free", 31, 3), ("free", 29, 1), ("pro", 31, 1), ("premium", 31, 1), (None, 31, 1), ("unknown", 31, 1)],
)
async def test_how_far_a_history_goes_back_depends_on_the_tier(
    client: ProjectClient, tier: str | None, days_of_tier: int, first: int
) -> None:
    ada = person()
    project = await old_project(client, ada, tier, days_of_tier)

    await delete_all(client, Histories().delete)

    assert (await client.send("GET", versions_of(project), who=ada)).items[-1]["version"] == first


async def test_a_history_that_is_shortened_again_begins_later(client: ProjectClient) -> None:
    ada = person()
    project = await old_project(client, ada, "free")
    await delete_all(client, Histories().delete)

    await delete_all(client, Histories().delete, now=datetime.now(UTC) + timedelta(days=90))
    deleted = await delete_all(client, Histories().delete, now=datetime.now(UTC) + timedelta(days=90))

    assert [each["version"] for each in (await client.send("GET", versions_of(project), who=ada)).items] == [4]
    assert deleted == 0
    assert await contents(client, ada, project) == {"a": "2\n", "c": "c\n", "d": "d\n"}


async def test_the_tier_of_the_last_write_counts(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {"a": "1\n"})

    [row] = await client.database.system_rows(
        "select tier, tier_since > now() - interval '1 minute' as now from file_trees"
    )

    assert row == {"tier": ada.tier.value, "now": True}


async def test_near_spellings_of_words_that_are_gone_are_forgotten(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "LOOKED_AT", 1)
    ada = person()
    project = await client.new_project(ada, name="Aardvark elephants")
    await client.new_project(ada, name="Elephants badger")
    await client.send("PATCH", f"/api/v1/projects/{project['id']}", {"name": "Elephants"}, who=ada)

    deleted = await delete_all(client, GoneWords().delete)

    left = {row["word"] for row in await client.database.system_rows("select word from search_spellings")}
    assert left == {"elephants", "badger"}
    assert deleted == 8  # the word, and what is left of it without one of its letters: A twice the same


async def old_project(
    client: ProjectClient, who: Principal, tier: str | None, days_of_tier: int = 31
) -> dict[str, Any]:
    """1 adds a and b, 2 changes a and adds c, 3 deletes b, 4 adds d."""
    project = await client.new_project(who)
    await client.write_files(who, project, {"a": "1\n", "b": "b\n"})
    await client.write_files(who, project, {"a": "2\n", "c": "c\n"})
    await client.send("PUT", files_of(project), {"delete": ["b"]}, who=who)
    await client.write_files(who, project, {"d": "d\n"})
    async with client.database.system_work() as work:
        for version, age in AGES.items():
            await work.execute(
                "update versions set created_at = now() - $2::int * interval '1 day' where version = $1", version, age
            )
        await work.execute(
            "update file_trees set tier = $1, tier_since = now() - $2::int * interval '1 day'", tier, days_of_tier
        )
    return project


async def difference(client: ProjectClient, who: Principal, project: dict[str, Any], old: int) -> Any:
    return (await client.send("GET", versions_of(project) + f"/4/diff?against={old}", who=who)).data


async def contents(client: ProjectClient, who: Principal, project: dict[str, Any]) -> dict[str, str]:
    listed = await client.send("GET", files_of(project) + "?include=content", who=who)
    return {file["path"]: file["content"] for file in listed.items}


async def delete_all(client: ProjectClient, delete: DeletePortion, now: datetime | None = None) -> int:
    deleted, is_last = 0, False
    while not is_last:
        async with client.database.system_work() as work:
            portion = await delete(work, now or datetime.now(UTC))
        deleted, is_last = deleted + portion.deleted, portion.is_last
    return deleted
