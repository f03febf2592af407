"""What ends in the audit log: months with a signed checkpoint, personal fields with the key of the person."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from audit_records import a_record, count_entries, keep, keep_plain
from auth_builders import KEY_ENCRYPTION_SECRET

from auth_service.audit import keeping_repository
from auth_service.audit.chain import Entry
from auth_service.audit.keeping import ADD_MONTHS, KEPT_FOR, AuditKeeping, forget_person, forget_tenant
from auth_service.audit.repository import NOBODYS_CHAIN
from auth_service.audit.signing import AuditSigner
from auth_service.verify_audit import Sound, verify
from shared.db.databases import Database, DatabaseConfig
from shared.db.unit_of_work import Work
from shared.testing.migrations import migration_client

TENANT = UUID("0198c7f0-0000-7000-8000-000000000001")
OTHER = UUID("0198c7f0-0000-7000-8000-000000000002")
SIGNER = AuditSigner(KEY_ENCRYPTION_SECRET)
KEEPING = AuditKeeping(SIGNER)
NOW = datetime.now(UTC)
LATER_MONTH = (NOW.replace(day=1) + timedelta(days=62)).replace(day=2)
"""The one after next: the migration leaves everything until then in the table of before."""
OLD = NOW - KEPT_FOR - timedelta(days=50)
BEFORE = "audit_logs_before"
END_BEFORE = "update audit_months set ends = now() - interval '410 days' where name = 'audit_logs_before'"


@pytest.fixture
async def intruder(config: DatabaseConfig, postgres_admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody whom neither grants nor row-level security stop."""
    connection = await asyncpg.connect(postgres_admin_url, database=urlsplit(config.url).path.lstrip("/"))
    yield connection
    await connection.close()


async def partitions(intruder: asyncpg.Connection) -> list[str]:
    rows = await intruder.fetch("select tableoid::regclass::text as name from audit_logs order by recorded_at, seq")
    return [row["name"] for row in rows]


async def run(database: Database, step: str, now: datetime = NOW) -> int:
    """All portions of a step."""
    count = 0
    while True:
        async with database.system_work() as work:
            portion = await getattr(KEEPING, step)(work, now)
        count += portion
        if not portion:
            return count


async def is_sound(database: Database, tenant_id: UUID = TENANT) -> bool:
    return isinstance((await verify(database, SIGNER))[tenant_id], Sound)


async def test_each_month_has_its_partition_and_nobody_reaches_it_past_the_log(
    database: Database, config: DatabaseConfig, intruder: asyncpg.Connection
) -> None:
    await keep(database, a_record(TENANT))
    await keep(database, a_record(TENANT), at=LATER_MONTH)

    month = f"audit_logs_{LATER_MONTH:%Y_%m}"
    assert await partitions(intruder) == [BEFORE, month]
    for url in (config.url, config.system_url):
        connection = await asyncpg.connect(url)
        for statement in (
            f"select * from {month}",
            f"delete from {BEFORE}",
            f"drop table {month}",
            "select ip from audit_logs_rest",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


async def test_a_record_of_a_month_that_was_not_made_is_kept_and_moves_there_later(
    database: Database, intruder: asyncpg.Connection
) -> None:
    far = LATER_MONTH + timedelta(days=365)
    await keep(database, a_record(TENANT), at=far)
    assert await partitions(intruder) == ["audit_logs_rest"]

    await run(database, "add_months", far)
    await run(database, "add_months", far)

    assert await partitions(intruder) == [f"audit_logs_{far:%Y_%m}"]
    assert await is_sound(database)


async def test_what_lies_outside_all_months_is_counted_and_gets_a_month_also_afterwards(
    database: Database, intruder: asyncpg.Connection
) -> None:
    far = LATER_MONTH + timedelta(days=365)
    await keep(database, a_record(TENANT), a_record(OTHER), at=far)
    measure = next(each.measure for each in KEEPING.prunings() if each.name == ADD_MONTHS)
    assert measure is not None

    async def backlog(now: datetime) -> int:
        await run(database, "add_months", now)
        async with database.system_work() as work:
            return (await measure(work, now)).rows

    assert await backlog(NOW) == 2
    assert await backlog(far + timedelta(days=100)) == 0
    assert set(await partitions(intruder)) == {f"audit_logs_{far:%Y_%m}"}
    assert await is_sound(database)


async def test_a_month_goes_as_a_whole_and_leaves_a_signed_checkpoint(
    database: Database, intruder: asyncpg.Connection
) -> None:
    await keep(database, *(a_record(TENANT) for _ in range(3)), a_record(OTHER), at=OLD)
    await keep(database, a_record(TENANT), a_record(TENANT), at=LATER_MONTH)
    before = (await verify(database, SIGNER))[TENANT]
    await intruder.execute(END_BEFORE)

    await run(database, "end_month")

    assert await count_entries(database) == 2
    after = (await verify(database, SIGNER))[TENANT]
    assert isinstance(before, Sound)
    assert isinstance(after, Sound)
    assert (after.end, before.checkpoint.seq, after.checkpoint.seq) == (before.end, 0, 3)
    assert f"from checkpoint 3:{after.checkpoint.hash.hex()}" in str(after)
    assert await is_sound(database, OTHER)
    await keep(database, a_record(OTHER), at=LATER_MONTH)
    assert await is_sound(database, OTHER)


@pytest.mark.parametrize(
    ("crime", "fault"),
    [
        ("delete from audit_checkpoints", "entry 1 is missing"),
        ("update audit_checkpoints set seq = 4", "the checkpoint at entry 4 was not signed here"),
        ("update audit_checkpoints set hash = hash || 'x'", "the checkpoint at entry 3 was not signed here"),
        ("delete from audit_logs where seq = 4", "entry 4 is missing"),
    ],
)
async def test_nobody_cuts_a_chain_but_this_service(
    database: Database, intruder: asyncpg.Connection, crime: str, fault: str
) -> None:
    await keep(database, *(a_record(TENANT) for _ in range(3)), at=OLD)
    await keep(database, a_record(TENANT), a_record(TENANT), at=LATER_MONTH)
    await intruder.execute(END_BEFORE)
    await run(database, "end_month")

    await intruder.execute(crime)

    assert (await verify(database, SIGNER))[TENANT] == fault


async def test_the_service_cannot_drop_what_is_young_whatever_it_takes_for_the_date(database: Database) -> None:
    await keep(database, a_record(TENANT))

    await run(database, "end_month", NOW + 2 * KEPT_FOR)

    assert await count_entries(database) == 1
    assert await is_sound(database)


async def test_no_personal_field_is_readable_in_the_table(database: Database) -> None:
    record = a_record(TENANT, ip="203.0.113.77", user_agent="canary agent", request_body='{"name":"canary body"}')
    await keep(database, record)

    [row] = await database.system_rows("select * from audit_logs")

    assert (row["ip"], row["user_agent"], row["request_body"]) == (None, None, None)
    assert all(secret not in repr(row) for secret in ("203.0.113.77", "canary"))


async def test_erasing_a_person_erases_the_keys_in_all_tenants_and_the_chains_stay_sound(database: Database) -> None:
    person, colleague = uuid4(), uuid4()
    for tenant in (TENANT, OTHER):
        await keep(database, a_record(tenant, user_id=person), a_record(tenant, user_id=colleague))

    async with database.system_work() as work:
        await forget_person(work, person, NOW)
    await keep(database, a_record(TENANT, user_id=person))

    keys = await database.system_rows("select person_id from audit_keys")
    assert {row["person_id"] for row in keys} == {colleague}
    assert await is_sound(database)
    assert await is_sound(database, OTHER)


async def test_erasing_a_person_reaches_records_of_before_they_were_sealed(database: Database) -> None:
    person, colleague = uuid4(), uuid4()
    await keep_plain(database, TENANT, a_record(TENANT, user_id=person), a_record(TENANT, user_id=colleague))
    await keep_plain(database, OTHER, a_record(OTHER, user_id=person))
    assert await is_sound(database)
    async with database.system_work() as work:
        await forget_person(work, person, NOW)

    await run(database, "erase_plain")

    rows = await database.system_rows("select user_id, form, ip, user_agent, request_body from audit_logs")
    plain = {row["user_id"] for row in rows if row["ip"] or row["user_agent"] or row["request_body"]}
    assert plain == {colleague}
    assert sorted(row["form"] for row in rows) == [0, 0, 1]
    assert await is_sound(database)
    assert await is_sound(database, OTHER)
    assert await run(database, "erase_plain") == 0


async def test_erasing_a_person_looks_into_no_chain_that_has_nothing_of_theirs(
    database: Database, intruder: asyncpg.Connection
) -> None:
    await intruder.execute(
        "insert into audit_chains (tenant_id, seq, hash) select gen_random_uuid(), 1, '' from generate_series(1, 5000)"
    )
    await intruder.execute("analyze audit_chains")

    rows = await intruder.fetch(f"explain (analyze, buffers) {keeping_repository._PLAIN}", uuid4(), 500)

    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    whole_query = re.search(r"shared hit=(\d+)", plan)
    assert whole_query is not None
    assert int(whole_query[1]) < 100, plan


async def test_an_erasure_that_fails_keeps_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, person = uuid4(), uuid4()
    await keep_plain(database, TENANT, a_record(TENANT, user_id=broken), a_record(TENANT, user_id=person))
    for subject in (broken, person):
        async with database.system_work() as work:
            await forget_person(work, subject, NOW)
    find = keeping_repository.plain_entries

    async def find_unless_broken(work: Work, subject_id: UUID) -> list[tuple[UUID, Entry]]:
        if subject_id == broken:
            raise TimeoutError
        return await find(work, subject_id)

    with monkeypatch.context() as patch:
        patch.setattr(keeping_repository, "plain_entries", find_unless_broken)
        with pytest.raises(TimeoutError):
            await run(database, "erase_plain")
        await run(database, "erase_plain")

    rows = await database.system_rows("select user_id from audit_logs where form = 1")
    assert [row["user_id"] for row in rows] == [broken]
    await run(database, "erase_plain")
    assert await database.system_rows("select from audit_logs where form = 1") == []


async def test_erasing_a_tenant_leaves_other_tenants_of_its_people_alone(database: Database) -> None:
    person = uuid4()
    await keep_plain(database, TENANT, a_record(TENANT, user_id=person))
    await keep(database, a_record(TENANT, user_id=person), a_record(OTHER, user_id=person))

    async with database.system_work() as work:
        await forget_tenant(work, TENANT, NOW)
    await run(database, "erase_plain")

    keys = await database.system_rows("select tenant_id from audit_keys")
    assert [row["tenant_id"] for row in keys] == [OTHER]
    assert await database.system_rows("select from audit_logs where ip is not null") == []
    assert await is_sound(database)


async def test_a_key_that_was_made_while_its_person_was_erased_goes_with_the_next_round(database: Database) -> None:
    person = uuid4()
    async with database.system_work() as work:
        await forget_person(work, person, NOW)
        await work.execute(
            "insert into audit_keys (tenant_id, person_id, sealed_key, created_at) values ($1, $2, 'late', now())",
            TENANT,
            person,
        )

    await run(database, "erase_plain")

    assert await database.system_rows("select from audit_keys") == []


async def test_the_addresses_of_strangers_end_after_three_months(database: Database) -> None:
    await keep(database, a_record(None, user_id=None), a_record(TENANT), at=NOW - timedelta(days=125))
    await keep(database, a_record(None, user_id=None))

    await run(database, "forget_strangers")

    keys = await database.system_rows("select tenant_id, created_at from audit_keys order by created_at")
    assert [row["tenant_id"] for row in keys] == [TENANT, NOBODYS_CHAIN]
    assert await is_sound(database, NOBODYS_CHAIN)


async def test_a_clock_that_went_back_records_nothing_before_the_last_entry(database: Database) -> None:
    await keep(database, a_record(TENANT), at=LATER_MONTH)
    await keep(database, a_record(TENANT), at=NOW)

    rows = await database.system_rows("select recorded_at from audit_logs order by seq")

    assert rows[0]["recorded_at"] == rows[1]["recorded_at"] == LATER_MONTH


async def test_the_end_of_a_month_while_the_migration_is_interrupted_refuses_no_record(
    intruder: asyncpg.Connection,
) -> None:
    migration = import_module("auth_service.migrations.models.15_audit_months")
    await intruder.execute("create schema before; set search_path = before")
    await intruder.execute("create table audit_logs (recorded_at timestamptz)")
    in_next_month = (NOW.replace(day=1) + timedelta(days=32)).replace(day=20)

    await intruder.execute(migration.CHECK)
    await intruder.execute("insert into audit_logs values ($1)", in_next_month)
    await intruder.execute(
        "alter table audit_logs drop constraint audit_logs_before;"
        "alter table audit_logs add constraint audit_logs_before check (recorded_at < '2026-01-01') not valid"
    )
    await intruder.execute(migration.CHECK)

    await intruder.execute("insert into audit_logs values ($1)", in_next_month)


async def test_the_migration_may_be_repeated_and_finds_who_was_anonymised_before(
    database: Database, intruder: asyncpg.Connection
) -> None:
    person = uuid4()
    await keep_plain(database, TENANT, a_record(TENANT, user_id=person))
    await intruder.execute(
        "insert into users (id, email, email_identity, password_hash, first_name, last_name, password_changed_at,"
        " created_at, updated_at, anonymised_at) values ($1, 'x', 'x', '', '', '', now(), now(), now(), now())",
        person,
    )
    migration = import_module("auth_service.migrations.models.15_audit_months")
    owner = await intruder.fetchval("select tableowner from pg_tables where tablename = 'audit_logs'")
    await intruder.execute(f"set role {owner}")
    await intruder.execute(await migration.upgrade(migration_client(intruder)))
    await intruder.execute("reset role")
    await run(database, "erase_plain")

    assert await database.system_rows("select from audit_logs where ip is not null") == []
    assert await is_sound(database)
    assert sorted(await partitions(intruder)) == [BEFORE]
