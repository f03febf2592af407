"""What webhooks are told: signed, in order, again until it is taken, and only what their makers may see."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from project_builders import KEY_ENCRYPTION_SECRET, person, project_settings
from project_client import ProjectClient, project_path, task_path
from prometheus_client import CollectorRegistry
from standardwebhooks import Webhook
from webhook_receiver import Receiver, receiver_up

from project_service.app import create_app
from project_service.outbound.client import OutboundClient
from project_service.outbound.destinations import allowed_destinations
from project_service.webhooks import delivery_log
from project_service.webhooks.deliveries import forget_deliveries
from project_service.webhooks.delivery_jobs import DELIVERY, LIMITS, delivery_kind, ordered
from project_service.webhooks.delivery_log import PendingDelivery
from project_service.webhooks.delivery_worker import DeliveryMetrics, DeliveryWorker
from project_service.webhooks.domain import FAULT_OF_OURS, Pace
from project_service.webhooks.schemas import DisabledReason
from project_service.webhooks.service import WebhookService
from project_service.webhooks.signing import Secrets
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.topics import tenant_topic, user_topic
from shared.ids import new_id
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.telemetry.metrics import Metrics
from shared.testing.callers import GLOBEX
from shared.testing.eventually import eventually
from shared.testing.members import changed, joined, left, tell
from shared.testing.service_client import session_with

WEBHOOKS = "/api/v1/webhooks"
QUICK = Pace(schedule=(0,) + (0.02,) * 60, jitter=0.5, slow_down=0.05, timeout=1.0)
soon = partial(eventually, within=5.0)
SOME_DAY = datetime(2100, 1, 1, tzinfo=UTC)
THREE_TIMES = QUICK._replace(schedule=(0, 0.02, 0.02))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiver_up() as receiver:
        yield receiver


@pytest.fixture
def pace() -> Pace:
    return QUICK


@pytest.fixture
async def client(database: Database, bus: MemoryBus, receiver: Receiver, pace: Pace) -> AsyncIterator[ProjectClient]:
    settings = project_settings(outbound_allow=receiver.place)
    async with session_with(create_app(settings, database=database, bus=bus, pace=pace)) as session:
        yield ProjectClient(session, database)


@pytest.fixture
async def idle(
    database: Database, bus: MemoryBus, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ProjectClient]:
    """A service that leaves its jobs to the workers of the test."""
    monkeypatch.setattr("project_service.app.run_jobs", lambda _app, _worker: None)
    settings = project_settings(outbound_allow=receiver.place)
    async with session_with(create_app(settings, database=database, bus=bus)) as session:
        yield ProjectClient(session, database)


@asynccontextmanager
async def sending(database: Database, receiver: Receiver, jobs: JobQueue | None = None) -> AsyncIterator[JobWorker]:
    """A worker that makes deliveries, as each replica has one."""
    clock, metrics = SystemClock(), Metrics("a test")
    metrics.registry = CollectorRegistry()
    client = OutboundClient(allowed_destinations(receiver.place), user_agent="a test")
    secrets = Secrets(KEY_ENCRYPTION_SECRET)
    jobs = jobs or JobQueue(clock)
    worker = JobWorker(database, jobs, MemoryBus(), clock, JobMetrics(metrics), "project")
    made = DeliveryWorker(database, clock, secrets, client, DeliveryMetrics(metrics), jobs, QUICK)
    worker.on(delivery_kind(QUICK), made.deliver, made.give_up)
    await client.open()
    try:
        yield worker
    finally:
        await client.close()


async def listen(client: ProjectClient, receiver: Receiver, who: Principal, **fields: Any) -> dict[str, Any]:
    made = await client.create(WEBHOOKS, {"url": receiver.url, "events": ["*"], **fields}, who=who)
    receiver.secret = made["secret"]
    return made


async def deliveries(client: ProjectClient, who: Principal, webhook: dict[str, Any], query: str = "") -> list[Any]:
    return (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries{query}", who=who)).items


async def test_a_change_is_told_as_standard_webhooks_has_it(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["task.*"])
    project = await client.new_project(ada)

    task = await client.new_task(ada, project, title="Wings ✈")
    await soon(lambda: bool(receiver.taken))

    [event] = await client.events(ada, f"tasks:{project['id']}")
    [received] = receiver.taken
    assert received.content["type"] == "task.added"
    assert datetime.fromisoformat(received.content["timestamp"]) == event.time
    assert received.content["data"] == msgspec.json.decode(event.data)
    assert received.content["data"]["payload"] == task
    assert received.headers["Content-Type"] == "application/json"
    await soon(lambda: is_settled(client, ada, webhook))
    [logged] = await deliveries(client, ada, webhook)
    assert (logged["id"], logged["status"], logged["attempts"]) == (received.id, "delivered", 1)
    assert (logged["response_status"], logged["next_attempt_at"]) == (200, None)


async def test_only_the_events_that_were_asked_for_are_told(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    await listen(client, receiver, ada, events=["project.updated", "task.status_changed"])
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)

    await client.send("PATCH", task_path(task), {"title": "Land"}, who=ada)
    await client.send("PATCH", task_path(task), {"status": "done"}, who=ada)
    await client.send("PATCH", project_path(project), {"name": "Artemis"}, who=ada)
    await soon(lambda: len(receiver.taken) == 2)

    assert sorted(receiver.types()) == ["project.updated", "task.status_changed"]


async def test_the_secret_before_signs_beside_the_newest(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    rotated = await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/rotate-secret", who=ada)

    await client.new_project(ada)
    await soon(lambda: bool(receiver.taken))

    [received] = receiver.taken
    for secret in (webhook["secret"], rotated.data["secret"]):
        assert Webhook(secret).verify(received.body, dict(received.headers))
    assert len(received.headers["webhook-signature"].split(" ")) == 2


async def test_after_the_overlap_only_the_newest_signs(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    rotated = await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/rotate-secret", who=ada)
    receiver.secret = rotated.data["secret"]
    async with client.database.system_work() as work:
        await work.execute("update webhooks set previous_secret_until = now() - interval '1 second'")

    await client.new_project(ada)
    await soon(lambda: bool(receiver.taken))

    assert " " not in receiver.taken[0].headers["webhook-signature"]


async def test_a_new_secret_mends_a_webhook_whose_old_one_is_unreadable(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    async with client.database.system_work() as work:
        await work.execute("update webhooks set secret = '\\x00'")
    await client.new_project(ada)
    await soon(lambda: has_failed(client, ada, webhook))
    [logged] = await deliveries(client, ada, webhook)

    rotated = await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/rotate-secret", who=ada)
    receiver.secret = rotated.data["secret"]
    await soon(lambda: bool(receiver.taken))

    assert logged["error"] == "The secret of this webhook cannot be read: rotate it."


async def test_what_a_receiver_missed_comes_in_order_once_it_is_back(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["task.*"])
    project = await client.new_project(ada)
    await receiver.down()
    tasks = [await client.new_task(ada, project, title=f"{number}") for number in range(4)]
    for status in ("in_progress", "blocked", "done"):
        await asyncio.gather(*(client.send("PATCH", task_path(task), {"status": status}, who=ada) for task in tasks))
    await soon(lambda: has_failed(client, ada, webhook))

    await receiver.up()
    await soon(lambda: len({each.id for each in receiver.taken}) == 16)

    for task in tasks:
        versions = [each.content["data"]["version"] for each in receiver.taken if _entity(each.content) == task["id"]]
        assert versions == sorted(versions)
        assert set(versions) == {1, 2, 3, 4}


@pytest.mark.parametrize("pace", [QUICK._replace(schedule=(0, 3600))])
async def test_behind_one_that_waits_all_wait_until_it_is_sent_by_hand(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["project.*"])
    receiver.status = 500
    project = await client.new_project(ada)
    for name in ("Artemis", "Gemini"):
        await client.send("PATCH", project_path(project), {"name": name}, who=ada)
    await soon(lambda: are_held_up(client, ada, webhook, 3))
    *_, first = await deliveries(client, ada, webhook)
    receiver.status = 200

    await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/deliveries/{first['id']}/redeliver", who=ada)
    await soon(lambda: len(receiver.taken) == 3)

    assert [each.content["data"]["version"] for each in receiver.taken] == [1, 2, 3]
    assert receiver.attempts.total() == 4


async def test_an_answer_that_is_no_success_is_tried_again_under_the_same_id(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    receiver.status, receiver.text, receiver.headers = 302, "x\0" * 5000, {"Location": receiver.url}
    await client.new_project(ada)
    await soon(lambda: sum(receiver.attempts.values()) >= 2)

    receiver.status = 204
    await soon(lambda: bool(receiver.taken))
    await soon(lambda: is_settled(client, ada, webhook))

    [logged] = await deliveries(client, ada, webhook)
    assert receiver.attempts.keys() == {logged["id"]}
    assert logged["attempts"] == sum(receiver.attempts.values())


async def test_the_log_shows_what_a_receiver_said(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    receiver.status, receiver.text = 500, "no\0" + "x" * 10_000

    await client.new_project(ada)
    await soon(lambda: has_failed(client, ada, webhook))

    [logged] = await deliveries(client, ada, webhook, "?status=pending")
    assert logged["response_status"] == 500
    assert logged["response_body"].startswith("no\N{REPLACEMENT CHARACTER}x")
    assert len(logged["response_body"]) == 4096
    assert logged["next_attempt_at"] is not None


@pytest.mark.parametrize("pace", [THREE_TIMES])
async def test_a_webhook_that_fails_to_the_end_is_disabled_and_told(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    receiver.status = 500
    project = await client.new_project(ada)

    await soon(lambda: is_disabled(client, ada, webhook))
    await client.send("PATCH", project_path(project), {"name": "Never told"}, who=ada)

    read = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}", who=ada)).data
    assert (read["disabled_reason"], read["version"]) == ("failing", 2)
    assert sum(receiver.attempts.values()) == 3
    [told] = await events_of(client, "project.webhook.disabled")
    assert (told["user_id"], told["webhook_id"], told["reason"]) == (str(ada.user_id), webhook["id"], "failing")


@pytest.mark.parametrize("pace", [THREE_TIMES])
async def test_made_active_again_it_hears_what_waited(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["project.*"])
    receiver.status = 410
    project = await client.new_project(ada)
    await soon(lambda: is_disabled(client, ada, webhook))
    [failed] = await deliveries(client, ada, webhook)
    receiver.status = 200

    await client.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": True}, who=ada)
    await client.send("PATCH", project_path(project), {"name": "Artemis"}, who=ada)
    await soon(lambda: receiver.types() == ["project.updated"])

    assert (failed["status"], failed["attempts"]) == ("failed", 1)
    read = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}", who=ada)).data
    assert (read["disabled_at"], read["disabled_reason"]) == (None, None)


async def test_an_inactive_webhook_hears_tests_and_nothing_else(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, active=False)
    await client.new_project(ada)

    asked = await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
    await soon(lambda: bool(receiver.taken))

    assert asked.status == 202
    assert [(each.id, each.type) for each in receiver.taken] == [(asked.data["id"], "webhook.test")]
    assert receiver.taken[0].content["data"] == {"webhook_id": webhook["id"]}
    assert [each["id"] for each in await deliveries(client, ada, webhook)] == [asked.data["id"]]


async def test_a_test_that_fails_is_not_tried_again_and_disables_nothing(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    receiver.status = 500

    await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
    await soon(lambda: is_settled(client, ada, webhook))

    [logged] = await deliveries(client, ada, webhook)
    assert (logged["status"], logged["attempts"]) == ("failed", 1)
    assert (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}", who=ada)).data["active"]


async def test_a_delivery_is_repeated_under_its_id(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    await client.new_project(ada)
    await soon(lambda: is_settled(client, ada, webhook))
    [first] = await deliveries(client, ada, webhook)
    path, key = f"{WEBHOOKS}/{webhook['id']}/deliveries/{first['id']}/redeliver", {"Idempotency-Key": "once"}

    answers = [await client.send("POST", path, who=ada, headers=key) for _ in range(2)]
    await soon(lambda: len(receiver.taken) == 2)
    await soon(lambda: is_settled(client, ada, webhook))

    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].body == answers[1].body
    assert receiver.taken[0].id == receiver.taken[1].id == first["id"]
    assert receiver.taken[0].body == receiver.taken[1].body
    assert [each["attempts"] for each in await deliveries(client, ada, webhook)] == [2]


async def test_a_webhook_of_a_project_hears_of_nothing_else(client: ProjectClient, receiver: Receiver) -> None:
    ada, ben = person(), person()
    project, other = await client.new_project(ada), await client.new_project(ada)
    await listen(client, receiver, ada, project_id=project["id"])
    await listen(client, receiver, person(Role.OWNER, GLOBEX))

    await client.new_project(ben)
    await client.new_task(ada, other)
    task = await client.new_task(ada, project)
    about = {"entity_type": "task", "entity_id": task["id"], "body": "Fly!"}
    receiver.secret = None
    await client.create(f"{project_path(project)}/comments", about, who=ada)
    await client.send("DELETE", task_path(task), who=ada)
    await client.send("DELETE", project_path(project), who=ada)
    await soon(lambda: len(receiver.types()) == 4)

    assert sorted(receiver.types()) == ["comment.added", "project.deleted", "task.added", "task.deleted"]


async def test_what_its_maker_may_not_see_does_not_leave(
    client: ProjectClient, bus: MemoryBus, receiver: Receiver
) -> None:
    admin, ben = person(Role.ADMIN), person()
    webhook = await listen(client, receiver, admin)
    await demote(bus, admin, client)

    await client.new_project(ben)
    shared = await client.new_project(ben, visibility="tenant")
    await soon(lambda: bool(receiver.taken))

    assert [_entity(each.content) for each in receiver.taken] == [shared["id"]]
    assert webhook["created_by"] == str(admin.user_id)


async def test_rights_that_are_lost_while_it_waits_withhold_it(
    client: ProjectClient, bus: MemoryBus, receiver: Receiver
) -> None:
    admin, owner = person(Role.ADMIN), person(Role.OWNER)
    webhook = await listen(client, receiver, admin)
    await receiver.down()
    await client.new_project(person())
    await soon(lambda: has_failed(client, owner, webhook))

    await tell(bus, changed(admin, "admin@example.com", is_active=False), admin.tenant_id)
    await soon(lambda: is_settled(client, owner, webhook))
    await receiver.up()

    [logged] = await deliveries(client, owner, webhook)
    assert logged["status"] == "withheld"
    assert receiver.taken == []


async def test_members_of_the_tenant_are_told_of_and_what_is_personal_is_not(
    client: ProjectClient, bus: MemoryBus, receiver: Receiver
) -> None:
    ada, ben = person(Role.ADMIN), person()
    await listen(client, receiver, ada, events=["membership.*"])

    await tell(bus, joined(ben, "ben@example.com"), ada.tenant_id, topics=[user_topic(ben.user_id)])
    await tell(bus, joined(ben, "ben@example.com"), ada.tenant_id, topics=[tenant_topic(ada.tenant_id)])
    await tell(bus, joined(person(tenant_id=GLOBEX), "cy@example.com"), GLOBEX, topics=[tenant_topic(GLOBEX)])
    await tell(bus, left(ben), ada.tenant_id, topics=[tenant_topic(ada.tenant_id)])
    await soon(lambda: "membership.removed" in receiver.types())

    assert receiver.types() == ["membership.added", "membership.removed"]


async def test_an_address_inside_is_not_reached_whatever_is_stored(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    async with receiver_up() as trap, client.database.system_work() as work:
        await work.execute("update webhooks set url = $1", trap.url)
    await trap.up()

    await client.new_project(ada)
    await soon(lambda: has_failed(client, ada, webhook))
    await trap.down()

    [logged] = await deliveries(client, ada, webhook)
    assert logged["error"] == "This address is not on the public internet."
    assert not trap.attempts


async def test_what_a_dead_worker_had_in_hand_is_delivered_under_the_same_id_and_logged_once(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    async with sending(database, receiver) as dead, sending(database, receiver) as alive:
        asked = await idle.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
        receiver.answers.clear()
        late = asyncio.create_task(dead.run_due())
        await soon(lambda: receiver.attempts.total() == 1)
        async with database.system_work() as work:
            await work.execute("update jobs set due_at = now() where status = 'running'")
        another = asyncio.create_task(alive.run_due())
        await soon(lambda: receiver.attempts.total() == 2)
        receiver.answers.set()
        await asyncio.gather(late, another)

    assert receiver.attempts == {asked.data["id"]: 2}
    [logged] = await deliveries(idle, ada, webhook)
    assert (logged["status"], logged["attempts"]) == ("delivered", 1)
    assert await database.system_rows("select from jobs") == []


async def test_a_worker_that_stops_gives_back_what_it_has_and_nothing_else(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    async with sending(database, receiver) as stopped, sending(database, receiver) as other:
        receiver.answers.clear()
        running = []
        for worker in (stopped, other):
            await idle.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
            task = asyncio.create_task(worker.run())
            running.append(task)
            await soon(lambda: receiver.attempts.total() == len(running))
        running[0].cancel()
        await asyncio.wait(running[:1])
        jobs = await database.system_rows("select status, attempts, worker from jobs order by seq")
        running[1].cancel()
        await asyncio.wait(running[1:])

    assert [(job["status"], job["attempts"]) for job in jobs] == [("queued", 0), ("running", 1)]
    assert [each["attempts"] for each in await deliveries(idle, ada, webhook)] == [0, 0]


async def test_workers_share_the_line_and_leave_what_they_drop(
    client: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["task.*"])
    project = await client.new_project(ada)
    async with sending(database, receiver) as first, sending(database, receiver) as second:
        others = [asyncio.create_task(worker.run()) for worker in (first, second)]
        tasks = [await client.new_task(ada, project) for _ in range(10)]
        others.pop().cancel()
        await asyncio.gather(*(client.send("PATCH", task_path(task), {"status": "done"}, who=ada) for task in tasks))
        await soon(lambda: is_settled(client, ada, webhook, 20))
        others[0].cancel()
        await asyncio.wait(others)

    assert len({each.id for each in receiver.taken}) == 20
    for task in tasks:
        taken = ((each.id, each.type) for each in receiver.taken if _entity(each.content) == task["id"])
        told = list(dict.fromkeys(taken))  # what was under way at the one that dropped it comes again, as the same
        assert [type_ for _, type_ in told] == ["task.added", "task.status_changed"]


async def test_slow_receivers_get_their_share_and_leave_room_for_those_of_another_tenant(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada, eve = person(Role.ADMIN), person(Role.OWNER, GLOBEX)
    receiver.answers.clear()
    for who, webhooks in ((ada, 6), (eve, 1)):
        for _ in range(webhooks):
            webhook = await listen(idle, receiver, who)
            for _ in range(7):
                await idle.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=who)
    receiver.secret = None

    async with sending(database, receiver) as one, sending(database, receiver) as another:
        for worker in (one, another, one):
            await worker._take()
        counts = """
            select tenant_id, concurrency_key, count(*) as number from jobs where status = 'running' group by 1, 2
        """
        running = await database.system_rows(counts)
        receiver.answers.set()
        while await one.run_due() + await another.run_due():
            pass

    of_tenant = {
        who.tenant_id: sum(row["number"] for row in running if row["tenant_id"] == who.tenant_id) for who in (ada, eve)
    }
    assert of_tenant == {ada.tenant_id: 16, eve.tenant_id: 4}
    assert max(row["number"] for row in running) == 4
    assert len(receiver.types()) == 7 * 7


async def test_an_event_that_comes_twice_is_delivered_once(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    await listen(idle, receiver, ada)
    await idle.new_project(ada)
    await soon(lambda: has_job(database))

    async with database.system_work() as work:
        await work.execute("delete from inbox")
        await work.execute("update outbox set sent_at = null")
    await soon(lambda: _is_all_sent(database))
    await soon(lambda: _is_all_applied(database))

    assert len(await database.system_rows("select from webhook_deliveries")) == 1
    assert len(await database.system_rows("select from jobs where kind = 'webhook.delivery'")) == 1


@pytest.mark.parametrize("pace", [QUICK._replace(schedule=(0, 3600))])
@pytest.mark.parametrize(
    "changes",
    [
        (lambda _: {"active": False}, lambda _: {"active": True}),
        (lambda receiver: {"url": f"{receiver.url}?new"},),
    ],
    ids=["active again", "a new address"],
)
async def test_a_webhook_that_is_left_alone_gets_what_waits_its_turn_once_it_is_mended(
    client: ProjectClient, receiver: Receiver, changes: Sequence[Callable[[Receiver], dict[str, Any]]]
) -> None:
    """What has failed keeps the time of its next attempt."""
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["project.*"])
    receiver.status, receiver.headers = 503, {"Retry-After": "3600"}
    await client.new_project(ada)
    await soon(lambda: has_failed(client, ada, webhook))
    await client.new_project(ada)
    await soon(lambda: are_held_up(client, ada, webhook, 2))
    waiting = await deliveries(client, ada, webhook)
    receiver.status = 200

    for change in changes:
        await client.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", change(receiver), who=ada)
    await soon(lambda: len(receiver.taken) == 1)
    await soon(lambda: one_waits(client, ada, webhook))

    assert [(each["attempts"], each["status"]) for each in waiting] == [(0, "pending"), (1, "pending")]
    delivered, retried = await deliveries(client, ada, webhook)
    assert (delivered["attempts"], delivered["status"]) == (1, "delivered")
    assert (retried["attempts"], retried["next_attempt_at"]) == (1, waiting[1]["next_attempt_at"])


async def test_a_receiver_that_asks_for_a_pause_is_called_by_what_is_on_its_way_and_nothing_else(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    """What waits behind the pause makes no work either: no job is run for it."""
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    receiver.status, receiver.headers = 503, {"Retry-After": "3600"}
    await wait_in_line(idle, ada, webhook, 8)

    async with sending(database, receiver) as worker:
        ran = await worker.run_due()
        ran_later = await worker.run_due()

    assert 1 <= receiver.attempts.total() <= ran == LIMITS.per_key
    assert ran_later == 0
    assert await are_held_up(idle, ada, webhook, 8)


async def test_for_a_webhook_that_is_not_active_no_job_is_run(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await wait_in_line(idle, ada, webhook, 8)

    await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": False}, who=ada)
    async with sending(database, receiver) as worker:
        assert await worker.run_due() == 0
        await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": True}, who=ada)
        assert await worker.run_due() == 8

    assert len(receiver.taken) == 8


async def test_a_receiver_that_is_gone_is_called_by_what_is_on_its_way_and_nothing_else(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await wait_in_line(idle, ada, webhook, 8)
    receiver.status = 410

    async with sending(database, receiver) as worker:
        assert await worker.run_due() == LIMITS.per_key
        assert await worker.run_due() == 0

    assert await is_disabled(idle, ada, webhook)


@pytest.mark.parametrize("reason", [DisabledReason.MAKER_LEFT, DisabledReason.ADDRESS_PROVEN])
async def test_a_webhook_that_ends_with_its_maker_leaves_all_that_waits_where_it_is(
    idle: ProjectClient, database: Database, receiver: Receiver, reason: DisabledReason
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await wait_in_line(idle, ada, webhook, 8)
    service, whose = webhooks_of(database), (ada.tenant_id, ada.user_id)
    async with database.unit_of_work(ada.tenant_id) as work:
        if reason is DisabledReason.MAKER_LEFT:
            await service.end_of(work, *whose, None, SOME_DAY, SOME_DAY)
        else:
            await service.disable_made_by(work, *whose, reason, SOME_DAY)

    async with sending(database, receiver) as worker:
        assert await worker.run_due() == 0

    read = await idle.send("GET", f"{WEBHOOKS}/{webhook['id']}", who=ada)
    assert (read.data["active"], read.data["disabled_reason"]) == (False, reason)


@pytest.mark.parametrize("change", [{"active": False}, {"url": "https://example.com/new"}, None])
async def test_a_change_of_a_webhook_writes_none_of_the_jobs_that_wait_for_it(
    idle: ProjectClient, database: Database, receiver: Receiver, change: dict[str, Any] | None
) -> None:
    """However many there are: None deletes it, and active again it is after each."""
    ada, versions = person(Role.ADMIN), "select id, xmin::text from jobs order by id"
    webhook = await listen(idle, receiver, ada)
    await wait_in_line(idle, ada, webhook, 5)
    before = await database.system_rows(versions)

    path = f"{WEBHOOKS}/{webhook['id']}"
    answers = [await idle.send("PATCH" if change else "DELETE", path, change, who=ada)]
    if change:
        answers.append(await idle.send("PATCH", path, {"active": True}, who=ada))

    assert [answer.status for answer in answers] == ([200, 200] if change else [204])
    assert await database.system_rows(versions) == before


@pytest.mark.parametrize("is_active", [True, False])
async def test_what_is_asked_for_on_demand_is_sent_past_what_is_held_back(
    idle: ProjectClient, database: Database, receiver: Receiver, *, is_active: bool
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    delivered = await wait_in_line(idle, ada, webhook, 1)
    async with sending(database, receiver) as worker:
        await worker.run_due()
        await wait_in_line(idle, ada, webhook, 2)
        receiver.status, receiver.headers = 503, {"Retry-After": "3600"}
        await worker.run_due()
        await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": is_active}, who=ada)
        receiver.status, receiver.headers = 200, {}

        test = await idle.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
        again = f"{WEBHOOKS}/{webhook['id']}/deliveries/{delivered[0]['id']}/redeliver"
        assert (await idle.send("POST", again, who=ada)).status == 202
        assert await worker.run_due() == 2

    first, *sent = [each.id for each in receiver.taken]
    assert first == delivered[0]["id"]
    assert sorted(sent) == sorted([test.data["id"], first])


async def test_what_waits_for_an_inactive_webhook_ends_when_the_log_has_forgotten_it(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    """The pause ends by itself; the job finds no delivery."""
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await wait_in_line(idle, ada, webhook, 1)
    await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": False}, who=ada)
    async with database.system_work() as work:
        [pause] = await work.rows("update job_pauses set until = now() returning old.until as until")
        await forget_deliveries(work, pause["until"] - timedelta(hours=12))

    async with sending(database, receiver) as worker:
        await worker.run_due()

    assert receiver.attempts.total() == 0
    assert await has_no_job(database)


async def wait_in_line(client: ProjectClient, who: Principal, webhook: dict[str, Any], number: int) -> list[Any]:
    """So many more deliveries, each of a subject of its own; those that stand in the log then."""
    before = len(await deliveries(client, who, webhook, "?limit=100"))
    for _ in range(number):
        await client.new_project(who)

    async def are_there() -> bool:
        return len(await deliveries(client, who, webhook, "?limit=100")) == before + number

    await soon(are_there)
    return await deliveries(client, who, webhook, "?limit=100")


async def one_waits(client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> bool:
    """Of two."""
    return len(await deliveries(client, who, webhook, "?status=pending")) == 1


def webhooks_of(database: Database) -> WebhookService:
    clock = SystemClock()
    return WebhookService(database, clock, Secrets(KEY_ENCRYPTION_SECRET), (), frozenset(), JobQueue(clock))


@pytest.mark.parametrize("pace", [QUICK._replace(schedule=(0, 3600))])
async def test_at_an_address_that_is_new_since_the_attempt_began_it_is_tried_at_once(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    receiver.status, receiver.headers = 503, {"Retry-After": "3600"}
    receiver.answers.clear()
    await client.new_project(ada)
    await soon(lambda: receiver.attempts.total() == 1)

    await client.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"url": f"{receiver.url}?new"}, who=ada)
    receiver.answers.set()
    await soon(lambda: receiver.attempts.total() == 2)


async def test_what_is_about_to_be_postponed_hears_that_its_webhook_is_active_again(
    idle: ProjectClient, database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await idle.new_project(ada)
    await soon(lambda: has_job(database))
    find = delivery_log.find_pending

    async def find_and_hear_late(*arguments: Any) -> PendingDelivery | None:
        await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": False}, who=ada)
        found = await find(*arguments)
        monkeypatch.setattr(delivery_log, "find_pending", find)
        await idle.send("PATCH", f"{WEBHOOKS}/{webhook['id']}", {"active": True}, who=ada)
        return found

    monkeypatch.setattr(delivery_log, "find_pending", find_and_hear_late)
    async with sending(database, receiver) as worker:
        await worker.run_due()

    assert receiver.types() == ["project.added"]


async def test_a_delivery_that_fails_through_our_fault_is_set_aside_and_goes_with_its_job(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await idle.new_project(ada)
    jobs = JobQueue(SystemClock())
    async with sending(database, receiver, jobs) as worker:
        await soon(lambda: has_job(database))
        async with database.system_work() as work:
            await work.execute("update jobs set attempts = $1", delivery_kind(QUICK).retry.attempts)
        await worker.run_due()
        [given_up] = await deliveries(idle, ada, webhook)
        [job] = await database.system_rows("select id, status from jobs")
        async with database.system_work() as work:
            await jobs.retry(work, job["id"])
        await worker.run_due()

    assert (given_up["status"], given_up["error"], given_up["attempts"]) == ("failed", FAULT_OF_OURS, 0)
    assert job["status"] == "failed"
    [logged] = await deliveries(idle, ada, webhook)
    assert (logged["status"], logged["error"], logged["attempts"]) == ("delivered", None, 1)
    assert await database.system_rows("select from jobs") == []


async def test_a_delivery_that_is_made_or_deleted_ends_its_job_and_sends_nothing(
    idle: ProjectClient, database: Database, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(idle, receiver, ada)
    await idle.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
    jobs = JobQueue(SystemClock())
    async with sending(database, receiver, jobs) as worker:
        await worker.run_due()
        [made] = await deliveries(idle, ada, webhook)
        async with database.unit_of_work(ada.tenant_id) as work:
            for delivery_id in (UUID(made["id"]), new_id()):
                await jobs.add(work, DELIVERY, ordered(delivery_id, UUID(webhook["id"]), "a subject"))

        assert await worker.run_due() == 2

    assert receiver.attempts.total() == 1
    assert await database.system_rows("select from jobs") == []


async def test_deliveries_are_forgotten_after_a_week(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/test", who=ada)
    await soon(lambda: is_settled(client, ada, webhook))

    for days, left_over in ((6, 1), (8, 0)):
        async with client.database.system_work() as work:
            await forget_deliveries(work, datetime.now(UTC) + timedelta(days=days))
        assert len(await deliveries(client, ada, webhook)) == left_over


async def test_deleted_with_what_waits_for_it(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    await receiver.down()
    await client.new_project(ada)
    await soon(lambda: has_failed(client, ada, webhook))

    await client.send("DELETE", f"{WEBHOOKS}/{webhook['id']}", who=ada)
    await receiver.up()

    assert await client.database.system_rows("select from webhook_deliveries") == []
    assert await client.database.system_rows("select from webhook_bodies") == []
    await soon(lambda: has_no_job(client.database))


async def has_job(database: Database) -> bool:
    return await database.system_rows("select from jobs where kind = 'webhook.delivery'") != []


async def _is_all_sent(database: Database) -> bool:
    return await database.system_rows("select from outbox where sent_at is null") == []


async def _is_all_applied(database: Database) -> bool:
    unapplied = "select from outbox o where not exists (select from inbox i where i.event_id = o.id)"
    return await database.system_rows(unapplied) == []


async def has_no_job(database: Database) -> bool:
    return not await has_job(database)


async def demote(bus: MemoryBus, who: Principal, client: ProjectClient) -> None:
    await tell(bus, joined(msgspec.structs.replace(who, role=Role.DEVELOPER), "a@example.com"), who.tenant_id)
    await soon(lambda: _is_known(client, who))


async def _is_known(client: ProjectClient, who: Principal) -> bool:
    rows = await client.database.system_rows("select from tenant_members where user_id = $1", who.user_id)
    return len(rows) == 1


async def is_settled(client: ProjectClient, who: Principal, webhook: dict[str, Any], number: int = 1) -> bool:
    logged = await deliveries(client, who, webhook, "?limit=100")
    return len(logged) == number and all(each["status"] != "pending" for each in logged)


async def has_failed(client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> bool:
    return any(each["attempts"] for each in await deliveries(client, who, webhook))


async def are_held_up(client: ProjectClient, who: Principal, webhook: dict[str, Any], number: int) -> bool:
    logged = await deliveries(client, who, webhook)
    waits = [datetime.fromisoformat(each["next_attempt_at"]) - datetime.now(UTC) for each in logged]
    return len(waits) == number and min(waits) > timedelta(minutes=50)


async def is_disabled(client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> bool:
    read = await client.send("GET", f"{WEBHOOKS}/{webhook['id']}", who=who)
    return read.data["disabled_at"] is not None and not read.data["active"]


async def events_of(client: ProjectClient, type_name: str) -> list[Any]:
    rows = await client.database.system_rows("select data from outbox where type = $1", type_name)
    return [msgspec.json.decode(row["data"]) for row in rows]


def _entity(content: dict[str, Any]) -> str:
    entity: str = content["data"]["entity_id"]
    return entity


async def test_what_was_told_of_somebody_before_is_found_without_reading_the_log(
    client: ProjectClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is of them, and of others."""
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada, events=["membership.*"])
    monkeypatch.setattr(delivery_log, "REDACTED_AT_ONCE", 4)
    now = datetime.now(UTC)
    async with client.database.unit_of_work(ada.tenant_id) as work:
        await work.execute(MANY_DELIVERIES, ada.tenant_id, UUID(webhook["id"]), 5000, now - timedelta(hours=1))

    async with client.database.unit_of_work(ada.tenant_id) as work:
        values = (ada.tenant_id, "user 7", now, UUID(int=0), 4)
        plan = await work.rows(f"explain {delivery_log._EARLIER}", *values)
        await delivery_log.redact_earlier(work, ada.tenant_id, "user 7", now)

    assert "webhook_deliveries_of_subject" in str(plan)
    bodies = "select count(*) filter (where body like '%name%') as kept, count(*) as number from webhook_bodies"
    [row] = await client.database.system_rows(bodies)
    assert (row["kept"], row["number"]) == (4990, 5000)


MANY_DELIVERIES = """
with bodies as (
    insert into webhook_bodies (tenant_id, event_id, body, size, created_at)
    select $1, gen_random_uuid(), '{"type": "membership.changed", "data": {"name": "Ben"}}', 50, $4
    from generate_series(1, $3) returning event_id
)
insert into webhook_deliveries (id, tenant_id, webhook_id, event_id, type, subject, occurred_at, status,
                                created_at)
select gen_random_uuid(), $1, $2, event_id, 'membership.changed', 'user ' || row_number() over () % 500, $4,
       'delivered', $4
from bodies
"""
