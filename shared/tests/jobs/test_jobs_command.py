"""`python -m shared.jobs`: what it prints, what it changes, and what workers hear of it."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import UUID

import pytest
from job_fakes import PARCEL, SHARED, Ledger, Parcel, Yard

from shared.db.databases import DatabaseConfig
from shared.db.service_address import NoDatabase, system_url
from shared.ids import new_id
from shared.jobs.__main__ import Operator, parse, run
from shared.jobs.errors import GivenUp
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import NewJob
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

ACME, GLOBEX = UUID(int=1), UUID(int=2)


async def add(yard: Yard, *names: str, tenant_id: UUID = ACME, kind: JobKind[Parcel] = PARCEL) -> list[UUID]:
    async with yard.database.unit_of_work(tenant_id) as work:
        return await yard.queue.add_all(work, kind, [NewJob(Parcel(name)) for name in names])


@pytest.fixture
def operator(yard: Yard) -> Operator:
    return Operator("project", yard.database)


async def command(operator: Operator, *arguments: str) -> int:
    name, *rest = arguments
    return await run(parse([name, "project", *rest]), operator)


async def fail(yard: Yard, count: int) -> None:
    ledger = Ledger()
    ledger.errors = [GivenUp("the server refuses the password") for _ in range(count)]
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await worker.run_due()


async def test_list_shows_a_line_for_each_that_fits_in_order_and_says_when_there_are_more(
    yard: Yard, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = await add(yard, "a", "b", "c")
    await add(yard, "of another tenant", tenant_id=GLOBEX)
    await add(yard, "of another kind", kind=SHARED)

    arguments = ("--kind", PARCEL.name, "--status", "queued", "--tenant", str(ACME))
    assert await command(operator, "list", *arguments, "--limit", "2") == 0
    bounded = capsys.readouterr()
    assert await command(operator, "list", *arguments) == 0
    whole = capsys.readouterr()

    assert [line.split()[0] for line in bounded.out.splitlines()] == ["ID", str(first), str(second)]
    assert bounded.err == "the first 2, there are more\n"
    assert [line.split()[0] for line in whole.out.splitlines()] == ["ID", str(first), str(second), str(third)]
    assert whole.err == "3 found\n"


async def test_kinds_counts_by_kind_and_status(
    yard: Yard, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    await add(yard, "a", "b")
    await fail(yard, 2)
    await add(yard, "c")
    await add(yard, "d", kind=SHARED)
    capsys.readouterr()

    assert await command(operator, "kinds") == 0
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [[PARCEL.name, "failed", "2"], [PARCEL.name, "queued", "1"], [SHARED.name, "queued", "1"]]


async def test_show_prints_payload_reason_and_log_on_lines_of_their_own(
    yard: Yard, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    async def handle(job: Job[Parcel]) -> None:
        job.report(0.5, "half \x1b[31mway")
        await worker._beat()
        raise GivenUp("no\nway")

    worker = yard.worker()
    worker.on(PARCEL, handle)
    [job_id] = await add(yard, "a")
    await worker.run_due()
    capsys.readouterr()

    assert await command(operator, "show", "--id", str(job_id)) == 0
    output = capsys.readouterr().out
    assert '{"name":"a"}' in output
    assert "  half \x1b[31mway\n" not in output
    assert "half" in output
    assert "no way" in output
    assert await command(operator, "show", "--id", str(new_id())) == 1


async def test_cancel_and_retry_change_those_that_fit_and_no_others(yard: Yard, operator: Operator) -> None:
    await add(yard, "failed 1", "failed 2")
    await fail(yard, 2)
    await add(yard, "waits")
    [other] = await add(yard, "other tenant", tenant_id=GLOBEX)

    assert await command(operator, "cancel", "--kind", PARCEL.name, "--tenant", str(ACME)) == 0
    failed = {"failed 1": "failed", "failed 2": "failed"}
    assert await yard.statuses() == {**failed, "waits": "cancelled", "other tenant": "queued"}

    assert await command(operator, "retry", "--kind", PARCEL.name) == 0
    assert await command(operator, "cancel", "--id", str(other)) == 0
    queued = {"failed 1": "queued", "failed 2": "queued"}
    assert await yard.statuses() == {**queued, "waits": "cancelled", "other tenant": "cancelled"}
    assert await command(operator, "retry", "--id", str(other)) == 0
    assert (await yard.statuses())["other tenant"] == "queued"


async def test_changing_nothing_is_an_exit_status_of_one(yard: Yard, operator: Operator) -> None:
    for name in ("cancel", "retry"):
        assert await command(operator, name, "--id", str(new_id())) == 1
        assert await command(operator, name, "--kind", "no.such") == 1


async def test_more_jobs_than_one_transaction_takes_are_all_cancelled(
    yard: Yard, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.__main__.CHANGED_AT_ONCE", 2)
    await add(yard, *(str(number) for number in range(5)))

    assert await command(operator, "cancel", "--kind", PARCEL.name) == 0
    assert set((await yard.statuses()).values()) == {"cancelled"}


async def test_a_running_job_of_another_process_is_told_to_stop_through_the_broker(yard: Yard) -> None:
    broker, started = MemoryBroker(), asyncio.Event()

    async def hang(job: Job[Parcel]) -> None:
        started.set()
        await asyncio.Event().wait()

    bus, of_command = MemoryBus(broker), MemoryBus(broker)
    await asyncio.gather(bus.start(), of_command.start())
    worker = JobWorker(yard.database, yard.queue, bus, yard.clock, JobMetrics(Metrics("sample")), "project")
    worker.on(PARCEL, hang)
    announcing = asyncio.create_task(worker.announce())
    [job_id] = await add(yard, "a")
    await worker._take()
    await started.wait()

    assert await command(Operator("project", yard.database, of_command), "cancel", "--id", str(job_id)) == 0

    async def is_cancelled() -> bool:
        return await yard.statuses() == {"a": "cancelled"}

    await eventually(is_cancelled)
    announcing.cancel()
    await asyncio.gather(bus.close(), of_command.close())


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "nobody"],
        ["cancel", "project"],
        ["cancel", "project", "--id", str(ACME), "--kind", "a.b"],
        ["cancel", "project", "--id", str(ACME), "--tenant", str(ACME)],
        ["cancel", "project", "--kind", "a.b", "--status", "failed"],
        ["retry", "project", "--kind", "a.b", "--status", "running"],
        ["list", "project", "--limit", "0"],
        ["show", "project"],
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        parse(arguments)
    assert refusal.value.code == 2


def test_the_database_is_found_in_the_environment_or_in_the_folder_of_a_stack(tmp_path: Path) -> None:
    app, system = "postgresql://project_app:x@db:5432/project", "postgresql://project_system:x@db:5432/project"
    assert system_url("project", {"DATABASE_URL_PROJECT": app}) == system
    assert system_url("project", {"DATABASE_URL_PROJECT": app, "DATABASE_URL_PROJECT_SYSTEM": "other"}) == "other"
    home = {"TESSERA_HOME": str(tmp_path)}
    with pytest.raises(NoDatabase, match="DATABASE_URL_PROJECT"):
        system_url("project", home)

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "project_system").write_text("a/b")
    (tmp_path / "postgres" / "pgdata").mkdir(parents=True)
    (tmp_path / "postgres" / "pgdata" / "postmaster.pid").write_text("1\n/data\n0\n5433\n\n127.0.0.1\n")
    assert system_url("project", home) == "postgresql://project_system:a%2Fb@127.0.0.1:5433/project"


async def test_the_command_opens_the_database_as_the_system_role(sample_config: DatabaseConfig, yard: Yard) -> None:
    await add(yard, "a")
    environ = {**os.environ, "DATABASE_URL_PROJECT_SYSTEM": sample_config.system_url, "AMQP_URL": ""}
    arguments = ("-m", "shared.jobs", "cancel", "project", "--kind", PARCEL.name)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environ)

    assert await process.wait() == 0
    assert await yard.statuses() == {"a": "cancelled"}
