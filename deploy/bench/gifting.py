"""What gift planning costs when there is much of it: dashboard and summary at 10 and at 10,000 items.

`python -m deploy.bench.gifting` starts its own PostgreSQL and asks the use cases, in this process: how many statements,
and how long. What a household of 10,000 items is shown must cost as many statements as one of 10.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID

import asyncpg

from deploy.bench.gift_household import Household
from deploy.bench.gift_secrecy import prepared
from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.lists.schemas import CreateList
from project_service.gifting.occasions.schemas import CreateOccasion
from project_service.gifting.occasions.service import OccasionService
from project_service.gifting.persons.schemas import CreatePerson
from shared.clock import SystemClock
from shared.db.databases import Database, open_databases
from shared.testing.counting import CountingDatabase

SIZES = (10, 10_000)
_PEOPLE = 10

_FILL_GIFTS = """
insert into gifts (id, tenant_id, name, price, currency, tags, created_by, created_at, updated_at)
select gen_random_uuid(), $1, 'Gift ' || n, 100 + n, 'EUR', '{}', $2, now(), now() from generate_series(1, 100) as n
"""
_FILL = """
insert into list_items (id, tenant_id, list_id, gift_id, name, status, quantity, shares, added_by, moved_at,
                        public_updated_at, created_at, updated_at)
select gen_random_uuid(), $1, ($2::uuid[])[1 + n % cardinality($2::uuid[])], g.ids[1 + n % 100], 'Item ' || n,
       (array['idea', 'selected', 'purchased', 'received'])[1 + n % 4], 1, '[]', $3, now(), now(),
       now() - n * interval '1 minute', now()
from generate_series(1, $4::int) as n, (select array_agg(id) as ids from gifts where tenant_id = $1) as g
"""


async def _measure(admin_url: str, database: Database, size: int, rounds: int) -> None:
    home = Household(database)
    await home.begin()
    occasion_id = await _fill(admin_url, home, size)
    counting = CountingDatabase(database)
    clock = SystemClock()
    counted = cast(Database, counting)
    dashboards, occasions = DashboardService(counted, clock), OccasionService(counted, clock)
    for name, ask in (
        ("dashboard", lambda: dashboards.get(home.ben)),
        ("summary", lambda: occasions.summary(home.ben, occasion_id)),
    ):
        counting.statements.clear()
        await ask()
        statements = len(counting.statements)
        times = await _times(ask, rounds)
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        say(f"{name:10} {size:6} items  {statements} statements  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")


async def _fill(admin_url: str, home: Household, size: int) -> UUID:
    people = [
        await home.planning.persons.add(home.ben, CreatePerson(name=f"Person {number}")) for number in range(_PEOPLE)
    ]
    party = CreateOccasion(name="Feast", date=date(2099, 1, 1), person_ids=[person.id for person in people], budget=1)
    occasion = await home.planning.occasions.add(home.ben, party)
    lists = [
        await home.planning.lists.add(home.ben, CreateList(name="L", person_id=person.id, occasion_id=occasion.id))
        for person in people
    ]
    admin = await asyncpg.connect(admin_url.rpartition("/")[0] + "/project")
    await admin.execute(_FILL_GIFTS, home.ben.tenant_id, home.ben.user_id)
    ids = [gift_list.id for gift_list in lists]
    await admin.execute(_FILL, home.ben.tenant_id, ids, home.ben.user_id, size)
    await admin.execute("vacuum analyze")
    await admin.close()
    return occasion.id


async def _times(ask: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    """Milliseconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - begun) * 1000)
    return times


async def _run(folder: Path, rounds: int) -> None:
    async with (
        EmbeddedPostgres(folder / "postgres") as postgres,
        open_databases(await prepared(postgres)) as databases,
    ):
        for size in SIZES:
            await _measure(postgres.admin_url, databases["project"], size, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description="What dashboard and summary cost in small and large households.")
    parser.add_argument("--rounds", type=int, default=300)
    chosen = parser.parse_args()
    say(describe_machine())
    room = Path(tempfile.mkdtemp(prefix="tessera-gifting-"))
    room.chmod(0o711)
    try:
        asyncio.run(_run(room, chosen.rounds))
    finally:
        remove_data(room / "postgres")


if __name__ == "__main__":
    main()
