"""Erasing deleted tenants: each round walks all of them, and a step that fails keeps no other tenant waiting."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.tenant_closures.erasure import TENANTS_AT_ONCE, TenantErasure
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.erasure import LaterClock

NOW = datetime.now(UTC)


class Walked:
    """A step with nothing to delete; `failing` are tenants of which it can delete nothing."""

    def __init__(self, *failing: UUID) -> None:
        self.tenant_ids: list[UUID] = []
        self._failing = failing

    async def __call__(self, _work: Work, tenant_id: UUID, _limit: int) -> int:
        self.tenant_ids.append(tenant_id)
        if tenant_id in self._failing:
            raise ConnectionError
        return 0


async def deleted(database: Database, number: int) -> list[UUID]:
    """Many at one moment, so that pages end between equals."""
    tenant_ids = sorted(new_id() for _ in range(number))
    async with database.system_work() as work:
        for tenant_id in tenant_ids:
            await note(work, tenant_id, ClosureState.DELETED, NOW)
    return tenant_ids


async def test_those_that_wait_for_their_hour_keep_no_other_waiting(database: Database) -> None:
    tenant_ids = await deleted(database, TENANTS_AT_ONCE * 2 + 1)
    step = Walked()

    await TenantErasure(database, [step], LaterClock(timedelta())).run()

    assert step.tenant_ids == tenant_ids


async def test_a_tenant_that_cannot_be_erased_keeps_no_other_waiting(database: Database) -> None:
    first, *others = await deleted(database, 3)
    step = Walked(first)

    with pytest.raises(ConnectionError):
        await TenantErasure(database, [step], LaterClock(timedelta(hours=2))).run()

    left = await database.system_rows("select tenant_id from tenant_closures where state = 'deleted'")
    assert [row["tenant_id"] for row in left] == [first]
    assert step.tenant_ids == [first, *others]
