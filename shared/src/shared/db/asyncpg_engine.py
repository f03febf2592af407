"""Tortoise's asyncpg engine made safe: a cancelled task never keeps a connection, waiting for one has an end.

Tortoise finds the engine by this module's name (it must contain `asyncpg`) and by `client_class`.
Nothing is reset when a connection goes back to the pool: everything we set is local to a transaction.
Session state (`SET`, `LISTEN`, session advisory locks, temporary tables) must therefore never be used on it, except
through `dedicated`.

JSON: `jsonb` values come back decoded and are passed as JSON text (`$1::jsonb`); `json` is text both ways.
UUIDs come back as asyncpg's subclass of `uuid.UUID`, which msgspec encodes as any other.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy as Connection
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError

from shared.db.failures import (
    DRIVER_ERRORS,
    DatabaseUnavailable,
    FailureKind,
    classify,
    raise_as_fact,
)

ROLLBACK_SECONDS = 1.0
"""A rollback that takes longer means a sick connection: it is cut, a fresh one costs 10 ms."""


class StatelessConnection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        return ""


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Run once for every new connection."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_as_given, decoder=msgspec.json.decode, format="text"
    )


def _as_given(json_text: str) -> str:
    return json_text


class PooledClient(AsyncpgDBClient):
    """One pool of one role. `on_wait` is told how many seconds each taker waited for a connection."""

    connection_class = StatelessConnection

    def __init__(self, *args: Any, acquire_timeout: float = 2.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acquire_timeout = acquire_timeout
        self.waiting = 0
        self.on_wait: Callable[[float], None] = lambda seconds: None
        self._cleanups: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        try:
            await self.create_connection(with_db=True)
        except DRIVER_ERRORS as error:
            raise_as_fact(error)

    @property
    def pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise DatabaseUnavailable
        return self._pool

    async def acquire(self) -> Connection:
        started = time.monotonic()
        self.waiting += 1
        try:
            # Not `acquire(timeout=...)`: that starts a task of its own, the place where connections got lost.
            async with asyncio.timeout(self.acquire_timeout):
                return await self.pool.acquire()
        except DRIVER_ERRORS as error:
            raise_as_fact(error)
        finally:
            self.waiting -= 1
            self.on_wait(time.monotonic() - started)

    async def release(self, connection: Connection) -> None:
        await self.pool.release(connection)

    async def begin(self, prelude: str = "BEGIN") -> "OpenTransaction":
        """`prelude` is one or more statements, the first of them BEGIN, sent in one round trip."""
        try:
            return await self._begin(prelude)
        except DRIVER_ERRORS as error:
            if classify(error).kind is not FailureKind.CONNECTION:
                raise_as_fact(error)
        # The server closed this connection while it was idle. Nothing was done yet: a fresh one is safe.
        try:
            return await self._begin(prelude)
        except DRIVER_ERRORS as error:
            raise_as_fact(error)

    async def _begin(self, prelude: str) -> "OpenTransaction":
        connection = await self.acquire()
        try:
            await connection.execute(prelude)
        except BaseException:
            await self.abandon(connection)
            raise
        return OpenTransaction(self, connection)

    async def abandon(self, connection: Connection) -> None:
        """Rolls back and gives back, to the end, even when the caller is cancelled meanwhile."""
        cleanup = asyncio.ensure_future(self._roll_back_and_release(connection))
        self._cleanups.add(cleanup)
        cleanup.add_done_callback(self._cleanups.discard)
        await asyncio.shield(cleanup)

    async def _roll_back_and_release(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(ROLLBACK_SECONDS):
                await connection.execute("ROLLBACK")
        except DRIVER_ERRORS:
            with contextlib.suppress(asyncpg.InterfaceError):  # already cut: the proxy is empty
                connection.terminate()
        finally:
            with contextlib.suppress(asyncpg.InterfaceError):  # the pool is closed: nobody waits for it
                await self.pool.release(connection)

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """One statement in its own transaction, without a tenant."""
        connection = await self.acquire()
        try:
            records: list[asyncpg.Record] = await connection.fetch(sql, *args)
            return records
        except DRIVER_ERRORS as error:
            raise_as_fact(error)
        finally:
            await self.release(connection)

    @contextlib.asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Connection]:
        """A connection that is cut at the end instead of being used again: session state ends with it."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            with contextlib.suppress(asyncpg.InterfaceError):  # already cut: the proxy is empty
                connection.terminate()
            with contextlib.suppress(asyncpg.InterfaceError):  # the pool is closed: nobody waits for it
                await self.pool.release(connection)

    @contextlib.asynccontextmanager
    async def acquire_connection(self) -> AsyncIterator[Connection]:  # type: ignore[override]
        connection = await self.acquire()
        try:
            yield connection
        finally:
            await self.release(connection)

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(self)

    async def _translate_exceptions(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await translated(super()._translate_exceptions(func, *args, **kwargs))


class OpenTransaction(TransactionWrapper):
    """A begun transaction on one connection, usable as `using_db` of Tortoise models."""

    def __init__(self, client: PooledClient, connection: Connection, *, alias: str | None = None) -> None:
        super().__init__(client)
        self._connection = connection
        self._client = client
        self._savepoints = 0
        self.connection_name = alias or client.connection_name

    @property
    def session(self) -> Connection:
        return self._connection

    async def commit(self) -> None:
        """COMMIT of a failed transaction is answered with ROLLBACK and no error: that must not pass as success."""
        try:
            status = await self._connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            raise_as_fact(error)
        if status != "COMMIT":
            raise RuntimeError("a statement of this transaction failed and its error was swallowed")
        self._finalized = True

    async def rollback(self) -> None:
        self._finalized = True
        await self._client.abandon(self._connection)

    async def release(self) -> None:
        await self._client.release(self._connection)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Savepoint(self))

    async def _translate_exceptions(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await translated(super()._translate_exceptions(func, *args, **kwargs))


class Savepoint(OpenTransaction):
    """What Tortoise's `get_or_create` opens inside a transaction that it did not begin."""

    def __init__(self, parent: OpenTransaction) -> None:
        super().__init__(parent._client, parent._connection, alias=parent.connection_name)
        parent._savepoints += 1
        self._name = f"{getattr(parent, '_name', 'level')}_{parent._savepoints}"

    async def savepoint(self) -> None:
        await self._connection.execute(f"SAVEPOINT {self._name}")

    async def release_savepoint(self) -> None:
        self._finalized = True
        await self._connection.execute(f"RELEASE SAVEPOINT {self._name}")

    async def savepoint_rollback(self) -> None:
        self._finalized = True
        await self._connection.execute(f"ROLLBACK TO SAVEPOINT {self._name}")


class PooledTransaction(TransactionContext):
    """Tortoise's own `in_transaction()`, outside a unit of work."""

    client: OpenTransaction

    def __init__(self, client: PooledClient) -> None:
        self._pooled = client

    async def __aenter__(self) -> OpenTransaction:
        self.client = await self._pooled.begin()
        self._token = get_connections().set(self.client.connection_name, self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        get_connections().reset(self._token)
        if exc_type is not None:
            await self.client.rollback()
            return
        try:
            await self.client.commit()
        except BaseException:
            await self.client.rollback()
            raise
        await self.client.release()


async def translated(call: Any) -> Any:
    try:
        return await call
    except (IntegrityError, *DRIVER_ERRORS) as error:
        raise_as_fact(error)


client_class = PooledClient
