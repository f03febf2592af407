"""A unit of work: all of it or nothing, one at a time, and a pool that always recovers."""

import asyncio
import random

import asyncpg
import pytest
from sample_service.models import Note
from sample_service.notes import NoteAdded, add_note, titles

from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.failures import DatabaseUnavailable, UniqueViolation
from shared.db.unit_of_work import NestedWork
from shared.ids import new_id
from shared.testing.eventually import eventually

TENANT = new_id()


async def test_what_was_written_is_there_afterwards(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        await add_note(work, "kept")

    async with database.unit_of_work(TENANT) as work:
        assert await titles(work) == ["kept"]


async def test_a_failure_takes_everything_back(database: Database) -> None:
    async def fail() -> None:
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "lost")
            work.publish(NoteAdded(note_id=new_id()), topics=["notes"], subject="lost")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    async with database.system_work() as work:
        assert await titles(work) == []
        assert await work.rows("select * from outbox union all select * from outbox") == []


async def test_rows_come_as_plain_values(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        note = await add_note(work, "typed")

        changed = await work.row(
            "update notes set labels = $2::jsonb where id = $1 returning id, labels", note["id"], '["a", {"b": 1}]'
        )
        count = await work.execute("update notes set version = version + 1")

    assert changed == {"id": note["id"], "labels": ["a", {"b": 1}]}
    assert count == 1


async def test_models_take_part_in_the_transaction(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        await add_note(work, "by sql")

        await Note.create(using_db=work.connection, id=new_id(), tenant_id=TENANT, title="by model", labels=["x"])
        found = await Note.filter(title="by model").using_db(work.connection).values("labels")
        known, is_new = await Note.get_or_create(title="by sql", defaults={"id": new_id(), "tenant_id": TENANT})

    assert found == [{"labels": ["x"]}]
    assert (known.title, is_new) == ("by sql", False)


async def test_get_or_create_survives_a_lost_race_inside_the_transaction(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        first = await add_note(work, "taken")

        with pytest.raises(UniqueViolation):
            await Note.get_or_create(id=new_id(), defaults={"tenant_id": TENANT, "title": "taken"})

        assert await titles(work) == ["taken"]
        assert first["title"] == "taken"


async def test_a_unit_of_work_cannot_be_begun_inside_another(database: Database) -> None:
    async with database.unit_of_work(TENANT):
        with pytest.raises(NestedWork):
            async with database.unit_of_work(TENANT):
                pytest.fail("nested")
        with pytest.raises(NestedWork):
            async with database.system_work():
                pytest.fail("nested")


async def test_a_swallowed_error_does_not_pass_as_success(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        await add_note(work, "once")

    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            with pytest.raises(UniqueViolation):
                await add_note(work, "once")

    with pytest.raises(RuntimeError, match="swallowed"):
        await attempt()


async def test_callbacks_run_after_the_commit_and_only_then(database: Database) -> None:
    heard: list[str] = []

    async def fail() -> None:
        async with database.unit_of_work(TENANT) as work:
            work.after_commit(lambda: heard.append("rolled back"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    async with database.unit_of_work(TENANT) as work:
        work.after_commit(lambda: heard.append("committed"))
        assert heard == []

    assert heard == ["committed"]


async def test_a_failing_callback_does_not_undo_the_answer(database: Database) -> None:
    heard: list[str] = []

    async with database.unit_of_work(TENANT) as work:
        work.after_commit(lambda: heard.index("nothing"))
        work.after_commit(lambda: heard.append("next"))

    assert heard == ["next"]


async def test_nothing_of_a_transaction_stays_on_its_connection(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        await work.execute("select pg_advisory_xact_lock(1)")

    settings = await database._app.fetch("select current_setting('app.tenant_id', true) as tenant")
    locks = await database._app.fetch("select * from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")

    assert [row["tenant"] for row in settings] in ([""], [None])
    assert locks == []


async def test_random_cancellation_gives_every_connection_back(database: Database) -> None:
    chance = random.Random(7)

    async def write() -> None:
        async with database.unit_of_work(TENANT) as work:
            note = await add_note(work)
            await work.rows("select pg_sleep($1)", chance.choice((0, 0, 0.002)))
            work.publish(NoteAdded(note_id=note["id"]), topics=["notes"], subject="note")

    async def hang_up() -> None:
        task = asyncio.create_task(write())
        await asyncio.sleep(chance.uniform(0, 0.012))
        task.cancel()
        if chance.random() < 0.3:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def client() -> None:
        for _ in range(100):
            await hang_up()

    await asyncio.gather(*(client() for _ in range(22)))

    await eventually(lambda: database.pool_state().in_use == 0)
    state = database.pool_state()
    assert state.waiting == 0
    await asyncio.gather(*(_read(database) for _ in range(20)))


async def test_waiting_for_a_connection_ends_in_503(sample_config: DatabaseConfig) -> None:
    impatient = sample_config._replace(pool_size=1, acquire_timeout=0.05)
    waits: list[tuple[str, float]] = []
    async with open_databases(impatient) as databases:
        database = databases["sample"]
        database.observe_waits(lambda *wait: waits.append(wait))
        async with database.unit_of_work(TENANT):
            with pytest.raises(DatabaseUnavailable) as caught:
                await asyncio.create_task(_read(database))

        await _read(database)

    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "1")
    assert max(seconds for pool, seconds in waits if pool == "sample") >= 0.05


async def test_a_connection_cut_in_the_middle_is_503_and_the_pool_heals(
    database: Database, postgres_admin_url: str
) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            [row] = await work.rows("select pg_backend_pid() as pid")
            await _terminate(postgres_admin_url, [row["pid"]])
            await titles(work)

    with pytest.raises(DatabaseUnavailable):
        await attempt()

    assert database.pool_state().in_use == 0
    await asyncio.gather(*(_read(database) for _ in range(10)))


async def test_a_connection_cut_while_it_commits_is_503(database: Database, postgres_admin_url: str) -> None:
    async def attempt() -> None:
        async with database.unit_of_work(TENANT) as work:
            [row] = await work.rows("select pg_backend_pid() as pid")
            await _terminate(postgres_admin_url, [row["pid"]])

    with pytest.raises(DatabaseUnavailable):
        await attempt()

    assert database.pool_state().in_use == 0


async def test_connections_cut_while_idle_are_not_noticed(database: Database, postgres_admin_url: str) -> None:
    pids: set[int] = set()
    await asyncio.gather(*(_read(database, pids) for _ in range(10)))

    await _terminate(postgres_admin_url, sorted(pids))

    await asyncio.gather(*(_read(database) for _ in range(10)))


async def test_a_slow_statement_is_ended(sample_config: DatabaseConfig) -> None:
    async with open_databases(sample_config._replace(statement_timeout=0.05)) as databases:
        with pytest.raises(DatabaseUnavailable):
            async with databases["sample"].unit_of_work(TENANT) as work:
                await work.rows("select pg_sleep(5)")


async def test_ping_answers_and_pool_is_told(database: Database) -> None:
    await database.ping()

    assert database.pool_state().limit == 5
    assert set(database.pool_states()) == {database.name, f"{database.name}_system"}


async def _read(database: Database, pids: set[int] | None = None) -> None:
    async with database.unit_of_work(TENANT) as work:
        [row] = await work.rows("select pg_backend_pid() as pid, pg_sleep(0.005)")
        if pids is not None:
            pids.add(row["pid"])


async def _terminate(admin_url: str, pids: list[int]) -> None:
    admin = await asyncpg.connect(admin_url)
    await admin.execute("select pg_terminate_backend(pid, 1000) from unnest($1::int[]) as pid", pids)
    await admin.close()
