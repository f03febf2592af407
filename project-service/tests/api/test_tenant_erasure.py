"""The end of a tenant: closed it does nothing, restored it is as it was, deleted it leaves nothing in any table."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from gifting_household import make_members
from msgspec.structs import replace
from project_builders import person, project_settings
from project_client import ProjectClient, project_path, task_path
from webhook_receiver import Receiver, receiver_up

from project_service.app import create_app
from project_service.object_store import ObjectStore, open_object_store, tenant_prefix
from project_service.personal_data import TABLES, erasure_of
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.auth import AccountAnonymised
from shared.events.questions import StorageAllotment
from shared.jobs.queue import JobQueue
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.personal_data import erasure_steps
from shared.principal import Principal, Role, Tier
from shared.tenant_closures.erasure import ERASURE, SETTLED_AFTER, Erasure, add_erasure
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.callers import ACME, GLOBEX
from shared.testing.erasure import (
    KEPT_BY_AGE,
    PASSING,
    WHILE_ERASED,
    LaterClock,
    close,
    closure_of,
    delete,
    erase,
    erasing_worker,
    restore,
    rows_of_tenant,
)
from shared.testing.eventually import eventually
from shared.testing.members import joined, tell
from shared.testing.service_client import session_with

Serve = Callable[[], AbstractAsyncContextManager[ProjectClient]]

BOUNDARY = "a-boundary"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100)
LARGE = "a text that is kept in the object store\n" * 4_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiver_up() as receiver:
        yield receiver


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_object_store(None, str(tmp_path))


@pytest.fixture
def serve(database: Database, bus: MemoryBus, receiver: Receiver, tmp_path: Path) -> Serve:
    """Runs the service for as long as a test wants."""
    settings = replace(
        project_settings(outbound_allow=receiver.place), object_store_url=None, tessera_home=str(tmp_path)
    )

    @asynccontextmanager
    async def run() -> AsyncIterator[ProjectClient]:
        async with session_with(create_app(settings, database=database, bus=bus)) as session:
            yield ProjectClient(session, database)

    return run


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[ProjectClient]:
    async with serve() as client:
        yield client


class AwayStore(ObjectStore):
    """Which nobody reaches."""

    def __init__(self) -> None: ...

    async def keys_below(self, prefix: str, limit: int) -> list[str]:
        raise ConnectionError


class Team(NamedTuple):
    """People of one tenant, and what they have made."""

    owner: Principal
    member: Principal
    task: dict[str, Any]
    file: dict[str, Any]


async def at_work(client: ProjectClient, receiver: Receiver, tenant_id: UUID) -> Team:
    """Rows in every table of the service."""
    owner, member = person(Role.OWNER, tenant_id), person(Role.DEVELOPER, tenant_id)
    await make_members(client, owner, member)
    webhook = {"url": receiver.url, "events": ["*"]}
    await client.create("/api/v1/webhooks", webhook, who=owner)
    held_back = await client.create("/api/v1/webhooks", webhook, who=owner)
    await client.send("PATCH", f"/api/v1/webhooks/{held_back['id']}", {"active": False}, who=owner)
    task = await _work_on_a_project(client, owner, member)
    file = await _attach(client, owner, task)
    await _plan_gifts(client, owner, member)
    await client.new_session(owner)
    async with client.database.unit_of_work(tenant_id) as work:
        await work.execute("insert into storage_allotments values ($1, 'conversation', 1)", tenant_id)
        await work.execute(
            "insert into attachment_leftovers values (gen_random_uuid(), $1, 1, now())", tenant_id
        )  # a request that was killed
    return Team(owner, member, task, file)


async def _work_on_a_project(client: ProjectClient, owner: Principal, member: Principal) -> dict[str, Any]:
    project = await client.new_project(owner, visibility="tenant")
    path = project_path(project)
    for verb, more, body in (
        ("POST", "/favorite", None),
        ("POST", "/tags", {"name": "moon"}),
        ("POST", "/team/invite", {"username": "member1", "role": "editor"}),
    ):
        assert (await client.send(verb, path + more, body, who=owner)).status < 300, more
    await client.write_files(owner, project, {"a.txt": "a", "large.txt": LARGE})
    label = await client.create(f"{path}/tasks/labels", {"name": "red"}, who=owner)
    first = await client.new_task(owner, project)
    task = await client.new_task(owner, project, label_ids=[label["id"]], assignee_id=str(member.user_id))
    await client.send("POST", f"{task_path(task)}/depends-on/{first['id']}", who=owner)
    await _comment(client, owner, project, task)
    return task


async def _comment(client: ProjectClient, owner: Principal, project: dict[str, Any], task: dict[str, Any]) -> None:
    comments = f"{project_path(project)}/comments"
    about = {"entity_type": "task", "entity_id": task["id"]}
    comment = await client.create(comments, {**about, "body": "Fine"}, who=owner)
    await client.create(comments, {**about, "body": "Thanks", "parent_id": comment["id"]}, who=owner)
    await client.send("PATCH", f"{comments}/{comment['id']}", {"body": "Very fine"}, who=owner)
    await client.send("POST", f"{comments}/{comment['id']}/star", who=owner)


async def _attach(client: ProjectClient, owner: Principal, task: dict[str, Any]) -> dict[str, Any]:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
    answer = await client.send(
        "POST",
        f"{task_path(task)}/attachments",
        raw=head + PNG + f"\r\n--{BOUNDARY}--\r\n".encode(),
        who=owner,
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}", "idempotency-key": "once"},
    )
    assert answer.status == 201, answer
    file: dict[str, Any] = answer.data
    return file


async def _plan_gifts(client: ProjectClient, owner: Principal, member: Principal) -> None:
    async def new(path: str, **fields: Any) -> dict[str, Any]:
        return await client.create(f"/api/v1/{path}", fields, who=owner)

    ada = await new("persons", name="Ada", birthday="1990-12-10", notes="likes kites", user_id=str(member.user_id))
    occasion = await new("occasions", name="Birthday", date="2030-12-10", kind="birthday", person_ids=[ada["id"]])
    wishes = await new("lists", name="Wishes", person_id=ada["id"], occasion_id=occasion["id"], type="wishlist")
    gift = await new("gifts", name="A kite")
    await new(f"lists/{wishes['id']}/items", gift_id=gift["id"])
    await new("comments", entity_type="list", entity_id=wishes["id"], body="Nice")


async def test_of_two_deleted_tenants_one_is_erased_and_the_restored_one_is_as_it_was(
    client: ProjectClient, bus: MemoryBus, database: Database, receiver: Receiver, objects: ObjectStore
) -> None:
    acme, globex = await at_work(client, receiver, ACME), await at_work(client, receiver, GLOBEX)
    for tenant_id in (ACME, GLOBEX):
        await eventually(lambda tenant_id=tenant_id: has_settled(database, tenant_id))
        await close(bus, database, tenant_id)
    filled, before = await rows_of_tenant(database, ACME), await rows_of_tenant(database, GLOBEX)
    assert {table for table, rows in filled.items() if not rows} <= PASSING - {"job_pauses"}
    assert await objects.keys_below(tenant_prefix(ACME), 10) != []

    await restore(bus, database, GLOBEX)
    await delete(bus, database, ACME)
    await erase(database, erasure_of(objects))

    left = {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows}
    assert left <= KEPT_BY_AGE
    assert await objects.keys_below(tenant_prefix(ACME), 10) == []
    assert await closure_of(database, ACME) == "erased"
    after = await rows_of_tenant(database, GLOBEX)
    assert {table: rows for table, rows in after.items() if table != "inbox"} == without(before, "inbox")
    assert (await client.send("GET", task_path(globex.task), who=globex.owner)).status == 200
    assert (await client.send("GET", task_path(acme.task), who=acme.owner)).code == "PROJECT_NOT_FOUND"


async def test_a_walk_that_was_killed_is_finished_by_another_replica(
    serve: Serve, database: Database, receiver: Receiver, objects: ObjectStore
) -> None:
    await left_behind(serve, receiver)
    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(_work: object, _tenant_id: UUID, _limit: int) -> int:
        reached.set()
        await never.wait()
        return 0

    killed = erasing_worker(database, [*erasure_steps(TABLES)[:12], hang], SystemClock())
    running = asyncio.create_task(killed.run())
    await reached.wait()
    half = {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows}
    await erasing_worker(database, erasure_of(objects), LaterClock(SETTLED_AFTER)).run_due()

    assert half - WHILE_ERASED != set()
    assert await closure_of(database, ACME) == "erased"
    assert {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows} <= KEPT_BY_AGE
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_object_store_that_is_away_keeps_no_row_and_is_cleared_when_it_is_back(
    serve: Serve, database: Database, receiver: Receiver, objects: ObjectStore
) -> None:
    await left_behind(serve, receiver)

    await erasing_worker(database, erasure_of(AwayStore()), SystemClock()).run_due()

    assert {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows} <= WHILE_ERASED
    assert await closure_of(database, ACME) == "deleted"
    [job] = await database.system_rows("select status, error from jobs where kind = $1", ERASURE.name)
    assert job == {"status": "scheduled", "error": "ConnectionError"}
    await erasing_worker(database, erasure_of(objects), LaterClock(SETTLED_AFTER)).run_due()
    assert await closure_of(database, ACME) == "erased"
    assert await objects.keys_below(tenant_prefix(ACME), 10) == []


async def test_events_that_come_late_write_nothing_for_a_deleted_tenant(
    client: ProjectClient, bus: MemoryBus, database: Database
) -> None:
    await delete(bus, database, ACME)
    late, other = person(tenant_id=ACME), person(tenant_id=GLOBEX)

    await tell(bus, joined(late, "late@example.com"), ACME)
    await tell(bus, joined(other, "other@example.com"), GLOBEX)
    await eventually(lambda: _is_member(database, other))

    assert not await _is_member(database, late)


async def test_a_question_that_comes_late_writes_nothing_for_a_deleted_tenant(
    client: ProjectClient, bus: MemoryBus, database: Database
) -> None:
    await delete(bus, database, ACME)

    question = StorageAllotment(tenant_id=ACME, tier=Tier.FREE, holder="conversation", size=1024)
    answer = await Requests(bus).ask(question)

    assert answer.allotted == 0
    assert {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows} <= WHILE_ERASED


async def test_a_closed_tenant_tells_nobody_and_shows_no_file(
    client: ProjectClient, bus: MemoryBus, database: Database, receiver: Receiver
) -> None:
    team = await at_work(client, receiver, ACME)
    await eventually(lambda: has_settled(database, ACME))
    granted = await client.send("GET", f"{task_path(team.task)}/attachments/{team.file['id']}/download", who=team.owner)
    link = granted.headers["location"]
    assert (await client.send("GET", link, who=None)).status == 200
    await close(bus, database, ACME)
    told = len(receiver.taken)

    await client.send("PATCH", task_path(team.task), {"title": "A request that was under way"}, who=team.owner)
    refused = await client.send("GET", link, who=None)
    await eventually(lambda: _has_waiting_delivery(database))
    await restore(bus, database, ACME)
    await eventually(lambda: len(receiver.taken) > told)

    assert (refused.status, refused.code) == (404, "ATTACHMENT_NOT_FOUND")
    assert (await client.send("GET", link, who=None)).status == 200


async def test_whoever_is_erased_is_no_person_with_a_birthday_any_more(
    client: ProjectClient, bus: MemoryBus, database: Database, receiver: Receiver
) -> None:
    team = await at_work(client, receiver, ACME)

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=team.member.user_id), ACME)
    await eventually(lambda: _is_nobody(client, team.owner))

    [ada] = (await client.send("GET", "/api/v1/persons", who=team.owner)).items
    assert (ada["birthday"], ada["notes"], ada["relationship"], ada["user_id"]) == (None, None, None, None)
    assert (await client.send("GET", "/api/v1/lists", who=team.owner)).items != []
    [known] = await database.system_rows(
        "select email, display_name from tenant_members where user_id = $1", team.member.user_id
    )
    assert known == {"email": None, "display_name": None}


async def left_behind(serve: Serve, receiver: Receiver) -> None:
    """A tenant that was deleted while no replica of the service runs."""
    async with serve() as client:
        await at_work(client, receiver, ACME)
        await eventually(lambda: has_settled(client.database, ACME))
    async with client.database.system_work() as work:
        await note(work, ACME, ClosureState.DELETED, datetime.now(UTC))
        await add_erasure(work, JobQueue(SystemClock()), Erasure(ACME))


async def has_settled(database: Database, tenant_id: UUID) -> bool:
    """Events were applied and deliveries made: no row changes by itself any more."""
    waiting = await database.system_rows(
        "select from outbox where tenant_id = $1 and sent_at is null union all"
        " select from webhook_deliveries where tenant_id = $1 and status = 'pending' union all"
        " select from jobs where tenant_id = $1 and kind = 'webhook.delivery'",
        tenant_id,
    )
    unapplied = await database.system_rows(
        "select from outbox o where tenant_id = $1 and type like 'project.%'"
        " and not exists (select from inbox i where i.event_id = o.id)",
        tenant_id,
    )
    return waiting == [] and unapplied == []


def without(rows: dict[str, list[str]], table: str) -> dict[str, list[str]]:
    return {name: of_table for name, of_table in rows.items() if name != table}


async def _is_member(database: Database, who: Principal) -> bool:
    rows = await database.system_rows("select from tenant_members where user_id = $1 and is_member", who.user_id)
    return rows != []


async def _has_waiting_delivery(database: Database) -> bool:
    return await database.system_rows("select from webhook_deliveries where status = 'pending'") != []


async def _is_nobody(client: ProjectClient, owner: Principal) -> bool:
    [ada] = (await client.send("GET", "/api/v1/persons", who=owner)).items
    return bool(ada["name"] == "Former member")
