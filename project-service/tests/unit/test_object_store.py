"""The object store, on a folder and in memory alike; and how it fails."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from project_service.object_store import (
    ObjectMissing,
    ObjectStore,
    ObjectStoreUnavailable,
    object_key,
    open_object_store,
)
from shared.errors import BadRequest, TooLarge
from shared.settings import SettingsError

TENANT = UUID(int=7)
KEY = object_key(TENANT, "files", "a" * 64)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    url = {"file": (tmp_path / "a folder").as_uri(), "memory": "memory://"}[request.param]
    return open_object_store(url, "unused")


async def in_parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def read(store: ObjectStore, key: str) -> bytes:
    return b"".join([part async for part in await store.open(key)])


async def test_what_was_put_is_read_back(store: ObjectStore) -> None:
    assert await store.put(KEY, b"abc", limit=3) == 3
    assert (await read(store, KEY), await store.read(KEY), await store.head(KEY)) == (b"abc", b"abc", 3)

    assert await store.put(KEY, in_parts(b"x" * 6_000_000, b"", b"y"), limit=10_000_000) == 6_000_001
    assert await read(store, KEY) == b"x" * 6_000_000 + b"y"


async def test_more_than_the_limit_is_refused_and_leaves_nothing(store: ObjectStore) -> None:
    with pytest.raises(TooLarge):
        await store.put(KEY, b"abcd", limit=3)
    with pytest.raises(TooLarge):
        await store.put(KEY, in_parts(b"ab", b"cd"), limit=3)

    with pytest.raises(ObjectMissing):
        await store.head(KEY)


async def test_a_source_that_fails_leaves_nothing_and_says_why(store: ObjectStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        raise BadRequest

    with pytest.raises(BadRequest):
        await store.put(KEY, broken(), limit=10_000_000)

    with pytest.raises(ObjectMissing):
        await store.open(KEY)


async def test_deleting_what_is_not_there_is_fine(store: ObjectStore) -> None:
    await store.put(KEY, b"abc", limit=3)

    await store.delete(KEY)
    await store.delete(KEY)

    with pytest.raises(ObjectMissing):
        await store.read(KEY)


async def test_a_store_that_is_away_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    store = open_object_store("s3://bucket/prefix", "unused")

    with pytest.raises(ObjectStoreUnavailable):
        await store.put(KEY, b"abc", limit=3)


def test_without_an_address_objects_are_kept_at_home(tmp_path: Path) -> None:
    open_object_store(None, str(tmp_path))

    assert (tmp_path / "objects").is_dir()


def test_an_address_of_no_known_kind_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="OBJECT_STORE_URL"):
        open_object_store("ftp://host", "unused")
