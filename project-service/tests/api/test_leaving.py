"""What becomes of the things of a member who leaves the tenant, or a project: handed back, ended or passed on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from gifting_household import API, Household, move_in
from project_builders import person
from project_client import ProjectClient, project_path, task_path, tasks_of
from project_people import introduce, is_known

from project_service.comments import repository as comments
from project_service.comments.schemas import CommentQuery
from project_service.leaving.service import PORTION
from project_service.versions import repository as versions
from project_service.versions.schemas import VersionListQuery
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import AccountDeactivated
from shared.events.topics import list_topic, person_topic, project_topic, tasks_topic, tenant_topic
from shared.ids import new_id
from shared.members.leavings import LEAVING, Leaving
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.callers import ACME, GLOBEX
from shared.testing.counting import CountingDatabase
from shared.testing.erasure import LaterClock
from shared.testing.eventually import eventually
from shared.testing.members import is_all_dealt_with, joined, leave_behind, leaving_worker, left, tell

WEBHOOKS = "/api/v1/webhooks"
SECOND = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=LEAVING.retry.longest)
RECEIVER = "https://example.com/hook"


async def leave(client: ProjectClient, bus: MemoryBus, who: Principal, *, at: datetime | None = None) -> None:
    """Returns when all of theirs is dealt with."""
    await tell(bus, left(who), who.tenant_id, at=at)

    async def is_over() -> bool:
        gone = "select 1 from tenant_members where user_id = $1 and not is_member"
        return bool(await client.database.system_rows(gone, who.user_id)) and await is_all_dealt_with(client.database)

    await eventually(is_over)


async def read(client: ProjectClient, who: Principal, path: str) -> Any:
    return (await client.send("GET", path, who=who)).data


async def test_their_tasks_are_nobodys_again_and_everybody_hears_of_it(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben, other = person(Role.OWNER), person(), person()
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    await introduce(client, bus, (other, "c@example.com", "Cy"))
    project = await client.new_project(owner)
    theirs = await client.new_task(owner, project, assignee_id=str(ben.user_id), status="done")
    others = await client.new_task(owner, project, assignee_id=str(other.user_id))

    await leave(client, bus, ben)

    after = await read(client, owner, task_path(theirs))
    assert (after["assignee_id"], after["version"], after["status"]) == (None, theirs["version"] + 1, "done")
    assert after["updated_at"] > theirs["updated_at"]
    assert await read(client, owner, task_path(others)) == others
    assigned = await client.send("GET", f"{tasks_of(project)}?assignee_id={ben.user_id}", who=owner)
    assert assigned.json["total"] == 0
    *_, event = await client.events(owner, tasks_topic(project["id"]))
    assert event.type == "project.task.assigned"
    change = event_data(event)
    assert (change["payload"], change["changed_fields"], change["version"]) == (after, ["assignee_id"], 2)
    await eventually(lambda: has_activity(client, owner, project, "task.assigned"))


async def test_many_tasks_are_cleared_in_portions(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(Role.OWNER), person()
    await introduce(client, bus, (ben, "b@example.com", "Ben"))
    project = await client.new_project(owner)
    count = 2 * PORTION + 1
    async with client.database.unit_of_work(owner.tenant_id) as work:
        await work.execute(MANY_TASKS, owner.tenant_id, project["id"], owner.user_id, ben.user_id, count)

    await leave(client, bus, ben)

    rows = await client.database.system_rows("select version, assignee_id from tasks")
    assert {(row["version"], row["assignee_id"]) for row in rows} == {(2, None)}
    events = await client.events(owner, tasks_topic(project["id"]))
    assert len({event.subject for event in events}) == len(events) == count


async def test_what_a_replica_that_was_killed_has_left_is_found_again(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(Role.OWNER), person()
    await introduce(client, bus, (ben, "b@example.com", "Ben"))
    project = await client.new_project(owner)
    await client.new_task(owner, project, assignee_id=str(ben.user_id))
    await leave(client, bus, ben)
    async with client.database.system_work() as work:  # a service was killed between two portions
        await work.execute("update tasks set assignee_id = $1", ben.user_id)
    await leave_behind(client.database, Leaving(ben.tenant_id, ben.user_id, None, datetime.now(UTC)))

    await leave(client, bus, ben)

    assert await client.database.system_rows("select 1 from tasks where assignee_id is not null") == []


async def test_a_removal_that_is_known_late_takes_what_was_theirs_before_and_nothing_since(
    client: ProjectClient, bus: MemoryBus
) -> None:
    """The members are read anew, and have them back, before the event of their removal arrives."""
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(owner)
    await client.join(project, ben, "editor")
    made = {"url": RECEIVER, "events": ["task.*"]}
    old_task = await client.new_task(owner, project, assignee_id=str(ben.user_id))
    old_webhook = await client.create(WEBHOOKS, made, who=ben)
    removed_at = datetime.now(UTC)
    returned_at = removed_at + timedelta(minutes=1)
    await tell(bus, joined(ben, "b@example.com", "Ben"), ben.tenant_id, at=returned_at)
    await eventually(lambda: is_seen_at(client, ben, returned_at))
    new_task = await client.new_task(owner, project, assignee_id=str(ben.user_id))
    new_webhook = await client.create(WEBHOOKS, made, who=ben)
    other = await client.new_project(owner)
    await client.join(other, ben, "editor")

    await tell(bus, left(ben), ben.tenant_id, at=removed_at)
    await eventually(lambda: has_assignee(client, owner, old_task, None))
    await eventually(lambda: is_all_dealt_with(client.database))

    assert (await read(client, owner, f"{WEBHOOKS}/{old_webhook['id']}"))["created_by"] == str(owner.user_id)
    teams = await client.database.system_rows("select project_id from project_members where user_id = $1", ben.user_id)
    assert [str(row["project_id"]) for row in teams] == [other["id"]]
    assert await read(client, owner, task_path(new_task)) == new_task
    assert (await read(client, owner, f"{WEBHOOKS}/{new_webhook['id']}"))["created_by"] == str(ben.user_id)
    [member] = await client.database.system_rows("select * from tenant_members where user_id = $1", ben.user_id)
    assert (member["is_member"], member["joined_at"]) == (True, returned_at)  # no history from before is theirs


async def test_what_is_left_to_do_spares_what_they_got_since_they_are_back(
    client: ProjectClient, bus: MemoryBus
) -> None:
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(owner)
    old = await client.new_task(owner, project, assignee_id=str(ben.user_id))
    left_at = datetime.now(UTC)
    new = await client.new_task(owner, project, assignee_id=str(ben.user_id))
    mine = await client.new_project(ben)
    webhook = await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["*"], "project_id": mine["id"]}, who=ben)
    await leave_behind(client.database, Leaving(ben.tenant_id, ben.user_id, None, left_at))

    await tell(bus, left(person(tenant_id=GLOBEX)), GLOBEX)  # wakes the worker
    await eventually(lambda: is_all_dealt_with(client.database))

    assert [(await read(client, owner, task_path(task)))["assignee_id"] for task in (old, new)] == [
        None,
        str(ben.user_id),
    ]
    assert (await read(client, owner, f"{WEBHOOKS}/{webhook['id']}"))["active"]
    assert (await read(client, ben, project_path(mine)))["owner_id"] == str(ben.user_id)


class Steps:
    """What there is of each member, by number of portions; `failing` are those with whom nothing can be done."""

    def __init__(self, portions: dict[UUID, int], *failing: UUID) -> None:
        self.dealt_with: list[Leaving] = []
        self._portions = portions
        self._failing = failing

    async def __call__(self, _work: Work, leaving: Leaving, _until: datetime) -> AsyncIterator[int]:
        if leaving.user_id in self._failing:
            raise RuntimeError("no use")
        self.dealt_with.append(leaving)
        self._portions[leaving.user_id] -= 1
        yield int(self._portions[leaving.user_id] >= 0)

    @property
    def users(self) -> list[UUID]:
        return [leaving.user_id for leaving in self.dealt_with]


def leavings_of(*people: Principal, left_at: datetime | None = None) -> list[Leaving]:
    return [Leaving(who.tenant_id, who.user_id, None, left_at or datetime.now(UTC)) for who in people]


async def test_who_leaves_again_meanwhile_is_not_forgotten(database: Database) -> None:
    """In whatever order the news of it arrive."""
    ben, now = person(), datetime.now(UTC)
    [second] = leavings_of(ben, left_at=now)
    [first] = leavings_of(ben, left_at=now - SECOND)
    steps = Steps({ben.user_id: 4})
    await leave_behind(database, second, first)

    await leaving_worker(database, steps, SystemClock()).run_due()

    assert set(steps.dealt_with) == {first, second}
    assert await is_all_dealt_with(database)


async def test_of_one_member_one_portion_is_dealt_with_at_a_time(database: Database) -> None:
    """Portions of one member would meet at the same rows."""
    ben = person()
    reached, release = asyncio.Event(), asyncio.Event()
    at_it: list[Leaving] = []

    async def hang(_work: Work, leaving: Leaving, _until: datetime) -> AsyncIterator[int]:
        at_it.append(leaving)
        reached.set()
        await release.wait()
        yield 0

    await leave_behind(database, *leavings_of(ben), *leavings_of(ben))
    hanging = asyncio.create_task(leaving_worker(database, hang, SystemClock()).run_due())
    await reached.wait()
    await leaving_worker(database, hang, SystemClock()).run_due()

    jobs = await database.system_rows("select status from jobs order by status")
    assert [job["status"] for job in jobs] == ["queued", "running"]
    assert len(at_it) == 1
    release.set()
    await hanging
    assert len(at_it) == 2


async def test_members_whose_things_cannot_be_dealt_with_hold_up_nobody(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    """However many they are. Without the service: its own worker would deal with them."""
    ben, broken = person(), [person() for _ in range(50)]
    steps = Steps({ben.user_id: 1}, *(who.user_id for who in broken))
    await leave_behind(database, *leavings_of(*broken, ben))

    await leaving_worker(database, steps, SystemClock()).run_due()

    assert steps.users == [ben.user_id] * 2
    waiting = await database.system_rows("select status, error from jobs where kind = $1", LEAVING.name)
    assert waiting == [{"status": "scheduled", "error": "RuntimeError"}] * len(broken)
    logged = capfd.readouterr()
    assert "no use" in logged.out + logged.err


async def test_what_failed_is_tried_again_however_often(database: Database) -> None:
    """What somebody had must not stay, so it is never given up."""
    [ben] = leavings_of(person())
    await leave_behind(database, ben)
    async with database.system_work() as work:
        await work.execute("update jobs set attempts = 10000")

    await leaving_worker(database, Steps({}, ben.user_id), SystemClock()).run_due()
    later = leaving_worker(database, Steps({ben.user_id: 1}), LaterClock(LONGEST_PAUSE))
    [job] = await database.system_rows("select status from jobs")
    await later.run_due()

    assert job == {"status": "scheduled"}
    assert await is_all_dealt_with(database)


async def test_members_with_many_things_take_turns_with_others(database: Database) -> None:
    """More of them than are dealt with at a time, of one tenant and of others."""
    many = [person(tenant_id=tenant_id) for tenant_id in (ACME, GLOBEX) for _ in range(LEAVING.limits.per_worker)]
    few = [person(), person(tenant_id=GLOBEX), person(tenant_id=new_id())]
    steps = Steps({who.user_id: 20 for who in many} | {who.user_id: 0 for who in few})
    await leave_behind(database, *leavings_of(*many, *few))

    await leaving_worker(database, steps, SystemClock()).run_due()

    assert max(steps.users.index(who.user_id) for who in few) < 2 * (len(many) + len(few))
    assert len(steps.users) == 21 * len(many) + len(few)
    assert await is_all_dealt_with(database)


async def test_a_portion_whose_worker_hangs_has_its_effect_once(database: Database) -> None:
    """Another replica takes it over, and what the first does after that is not committed."""
    [ben] = leavings_of(person())
    reached, release = asyncio.Event(), asyncio.Event()

    async def late(work: Work, leaving: Leaving, until: datetime) -> AsyncIterator[int]:
        reached.set()
        await release.wait()
        async for count in write(work, leaving, until):
            yield count

    async def write(work: Work, leaving: Leaving, _until: datetime) -> AsyncIterator[int]:
        await work.execute("insert into attachment_leftovers values ($1, $2, 1, now())", new_id(), leaving.tenant_id)
        yield 0

    await leave_behind(database, ben)
    hanging = asyncio.create_task(leaving_worker(database, late, SystemClock()).run_due())
    await reached.wait()
    await leaving_worker(database, write, LaterClock(timedelta(minutes=1))).run_due()
    release.set()
    await hanging

    assert len(await database.system_rows("select from attachment_leftovers")) == 1
    assert await is_all_dealt_with(database)


async def test_who_leaves_a_closed_tenant_has_left(database: Database) -> None:
    ben = person()
    async with database.system_work() as work:
        await note(work, ben.tenant_id, ClosureState.CLOSED, datetime.now(UTC))
    await leave_behind(database, *leavings_of(ben))

    await leaving_worker(database, Steps({ben.user_id: 1}), SystemClock()).run_due()

    assert await is_all_dealt_with(database)


async def test_nothing_of_a_deleted_project_is_published_again(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(Role.OWNER), person()
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    task = await client.new_task(ben, project, assignee_id=str(ben.user_id))
    assert (await client.send("DELETE", project_path(project), who=ben)).status == 204
    types = "select type from outbox where type like 'project.%' and type <> 'project.member.removed' order by seq"
    before = await client.database.system_rows(types)

    await leave(client, bus, ben)

    assert await client.database.system_rows(types) == before
    restored = await client.send("POST", f"{project_path(project)}/restore", who=owner)
    assert restored.data["owner_id"] == str(owner.user_id)
    assert (await read(client, owner, task_path(task)))["assignee_id"] is None


async def test_who_closes_their_account_has_left(client: ProjectClient, bus: MemoryBus) -> None:
    """For good: nobody opens a closed account again. The person stays linked until the account is erased."""
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    task = await client.new_task(owner, project, assignee_id=str(ben.user_id))
    webhook = await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["*"]}, who=ben)
    linked = await client.create(f"{API}/persons", {"name": "Ben", "user_id": str(ben.user_id)}, who=ben)

    await tell(bus, AccountDeactivated(tenant_id=ben.tenant_id, user_id=ben.user_id), ben.tenant_id)

    await eventually(lambda: has_assignee(client, owner, task, None))
    await eventually(lambda: is_all_dealt_with(client.database))
    assert (await read(client, owner, project_path(project)))["owner_id"] == str(owner.user_id)
    assert (await read(client, owner, f"{WEBHOOKS}/{webhook['id']}"))["created_by"] == str(owner.user_id)
    assert (await read(client, owner, f"{API}/persons/{linked['id']}"))["user_id"] == str(ben.user_id)
    known = await client.database.system_rows("select display_name from tenant_members where user_id = $1", ben.user_id)
    assert [row["display_name"] for row in known] == [None]


async def test_the_things_of_somebody_in_another_tenant_stay(client: ProjectClient, bus: MemoryBus) -> None:
    """The same account, two tenants."""
    here = person(Role.OWNER)
    there = Principal(user_id=here.user_id, tenant_id=GLOBEX, session_id=new_id(), role=Role.OWNER)
    await introduce(client, bus, (here, "a@example.com", "Ada"), (there, "a@example.com", "Ada"))
    kept = []
    for who in (here, there):
        project = await client.new_project(who)
        kept.append(await client.new_task(who, project, assignee_id=str(who.user_id)))
        await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["*"], "project_id": project["id"]}, who=who)

    await leave(client, bus, here)

    assert await read(client, there, task_path(kept[1])) == kept[1]
    [webhook] = (await client.send("GET", WEBHOOKS, who=there)).items
    assert webhook["active"]
    new_owner = person(Role.OWNER)
    assert (await read(client, new_owner, task_path(kept[0])))["assignee_id"] is None


async def test_their_webhooks_end_and_stay_ended_when_they_come_back(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    made = {"url": RECEIVER, "events": ["task.*"]}
    of_project = await client.create(WEBHOOKS, {**made, "project_id": project["id"]}, who=ben)
    of_tenant = await client.create(WEBHOOKS, made, who=ben)

    await leave(client, bus, ben)
    ended = await read(client, owner, f"{WEBHOOKS}/{of_project['id']}")
    passed = await read(client, owner, f"{WEBHOOKS}/{of_tenant['id']}")
    await tell(bus, joined(ben, "b@example.com", "Ben"), ben.tenant_id, at=datetime.now(UTC) + timedelta(seconds=1))
    await eventually(lambda: is_known(client, ben))

    assert (ended["active"], ended["disabled_reason"]) == (False, "maker_left")
    assert (passed["active"], passed["created_by"]) == (True, str(owner.user_id))
    assert await read(client, owner, f"{WEBHOOKS}/{of_project['id']}") == ended
    assert await read(client, owner, f"{WEBHOOKS}/{of_tenant['id']}") == passed
    [told] = await client.database.system_rows("select data from outbox where type = 'project.webhook.disabled'")
    news = msgspec.json.decode(told["data"])
    assert (news["webhook_id"], news["user_id"], news["reason"]) == (of_project["id"], str(owner.user_id), "maker_left")
    [told] = await client.database.system_rows("select data from outbox where type = 'project.webhook.passed_on'")
    news = msgspec.json.decode(told["data"])
    assert (news["webhook_id"], news["user_id"]) == (of_tenant["id"], str(owner.user_id))


async def test_a_webhook_of_the_tenant_misses_nothing_while_it_is_passed_on(
    client: ProjectClient, bus: MemoryBus
) -> None:
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    webhook = await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["membership.removed"]}, who=ben)

    await tell(bus, left(ben), ben.tenant_id, topics=[tenant_topic(ben.tenant_id)])

    async def is_told() -> bool:
        deliveries = await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=owner)
        return [each["type"] for each in deliveries.items] == ["membership.removed"]

    await eventually(is_told)


async def test_nothing_of_a_log_is_left_that_the_new_maker_may_not_know(client: ProjectClient, bus: MemoryBus) -> None:
    """The owner is a person of gift planning: what was told to the former maker may be their surprise."""
    owner, ben = person(Role.OWNER), person(Role.ADMIN)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    await client.create(f"{API}/persons", {"name": "Olga", "user_id": str(owner.user_id)}, who=ben)
    webhook = await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["*"]}, who=ben)
    await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ben)

    await leave(client, bus, ben)

    of_it = await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=owner)
    assert (of_it.status, [each for each in of_it.items if each["type"] == "webhook.test"]) == (200, [])


async def test_who_makes_an_ended_webhook_active_again_answers_for_it(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(Role.OWNER), person()
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    made = {"url": RECEIVER, "events": ["task.*"], "project_id": project["id"]}
    webhook = await client.create(WEBHOOKS, made, who=ben)
    await leave(client, bus, ben)

    again = await client.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": True}, who=owner)

    assert (again.data["active"], again.data["created_by"]) == (True, str(owner.user_id))
    assert (again.data["disabled_at"], again.data["disabled_reason"]) == (None, None)


async def test_a_webhook_of_a_tenant_whose_owner_is_not_known_ends(client: ProjectClient, bus: MemoryBus) -> None:
    ben, admin = person(Role.ADMIN), person(Role.ADMIN)
    await introduce(client, bus, (ben, "b@example.com", "Ben"), (admin, "d@example.com", "Di"))
    webhook = await client.create(WEBHOOKS, {"url": RECEIVER, "events": ["*"]}, who=ben)

    await leave(client, bus, ben)

    ended = await read(client, admin, f"{WEBHOOKS}/{webhook['id']}")
    assert (ended["active"], ended["disabled_reason"], ended["created_by"]) == (False, "maker_left", str(ben.user_id))


async def test_a_project_passes_to_one_of_its_owners_or_the_tenants(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben, cy = person(Role.OWNER), person(), person()
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    await introduce(client, bus, (cy, "c@example.com", "Cy"))
    shared, alone = await client.new_project(ben), await client.new_project(ben)
    await client.join(shared, cy, "owner")

    await leave(client, bus, ben)

    assert (await read(client, owner, project_path(shared)))["owner_id"] == str(cy.user_id)
    assert (await read(client, owner, project_path(alone)))["owner_id"] == str(owner.user_id)
    events = [event_data(event) for event in await client.events(owner, project_topic(alone["id"]))]
    [passed] = [event for event in events if event["changed_fields"] == ["owner_id"]]
    assert (passed["payload"]["owner_id"], passed["version"]) == (str(owner.user_id), 2)


async def test_what_they_were_to_give_is_anybodys_again(client: ProjectClient, bus: MemoryBus) -> None:
    home = await move_in(client)
    wishes = await home.wishlist(home.olga)
    alone, together, others = [await home.item(home.olga, wishes, name=name) for name in ("Kite", "Boat", "Ball")]
    await home.assign(home.ben, alone, home.ben)
    await home.move(home.ben, alone, "selected", "purchased")
    await home.assign(home.cleo, together, home.cleo, share=40)
    await home.assign(home.ben, together, home.ben, share=60)
    await home.assign(home.cleo, others, home.cleo)
    before = await item_of(home, others)

    await leave(client, bus, home.ben)

    left_alone, left_together = await item_of(home, alone), await item_of(home, together)
    assert (left_alone["assigned_to"], left_alone["shares"], left_alone["status"]) == (None, [], "purchased")
    assert left_together["assigned_to"] == str(home.cleo.user_id)
    assert left_together["shares"] == [{"user_id": str(home.cleo.user_id), "share": 40}]
    assert await item_of(home, others) == before
    told = [event_data(event) for event in await client.events(home.olga, list_topic(wishes["id"]))]
    assert told[-1]["changed_fields"] == ["assigned_to", "shares"] or told[-1]["changed_fields"] == ["shares"]
    assert {told[-1]["entity_id"], told[-2]["entity_id"]} == {alone["id"], together["id"]}
    assert told[-1]["payload"] in (left_alone, left_together)


async def test_that_a_giver_has_left_is_kept_from_whom_it_is_for(client: ProjectClient, bus: MemoryBus) -> None:
    home = await move_in(client)
    wishes = await home.wishlist(home.ada)
    item = await home.item(home.ada, wishes)
    await home.assign(home.ben, item, home.ben)
    before = await home.read(f"list-items/{item['id']}", home.ada)

    await leave(client, bus, home.ben)

    assert (await home.read(f"list-items/{item['id']}", home.ada)).without_trace == before.without_trace


async def test_a_person_is_no_member_any_more(client: ProjectClient, bus: MemoryBus) -> None:
    home = await move_in(client)

    await leave(client, bus, home.ada)

    after = await read(client, home.olga, f"{API}/persons/{home.ada_as_person['id']}")
    assert (after["user_id"], after["version"], after["name"]) == (None, 2, "Ada")
    *_, event = await client.events(home.olga, person_topic(home.ada_as_person["id"]))
    told = event_data(event)
    assert (told["changed_fields"], told["relinked"]) == (["user_id"], [str(home.ada.user_id)])


async def test_who_is_taken_off_a_private_project_keeps_no_tasks_in_it(client: ProjectClient, bus: MemoryBus) -> None:
    owner, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    private, public = await client.new_project(owner), await client.new_project(owner, visibility="tenant")
    elsewhere = await client.new_project(owner)
    tasks = []
    for project in (private, public, elsewhere):
        await client.join(project, ben, "owner")
        tasks.append(await client.new_task(owner, project, assignee_id=str(ben.user_id)))
    made = {"url": RECEIVER, "events": ["task.*"], "project_id": private["id"]}
    webhook = await client.create(WEBHOOKS, made, who=ben)

    for project in (private, public):
        answer = await client.send("DELETE", f"{project_path(project)}/team/{ben.user_id}", who=owner)
        assert answer.status == 204

    async def is_cleared() -> bool:
        return (await read(client, owner, task_path(tasks[0])))["assignee_id"] is None

    await eventually(is_cleared)
    await eventually(lambda: is_all_dealt_with(client.database))
    assert (await read(client, owner, f"{WEBHOOKS}/{webhook['id']}"))["disabled_reason"] == "maker_left"
    for task in tasks[1:]:
        assert (await read(client, owner, task_path(task)))["assignee_id"] == str(ben.user_id)


@pytest.mark.parametrize("path", ["comments", "activity", "versions"])
async def test_authors_have_names_until_they_leave(client: ProjectClient, bus: MemoryBus, path: str) -> None:
    owner, ben = person(Role.OWNER), person()
    await introduce(client, bus, (owner, "o@example.com", "Olga"), (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "Look"}
    comment = await client.create(f"{project_path(project)}/comments", about, who=ben)
    await client.write_files(ben, project, {"a.txt": "a"})
    await eventually(lambda: has_activity(client, owner, project, "version.added"))
    there = await authors(client, owner, project, path)
    await tell(bus, joined(ben, "b@example.com", "Benjamin"), ben.tenant_id)
    await eventually(lambda: is_called(client, owner, project, path, "Benjamin"))

    await leave(client, bus, ben)
    left_authors = await authors(client, owner, project, path)
    await tell(bus, joined(ben, "b@example.com", "Ben II"), ben.tenant_id, at=datetime.now(UTC) + timedelta(seconds=1))

    assert comment["author"] == {"id": str(ben.user_id), "display_name": "Ben"}
    assert there[-1] == {"id": str(ben.user_id), "display_name": "Ben"}
    assert {"id": str(ben.user_id), "display_name": "Former member"} in left_authors
    assert not any(each and each["display_name"].startswith("Ben") for each in left_authors)
    await eventually(lambda: is_called(client, owner, project, path, "Ben II"))


async def test_live_events_name_the_author_as_rest_does(client: ProjectClient, bus: MemoryBus) -> None:
    ben = person()
    await introduce(client, bus, (ben, "b@example.com", "Ben"))
    project = await client.new_project(ben)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "Look"}
    comments = f"{project_path(project)}/comments"
    comment = await client.create(comments, about, who=ben)
    added = await client.events(ben, f"comments:project:{project['id']}")  # before the edit redacts it
    await client.send("PATCH", f"{comments}/{comment['id']}", {"body": "Look here"}, who=ben)
    await client.write_files(ben, project, {"a.txt": "a"})

    told = [
        *added,
        *(await client.events(ben, f"comments:project:{project['id']}"))[1:],
        *[event for event in await client.events(ben, f"files:{project['id']}") if "version" in event.type],
    ]

    assert [event_data(event)["payload"]["author"]["display_name"] for event in told] == ["Ben"] * 3


async def test_a_page_costs_as_many_statements_however_many_authors_there_are(
    client: ProjectClient, bus: MemoryBus
) -> None:
    people = [person(Role.ADMIN) for _ in range(10)]
    await introduce(client, bus, *((who, f"{number}@example.com", f"No {number}") for number, who in enumerate(people)))
    project = await client.new_project(people[0])
    for who in people:
        about = {"entity_type": "project", "entity_id": project["id"], "body": "Look"}
        await client.create(f"{project_path(project)}/comments", about, who=who)
        await client.write_files(who, project, {"a.txt": str(who.user_id)})
    project_id, costs, names = UUID(project["id"]), [], []

    for size in (1, 10):
        counting = CountingDatabase(client.database)
        async with counting.unit_of_work(people[0].tenant_id) as work:
            query = CommentQuery(page_size=size, include_total=False)
            said = await comments.find_page(work, people[0], query, project_id=project_id)
            made = await versions.find_page(
                work, people[0].tenant_id, project_id, VersionListQuery(page_size=size, include_total=False)
            )
        costs.append(len(counting.statements))
        names = [[each.author.display_name for each in page.items if each.author] for page in (said, made)]

    assert costs == [2, 2]
    assert names == [[f"No {number}" for number in range(10)], [f"No {number}" for number in reversed(range(10))]]


async def test_an_author_whom_the_service_does_not_know_yet_has_no_name(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    comment = await client.create(
        f"{project_path(project)}/comments",
        {"entity_type": "project", "entity_id": project["id"], "body": "First"},
        who=ada,
    )

    assert comment["author"] == {"id": str(ada.user_id), "display_name": None}


def event_data(event: Any) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(event.data)
    return data


async def item_of(home: Household, item: dict[str, Any]) -> Any:
    return (await home.read(f"list-items/{item['id']}", home.cleo)).data


async def authors(client: ProjectClient, who: Principal, project: dict[str, Any], path: str) -> list[Any]:
    return [each["author"] for each in (await client.send("GET", f"{project_path(project)}/{path}", who=who)).items]


async def is_called(client: ProjectClient, who: Principal, project: dict[str, Any], path: str, name: str) -> bool:
    return any(each and each["display_name"] == name for each in await authors(client, who, project, path))


async def has_activity(client: ProjectClient, who: Principal, project: dict[str, Any], kind: str) -> bool:
    activity = await client.send("GET", f"{project_path(project)}/activity", who=who)
    return any(each["type"] == kind for each in activity.items)


async def has_assignee(client: ProjectClient, who: Principal, task: dict[str, Any], user_id: UUID | None) -> bool:
    assignee: str | None = (await read(client, who, task_path(task)))["assignee_id"]
    return assignee == (None if user_id is None else str(user_id))


async def is_seen_at(client: ProjectClient, who: Principal, at: datetime) -> bool:
    rows = await client.database.system_rows("select as_of from tenant_members where user_id = $1", who.user_id)
    return [row["as_of"] for row in rows] == [at]


MANY_TASKS = """
insert into tasks (id, tenant_id, project_id, created_by, title, status, priority, assignee_id, position,
                   created_at, updated_at)
select gen_random_uuid(), $1, $2, $3, 'Task ' || n, 'todo', 'normal', $4, n, now(), now() from generate_series(1, $5) n
"""
