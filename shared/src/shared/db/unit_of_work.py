"""One use case, one transaction: rows, topic offsets, events and the stored answer become true together or not."""

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import ConnectionToken, get_connections

from shared.db import idempotency_keys
from shared.db.asyncpg_engine import OpenTransaction, PooledClient
from shared.db.failures import DRIVER_ERRORS, raise_as_fact
from shared.events.changes import Change
from shared.events.envelope import Event
from shared.idempotency import IdempotencyScope, current_scope
from shared.messaging.outbox import PendingEvent, store_events
from shared.messaging.redaction import SUBJECT, Redactions
from shared.telemetry.logs import get_logger

T = TypeVar("T")

_NO_ANSWER = object()
_task_in_work: ContextVar["asyncio.Task[Any] | None"] = ContextVar("task_in_work", default=None)


class NestedWork(RuntimeError):
    """A unit of work was begun inside another one of the same task: pass the outer `Work` on instead."""


class Work:
    """What a use case may do in its transaction. Not for concurrent use: one statement after another."""

    def __init__(self, transaction: OpenTransaction, tenant_id: UUID | None, actor_id: UUID | None) -> None:
        self.tenant_id = tenant_id
        self.actor_id = actor_id
        self._transaction = transaction
        self._session = transaction.session
        self._events: list[PendingEvent] = []
        self._redactions = Redactions()
        self._callbacks: list[Callable[[], None]] = []
        self._answer: Any = _NO_ANSWER

    @property
    def connection(self) -> BaseDBAsyncClient:
        """For Tortoise: `Model.filter(...).using_db(work.connection)`."""
        return self._transaction

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Every row of the result, RETURNING included. `jsonb` comes decoded, `json` as text; both go in as text."""
        try:
            return [dict(record) for record in await self._session.fetch(sql, *args)]
        except DRIVER_ERRORS as error:
            raise_as_fact(error)

    async def row(self, sql: str, *args: object) -> dict[str, Any] | None:
        """The first row of the result."""
        try:
            record = await self._session.fetchrow(sql, *args)
        except DRIVER_ERRORS as error:
            raise_as_fact(error)
        return None if record is None else dict(record)

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows inserted, updated, deleted or selected."""
        try:
            status: str = await self._session.execute(sql, *args)
        except DRIVER_ERRORS as error:
            raise_as_fact(error)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def publish(
        self,
        event: Event,
        *,
        topics: Iterable[str],
        subject: str,
        tenant_id: UUID | None = None,
        event_id: UUID | None = None,
    ) -> UUID:
        """Tells the world once the transaction is committed; returns the id of the event.

        `tenant_id` names the tenant in system work; a tenant's own work can speak for no other. What live clients never
        see is told on no topic: there it would be a hole in the offsets.
        """
        if self.tenant_id is not None and tenant_id not in (None, self.tenant_id):
            raise ValueError("an event of another tenant")
        topics = tuple(topics)
        if topics and event.live is None:
            raise ValueError("a topic is for live clients")
        pending = PendingEvent.of(event, topics, subject, self.tenant_id or tenant_id, self.actor_id, event_id)
        self._events.append(pending)
        if isinstance(event, Change) and event.redacts_earlier(event.changed_fields):
            self._redactions.add(pending.tenant_id, SUBJECT, pending.subject, pending.id)
        return pending.id

    def redact(self, tenant_id: UUID | None, kind: str, keys: Iterable[str]) -> None:
        """See `shared.messaging.redaction`, whose functions call it."""
        if self.tenant_id is not None and tenant_id != self.tenant_id:
            raise ValueError("events of another tenant")
        for key in keys:
            self._redactions.add(tenant_id, kind, key)

    def answer(self, value: T) -> T:
        """Names the result of the use case, which is stored under the request's Idempotency-Key if it has one."""
        self._answer = value
        return value

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Called once the transaction is committed, never when it is not. A failure of the callback is logged only."""
        self._callbacks.append(callback)


class UnitOfWork:
    """Begins, completes or abandons one transaction. `on_events` hears of each commit that stored events."""

    def __init__(
        self,
        client: PooledClient,
        alias: str,
        *,
        tenant_id: UUID | None,
        actor_id: UUID | None = None,
        lock: int | None = None,
        on_events: Callable[[], None],
    ) -> None:
        self._client = client
        self._lock = lock
        self._alias = alias
        self._tenant_id = tenant_id
        self._actor_id = actor_id
        self._on_events = on_events
        self._scope: IdempotencyScope | None = None

    async def __aenter__(self) -> Work:
        task = asyncio.current_task()
        if _task_in_work.get() is task:
            raise NestedWork
        self._transaction = await self._client.begin(_prelude(self._tenant_id, self._lock))
        self._transaction.connection_name = self._alias
        self._work = Work(self._transaction, self._tenant_id, self._actor_id)
        try:
            await self._claim_key()
        except BaseException:
            await self._abandon()
            raise
        self._place = _Place.enter(self._alias, self._transaction, task)
        return self._work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._place.leave()
        if kind is None:
            await self._complete()
        else:
            await self._abandon()

    async def _claim_key(self) -> None:
        scope = current_scope.get()
        if scope is None or scope.is_claimed:
            return
        scope.is_claimed = True
        self._scope = scope
        await idempotency_keys.claim(self._work, scope)

    async def _complete(self) -> None:
        work = self._work
        try:
            await self._store_answer()
            if work._events:
                # Last of all: the topics are locked from here to the end of the transaction and no longer.
                await store_events(self._transaction.session, work._events)
            if work._redactions:
                await work._redactions.store(self._transaction.session, [event.id for event in work._events])
            await self._transaction.commit()
        except BaseException as error:
            await self._abandon()
            if isinstance(error, DRIVER_ERRORS):
                raise_as_fact(error)
            raise
        await self._transaction.release()
        self._tell()

    async def _store_answer(self) -> None:
        if self._scope is None:
            return
        if self._work._answer is _NO_ANSWER:
            raise RuntimeError("a keyed request ended without work.answer(...)")
        event_ids = [event.id for event in self._work._events]
        await idempotency_keys.store(self._work, self._scope, self._work._answer, event_ids)

    async def _abandon(self) -> None:
        if self._scope is not None:
            self._scope.is_claimed = False
        await self._transaction.rollback()

    def _tell(self) -> None:
        callbacks = self._work._callbacks
        for callback in (*callbacks, self._on_events) if self._work._events else callbacks:
            try:
                callback()
            except Exception:
                get_logger().exception("a callback after commit failed")


class _Place:
    """Where the current task is: inside which transaction. Models without `using_db` follow it."""

    def __init__(self, task_token: Any, connection_token: ConnectionToken) -> None:
        self._task_token = task_token
        self._connection_token = connection_token

    @classmethod
    def enter(cls, alias: str, transaction: OpenTransaction, task: "asyncio.Task[Any] | None") -> Self:
        return cls(_task_in_work.set(task), get_connections().set(alias, transaction))

    def leave(self) -> None:
        get_connections().reset(self._connection_token)
        _task_in_work.reset(self._task_token)


def _prelude(tenant_id: UUID | None, lock: int | None) -> str:
    if lock is not None:
        return f"BEGIN; SELECT pg_advisory_xact_lock({int(lock)})"
    if tenant_id is None:
        return "BEGIN"
    # Safe to write into the statement: the text of a UUID. As a parameter it would cost a round trip of its own.
    return f"BEGIN; SET LOCAL app.tenant_id = '{UUID(int=tenant_id.int)}'"
