"""Deliveries that waited in their table before are jobs afterwards, in the order in which they were to be sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from uuid import UUID

import asyncpg
import msgspec
import pytest

from project_service.webhooks.delivery_jobs import DELIVERY, DeliveryJob, on_demand, ordered
from shared.db.bootstrap import DatabaseUrls
from shared.testing.callers import ACME, GLOBEX
from shared.testing.migrations import migrate_again, migration_client

FILE = "21_delivery_jobs"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
HOOK = UUID(int=7)
WEBHOOK = """
insert into webhooks (id, tenant_id, url, events, active, secret, created_by, creator_role, created_at, updated_at)
values ($1, $2, 'https://example.com/', '{*}', true, '\\x00', $1, 'owner', now(), now())
"""
DELIVERIES = """
insert into webhook_deliveries (id, tenant_id, webhook_id, type, subject, occurred_at, status, on_demand, attempts,
                                due_at, lease_until, created_at)
values ($1, $2, $3, 'task.added', 'wings', $4, $5, $6, 2, $7, $8, $4)
"""


async def test_what_waited_before_is_a_job(fresh_urls: Callable[[str], DatabaseUrls]) -> None:
    urls = fresh_urls("project")
    migration = import_module(f"project_service.migrations.models.{FILE}")
    owner, system = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.system)
    later, past = datetime.now(UTC) + timedelta(hours=1), NOON - timedelta(days=2)
    second, first, leased, test, foreign, delivered = (UUID(int=number) for number in range(1, 7))
    try:
        await owner.execute(await migration.downgrade(migration_client(owner)))
        for hook, tenant in ((HOOK, ACME), (UUID(int=8), GLOBEX)):
            await system.execute(WEBHOOK, hook, tenant)
        for row in (
            (second, ACME, HOOK, NOON, "pending", False, later, None),
            (first, ACME, HOOK, NOON - timedelta(minutes=2), "pending", False, later, None),
            (leased, ACME, HOOK, NOON - timedelta(minutes=1), "pending", False, past, later),
            (test, ACME, HOOK, NOON + timedelta(minutes=1), "pending", True, past, None),
            (foreign, GLOBEX, UUID(int=8), NOON + timedelta(minutes=2), "pending", False, past, None),
            (delivered, ACME, HOOK, NOON, "delivered", False, past, None),
        ):
            await system.execute(DELIVERIES, *row)

        for _ in range(2):
            await migrate_again("project", urls, f"{FILE}.py")

        jobs = await system.fetch("select * from jobs where kind = $1 order by seq", DELIVERY.name)
        decoded = [msgspec.json.decode(job["payload"], type=DeliveryJob).delivery_id for job in jobs]
        assert decoded == [first, leased, second, test, foreign]
        assert [job["status"] for job in jobs] == ["scheduled", "queued", "scheduled", "queued", "queued"]
        assert [job["tenant_id"] for job in jobs] == [ACME] * 4 + [GLOBEX]
        assert {job["due_at"] for job in jobs} == {later, past}
        for job, like in ((jobs[0], ordered(first, HOOK, "wings")), (jobs[3], on_demand(test, HOOK))):
            for name in ("order_key", "concurrency_key", "unique_key", "priority"):
                assert job[name] == getattr(like, name)
        assert await system.fetchval("select count(*) from webhook_deliveries where attempts = 2") == 6
        with pytest.raises(asyncpg.UndefinedColumnError):
            await system.execute("select due_at, lease_until from webhook_deliveries")
        assert await owner.fetch("select from pg_policies where policyname = 'catch_up'") == []
    finally:
        await owner.close()
        await system.close()


async def test_back_in_the_table_they_wait_for_their_time(fresh_urls: Callable[[str], DatabaseUrls]) -> None:
    urls = fresh_urls("project")
    migration = import_module(f"project_service.migrations.models.{FILE}")
    owner, system = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.system)
    later = datetime.now(UTC) + timedelta(hours=1)
    delivery = (UUID(int=1), ACME, HOOK, NOON, "pending", False, later, None)
    try:
        await owner.execute(await migration.downgrade(migration_client(owner)))
        await system.execute(WEBHOOK, HOOK, ACME)
        await system.execute(DELIVERIES, *delivery)
        await owner.execute(await migration.upgrade(migration_client(owner)))

        await owner.execute(await migration.downgrade(migration_client(owner)))

        assert await system.fetchval("select due_at from webhook_deliveries") == later
        assert await system.fetchval("select count(*) from jobs") == 0
    finally:
        await owner.close()
        await system.close()
