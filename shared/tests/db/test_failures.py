"""Every failure of the database arrives as one known fact, whichever library noticed it."""

import asyncio
from datetime import datetime, timedelta, timezone
from uuid import UUID

import asyncpg
import pytest
from sample_service.models import Note
from sample_service.notes import add_note

from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.failures import (
    CheckViolation,
    DatabaseUnavailable,
    FailureKind,
    ForeignKeyViolation,
    NotNullViolation,
    TransactionConflict,
    UniqueViolation,
    classify,
    retry_transient,
)
from shared.errors import BadRequest
from shared.ids import new_id

TENANT = new_id()


async def test_a_unique_violation_names_its_constraint(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "twice")
            await add_note(work, "twice")

    with pytest.raises(UniqueViolation) as caught:
        await attempt()

    assert caught.value.constraint == "notes_title_once"


async def test_a_model_reports_the_same_violation(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "twice")
            await Note.create(using_db=work.connection, id=new_id(), tenant_id=TENANT, title="twice")

    with pytest.raises(UniqueViolation) as caught:
        await attempt()

    assert caught.value.constraint == "notes_title_once"


async def test_a_foreign_key_violation_names_its_constraint(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "orphan", parent_id=new_id())

    with pytest.raises(ForeignKeyViolation) as caught:
        await attempt()

    assert caught.value.constraint == "notes_parent"


async def test_a_check_violation_names_its_constraint(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "x" * 201)

    with pytest.raises(CheckViolation) as caught:
        await attempt()

    assert caught.value.constraint == "notes_title_length"


async def test_a_missing_value_names_its_column(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await work.execute("update notes set title = title")
            await work.execute("insert into notes (id, tenant_id) values ($1, $2)", new_id(), TENANT)

    with pytest.raises(NotNullViolation) as caught:
        await attempt()

    assert caught.value.constraint == "title"


async def test_a_mistake_in_a_statement_stays_what_it_is(database: Database) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            await work.rows("select * from nowhere")

    with pytest.raises(asyncpg.UndefinedTableError) as caught:
        await attempt()

    assert classify(caught.value).kind is FailureKind.OTHER


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select $1::timestamptz", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23)))),
        ("select $1::timestamptz", datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-23)))),
        ("select $1::bigint", 2**63),
    ],
)
async def test_a_value_that_no_column_holds_is_a_bad_request(database: Database, sql: str, value: object) -> None:
    with pytest.raises(BadRequest):
        async with database.unit_of_work(TENANT) as work:
            await work.rows(sql, value)


async def test_waiting_too_long_for_a_lock_is_503(sample_config: DatabaseConfig) -> None:
    async with open_databases(sample_config._replace(lock_timeout=0.05)) as databases:
        database = databases["sample"]
        async with database.unit_of_work(TENANT) as work:
            note = await add_note(work, "locked")
        async with database.unit_of_work(TENANT) as work:
            await work.rows("select * from notes for update")
            with pytest.raises(DatabaseUnavailable) as caught:
                await asyncio.create_task(_touch(database, note["id"]))

    cause = caught.value.__cause__
    assert cause is not None
    assert classify(cause).kind is FailureKind.LOCK_TIMEOUT


async def test_a_deadlock_is_begun_anew(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        ids = [(await add_note(work))["id"] for _ in range(2)]
    attempts: list[UUID] = []
    both_hold_one = asyncio.Barrier(2)

    @retry_transient()
    async def swap(first: UUID, second: UUID) -> None:
        is_first_attempt = first not in attempts
        attempts.append(first)
        async with database.unit_of_work(TENANT) as work:
            await _bump(work, first)
            if is_first_attempt:
                await both_hold_one.wait()
            await _bump(work, second)

    await asyncio.gather(swap(ids[0], ids[1]), swap(ids[1], ids[0]))

    async with database.unit_of_work(TENANT) as work:
        rows = await work.rows("select version from notes")
    assert [row["version"] for row in rows] == [3, 3]
    assert len(attempts) == 3


async def test_retrying_has_an_end() -> None:
    attempts: list[int] = []

    @retry_transient(attempts=3)
    async def lose() -> None:
        attempts.append(1)
        raise TransactionConflict

    with pytest.raises(TransactionConflict):
        await lose()

    assert len(attempts) == 3


async def test_a_server_that_is_not_there_is_503(sample_config: DatabaseConfig, unused_tcp_port: int) -> None:
    nowhere = f"postgres://a_app:b@127.0.0.1:{unused_tcp_port}/c"

    with pytest.raises(DatabaseUnavailable):
        async with open_databases(sample_config._replace(url=nowhere)):
            pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), FailureKind.CONNECTION),
        (TimeoutError(), FailureKind.TIMEOUT),
        (asyncpg.ConnectionDoesNotExistError("gone"), FailureKind.CONNECTION),
        (asyncpg.AdminShutdownError("bye"), FailureKind.CONNECTION),
        (asyncpg.CannotConnectNowError("starting up"), FailureKind.CONNECTION),
        (asyncpg.TooManyConnectionsError("full"), FailureKind.RESOURCES),
        (asyncpg.InterfaceError("connection is closed"), FailureKind.CONNECTION),
        (asyncpg.InterfaceError("another operation is in progress"), FailureKind.OTHER),
        (asyncpg.SerializationError("again"), FailureKind.SERIALIZATION),
        (asyncpg.QueryCanceledError("slow"), FailureKind.CANCELLED),
        (ValueError(), FailureKind.OTHER),
    ],
)
def test_failures_are_told_apart(error: Exception, kind: FailureKind) -> None:
    assert classify(error).kind is kind


async def _touch(database: Database, note_id: UUID) -> None:
    async with database.unit_of_work(TENANT) as work:
        await _bump(work, note_id)


async def _bump(work, note_id: UUID) -> None:  # type: ignore[no-untyped-def]
    await work.execute("update notes set version = version + 1 where id = $1", note_id)
