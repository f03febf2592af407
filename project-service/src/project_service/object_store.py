"""Where bytes too large for the database live: a folder of this machine, an S3 bucket, or memory in tests.

Keys begin with the tenant (`object_key`). What is stored under a key appears whole or not at all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from shared.errors import TooLarge, Unavailable
from shared.settings import SettingsError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CALL_SECONDS = 30.0  # for a whole small object, or for the next part of a large one
PART_BYTES = 64 * 1024
UPLOADS_AT_ONCE = 2  # parts of one object, of 5 MiB each: what a large upload holds in memory
_CLIENT: "ClientConfig" = {"connect_timeout": "3s", "timeout": "20s", "allow_http": True}  # inside a cluster
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}


class ObjectStoreUnavailable(Unavailable):
    """The store did not answer, or refused. Whether a write in progress took place is unknown; repeating it is safe."""


class ObjectMissing(LookupError):
    """There is nothing under this key."""


class ObjectStore:
    """All calls raise ObjectStoreUnavailable when the store fails or is silent for CALL_SECONDS."""

    def __init__(self, store: LocalStore | MemoryStore | S3Store) -> None:
        self._store = store

    async def put(self, key: str, content: bytes | AsyncIterator[bytes], *, limit: int) -> int:
        """Stores `content` over whatever was there; its size in bytes. Raises TooLarge beyond `limit`.

        A stream that fails leaves nothing behind and its error, unless it is an OSError, passes through. It sets its
        own pace: a caller whose source may stall bounds the wait itself.
        """
        counted = _Counted(content, limit)
        async with _failures_as_facts(CALL_SECONDS if isinstance(content, bytes) else None):
            await obstore.put_async(self._store, key, counted.parts(), max_concurrency=UPLOADS_AT_ONCE)
        return counted.size

    async def read(self, key: str) -> bytes:
        """All of a small object. Raises ObjectMissing."""
        async with _failures_as_facts(CALL_SECONDS):
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The object in parts, as fast as they are taken. Raises ObjectMissing before the first part."""
        async with _failures_as_facts(CALL_SECONDS):
            found = await obstore.get_async(self._store, key)
        return _parts_of(found.stream(min_chunk_size=PART_BYTES))

    async def head(self, key: str) -> int:
        """The size in bytes. Raises ObjectMissing."""
        async with _failures_as_facts(CALL_SECONDS):
            return (await obstore.head_async(self._store, key))["size"]

    async def keys_below(self, prefix: str, limit: int) -> list[str]:
        """Some of the keys that begin with `prefix` and a slash, at most about `limit`; none when there are none."""
        async with _failures_as_facts(CALL_SECONDS):
            async for objects in obstore.list(self._store, prefix, chunk_size=limit):
                return [found["path"] for found in objects]
        return []

    async def delete(self, key: str) -> None:
        """Also where there is nothing."""
        try:
            async with _failures_as_facts(CALL_SECONDS):
                await obstore.delete_async(self._store, key)
        except ObjectMissing:
            return


class _Counted:
    """What is on its way into the store, counted as it goes."""

    def __init__(self, content: bytes | AsyncIterator[bytes], limit: int) -> None:
        self._content = content
        self._limit = limit
        self.size = 0

    def parts(self) -> bytes | AsyncIterator[bytes]:
        if isinstance(self._content, bytes):
            self._count(self._content)
            return self._content
        return self._stream(self._content)

    async def _stream(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for part in content:
            self._count(part)
            yield part

    def _count(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > self._limit:
            raise TooLarge


def tenant_prefix(tenant_id: UUID) -> str:
    """What all keys of a tenant begin with."""
    return str(tenant_id)


def object_key(tenant_id: UUID, kind: str, name: str) -> str:
    """`name` is ours (an id, a checksum), never what a client made up."""
    return f"{tenant_prefix(tenant_id)}/{kind}/{name}"


def open_object_store(url: str | None, home: str) -> ObjectStore:
    """`s3://bucket/prefix` (credentials, region and endpoint in AWS_* variables), `file:///folder` or `memory://`.

    None is the folder `objects` of `home`. Raises SettingsError for any other address.
    """
    address = urlsplit(url or (Path(home).resolve() / "objects").as_uri())
    match address.scheme:
        case "s3":
            prefix = address.path.strip("/") or None
            return ObjectStore(S3Store(address.netloc, prefix=prefix, client_options=_CLIENT, retry_config=_RETRIES))
        case "file":
            return ObjectStore(LocalStore(Path(unquote(address.path)), mkdir=True))
        case "memory":
            return ObjectStore(MemoryStore())
        case _:
            raise SettingsError("unreadable settings: OBJECT_STORE_URL (use s3://, file:// or memory://)")


async def _parts_of(stream: Any) -> AsyncIterator[bytes]:
    while True:
        async with _failures_as_facts(CALL_SECONDS):
            try:
                part = await anext(stream)
            except StopAsyncIteration:
                return
        yield bytes(part)


@asynccontextmanager
async def _failures_as_facts(seconds: float | None) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except (BaseError, OSError, TimeoutError) as error:
        raise ObjectStoreUnavailable from error
