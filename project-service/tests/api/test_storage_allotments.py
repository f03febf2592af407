"""What other services may fill of a tenant's storage: never more than there is room for, whoever writes meanwhile."""

import asyncio

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, files_of

from project_service.blobs.allotments import granted
from shared.db.databases import Database
from shared.events.questions import StorageAllotment, StorageAllotmentAnswer
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role, Tier
from shared.quotas import GIB
from shared.testing.callers import GLOBEX

MIB = 1024 * 1024


def asked(who: Principal, size: int, holder: str = "conversation") -> StorageAllotment:
    return StorageAllotment(tenant_id=who.tenant_id, tier=who.tier, holder=holder, size=size)


async def use(database: Database, who: Principal, size: int) -> None:
    async with database.unit_of_work(who.tenant_id) as work:
        await work.execute("insert into storage_use (tenant_id, used) values ($1, $2)", who.tenant_id, size)


@pytest.fixture
def ask(client: ProjectClient, bus: MemoryBus) -> Requests:
    return Requests(bus)


async def test_as_much_is_allotted_as_there_is_room_for_and_it_counts(ask: Requests, database: Database) -> None:
    ada = person()
    await use(database, ada, GIB - 10 * MIB)

    first = await ask.ask(asked(ada, 4 * MIB))
    again = await ask.ask(asked(ada, 4 * MIB))
    other = await ask.ask(asked(ada, 1 * MIB, holder="other"))
    too_much = await ask.ask(asked(ada, 12 * MIB))
    less = await ask.ask(asked(ada, 2 * MIB))

    assert first == again == StorageAllotmentAnswer(allotted=4 * MIB, used=GIB - 6 * MIB, limit=GIB)
    assert other == StorageAllotmentAnswer(allotted=1 * MIB, used=GIB - 5 * MIB, limit=GIB)
    assert too_much == StorageAllotmentAnswer(allotted=9 * MIB, used=GIB, limit=GIB)
    assert less == StorageAllotmentAnswer(allotted=2 * MIB, used=GIB - 7 * MIB, limit=GIB)


async def test_what_is_allotted_is_no_room_for_files(ask: Requests, client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await ask.ask(asked(ada, GIB))
    body = {"files": [{"path": "a", "content": "new"}]}

    full = await client.send("PUT", files_of(project), body, who=ada)
    await ask.ask(asked(ada, GIB - 3))
    fits = await client.send("PUT", files_of(project), body, who=ada)

    assert (full.code, full.json["error"]["details"]["used"]) == ("TIER_LIMIT_EXCEEDED", GIB)
    assert fits.status == 200


async def test_a_downgrade_takes_nothing_away_and_gives_nothing_more(ask: Requests, database: Database) -> None:
    ada = person()
    paying = msgspec.structs.replace(ada, tier=Tier.PRO)
    await use(database, ada, GIB)
    await ask.ask(asked(paying, 5 * MIB))

    more, less = await ask.ask(asked(ada, 6 * MIB)), await ask.ask(asked(ada, 3 * MIB))

    assert (more.allotted, less.allotted) == (5 * MIB, 3 * MIB)


async def test_fifty_uploads_and_requests_at_once_never_take_more_than_the_tier_includes(
    ask: Requests, client: ProjectClient, database: Database
) -> None:
    ada, size = person(), 1000
    projects = [await client.new_project(ada) for _ in range(5)]
    await use(database, ada, GIB - 20 * size)

    async def upload(number: int) -> None:
        body = {"files": [{"path": f"f{number}", "content": f"{number:0{size}}"}]}
        await client.send("PUT", files_of(projects[number % 5]), body, who=ada)

    async def allot(number: int) -> None:
        await ask.ask(asked(ada, (number + 1) * size, holder=f"holder {number % 3}"), deadline=30)

    await asyncio.gather(*(upload(number) if number % 2 else allot(number) for number in range(50)))

    assert await counted(database, ada) == (GIB, GIB - 20 * size)


async def counted(database: Database, who: Principal) -> tuple[int, int]:
    """What the account says, and what it says without what is kept and allotted by now."""
    [use] = await database.system_rows("select used from storage_use where tenant_id = $1", who.tenant_id)
    [kept] = await database.system_rows(
        "select coalesce(sum(size), 0)::bigint as size from blobs where tenant_id = $1 and kept_by is not null",
        who.tenant_id,
    )
    [lent] = await database.system_rows(
        "select coalesce(sum(size), 0)::bigint as size from storage_allotments where tenant_id = $1", who.tenant_id
    )
    return use["used"], use["used"] - kept["size"] - lent["size"]


async def test_tenants_have_accounts_of_their_own(ask: Requests, database: Database) -> None:
    ada, eve = person(), person(Role.OWNER, GLOBEX)
    await ask.ask(asked(ada, GIB))

    answer = await ask.ask(asked(eve, MIB))

    assert answer == StorageAllotmentAnswer(allotted=MIB, used=MIB, limit=GIB)
    async with database.unit_of_work(eve.tenant_id) as work:
        seen = await work.rows("select tenant_id from storage_allotments")
    assert [row["tenant_id"] for row in seen] == [eve.tenant_id]


@pytest.mark.parametrize(
    ("asked_for", "before", "room", "gets"),
    [(10, 0, 20, 10), (10, 0, 4, 4), (10, 6, 4, 6), (3, 6, -5, 3), (10, 6, -5, 6), (0, 6, 20, 0)],
)
def test_more_is_given_as_far_as_there_is_room_and_less_always(
    asked_for: int, before: int, room: int, gets: int
) -> None:
    assert granted(asked_for, before, room) == gets
