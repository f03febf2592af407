"""The audit log in the database: linear chains whoever adds to them, once each, and nothing changes unnoticed."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from audit_records import a_record, batch_of, count_entries

from auth_service.audit.repository import NOBODYS_CHAIN
from auth_service.audit.service import AuditKeeper
from auth_service.audit.signing import AuditSigner
from auth_service.events_in import AUDIT_QUEUE, register_audit
from auth_service.verify_audit import Sound, verify
from shared.db.databases import Database, DatabaseConfig
from shared.events.registry import default_registry
from shared.messaging.consumer import Consumers
from shared.messaging.inbox import Inbox
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

TENANT = UUID("0198c7f0-0000-7000-8000-000000000001")
SECRET = "a secret of the tests, long enough to seal with"
SIGNER = AuditSigner(SECRET)
KEEPER = AuditKeeper(SECRET)


@pytest.fixture
async def intruder(config: DatabaseConfig, postgres_admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody whom neither grants nor row-level security stop."""
    connection = await asyncpg.connect(postgres_admin_url, database=urlsplit(config.url).path.lstrip("/"))
    yield connection
    await connection.close()


async def keep_some(database: Database, number: int, tenant_id: UUID | None = TENANT) -> None:
    async with database.system_work() as work:
        await KEEPER.keep(work, [a_record(tenant_id) for _ in range(number)])


async def test_what_was_kept_is_sound_also_when_it_is_read_back(database: Database) -> None:
    await keep_some(database, 3)
    await keep_some(database, 2)
    await keep_some(database, 1, None)

    found = await verify(database, SIGNER)

    assert {tenant: chain.end.seq for tenant, chain in found.items() if isinstance(chain, Sound)} == {
        TENANT: 5,
        NOBODYS_CHAIN: 1,
    }


@pytest.mark.parametrize(
    ("crime", "fault"),
    [
        ("update audit_logs set outcome = 'denied' where seq = 2", "entry 2 was changed"),
        ("update audit_logs set request_body = '{}' where seq = 3", "entry 3 was changed"),
        ("update audit_logs set personal = null where seq = 3", "entry 3 was changed"),
        ("update audit_logs set form = 0 where seq = 3", "entry 3 was changed"),
        ("delete from audit_logs where seq = 2", "entry 2 is missing"),
        ("delete from audit_logs where seq = 4", "entry 4 is missing"),
        ("delete from audit_logs", "entry 1 is missing"),
        ("delete from audit_chains", "entry 1 lies behind the end"),
        ("update audit_chains set seq = 3", "entry 4 lies behind the end"),
        ("update audit_chains set hash = '\\x00'", "entry 4 is not the one that was added last"),
        ("update audit_logs set seq = 9 where seq = 4", "entry 5 lies behind the end"),
    ],
)
async def test_tampering_is_found(database: Database, intruder: asyncpg.Connection, crime: str, fault: str) -> None:
    await keep_some(database, 4)

    await intruder.execute(crime)

    assert (await verify(database, SIGNER))[TENANT] == fault


async def test_the_roles_of_the_service_cannot_change_what_was_kept(database: Database, config: DatabaseConfig):
    await keep_some(database, 1)

    for url in (config.url, config.system_url):
        connection = await asyncpg.connect(url)
        for crime in ("update audit_logs set action = 'x.y'", "delete from audit_logs", "truncate audit_logs"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(crime)
        await connection.close()


async def test_many_consumers_keep_one_line_and_a_redelivery_keeps_nothing(databases: list[Database]) -> None:
    broker = MemoryBroker()
    buses = [MemoryBus(broker) for _ in range(4)]
    for number, bus in enumerate(buses):
        await bus.start()
        consumers = Consumers(
            databases[number % 2], Inbox(), default_registry(), AUDIT_QUEUE, Metrics("auth"), retry_delays=(0.05,)
        )
        register_audit(consumers, KEEPER)
        await consumers.start(bus)
    tenants = [uuid4(), uuid4(), None]
    batches = [batch_of(*(a_record(tenants[(number + each) % 3]) for each in range(9))) for number in range(20)]

    await asyncio.gather(*(buses[number % 4].publish([batch, batch]) for number, batch in enumerate(batches)))
    await buses[0].publish(batches)

    async def has_all() -> bool:
        return await count_entries(databases[0]) == 180

    await eventually(has_all, within=10)
    await asyncio.gather(*(bus.stop_consuming() for bus in buses))
    found = await verify(databases[0], SIGNER)
    assert sorted(chain.end.seq for chain in found.values() if isinstance(chain, Sound)) == [60, 60, 60]
    assert broker.dead_letters == []
    for bus in buses:
        await bus.close()
