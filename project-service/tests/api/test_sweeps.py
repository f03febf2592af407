"""What requests have left is swept by the service itself: by one replica at a time."""

from datetime import timedelta

from gift_jobs import MovableClock
from project_builders import person, project_settings
from project_replicas import TwoReplicas

from project_service.app import create_app
from project_service.blobs.domain import Content
from project_service.blobs.service import BlobStore, Staging
from project_service.object_store import open_object_store
from shared.db.databases import Database
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually
from shared.testing.service_client import session_with

_JOBS = "select kind, repeats from jobs where kind in ('contents.sweep', 'attachments.sweep') order by kind"
_LEFT = "select id::text from attachment_leftovers union all select sha256 from blobs"


async def test_each_sweep_is_one_job_of_all_replicas(replicas: TwoReplicas) -> None:
    database = replicas.one.database

    async def are_scheduled() -> bool:
        return len(await database.system_rows(_JOBS)) >= 2

    await eventually(are_scheduled)

    assert await database.system_rows(_JOBS) == [
        {"kind": "attachments.sweep", "repeats": "every 900.0"},
        {"kind": "contents.sweep", "repeats": "every 1800.0"},
    ]


async def test_the_service_sweeps_contents_and_objects_that_nothing_refers_to(
    database: Database, bus: MemoryBus
) -> None:
    ada, clock = person(), MovableClock()
    blobs = BlobStore(database, open_object_store("memory://", ""), clock)
    await Staging(blobs, ada).add([Content.of(b"stray")])
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute(
            "insert into attachment_leftovers (id, tenant_id, size, since) values (gen_random_uuid(), $1, 0, $2)",
            ada.tenant_id,
            clock.now(),
        )
    app = create_app(project_settings(), database=database, bus=bus, clock=clock)

    async with session_with(app):
        await eventually(lambda: _has_rows(database, _JOBS))
        assert len(await database.system_rows(_LEFT)) == 2
        clock.advance(timedelta(days=2).total_seconds())
        app.ctx.jobs.wake()
        await eventually(lambda: _is_swept(database))


async def _has_rows(database: Database, sql: str) -> bool:
    return bool(await database.system_rows(sql))


async def _is_swept(database: Database) -> bool:
    return not await _has_rows(database, _LEFT)
