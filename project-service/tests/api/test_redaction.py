"""What is deleted leaves the history of live topics, with all that goes along; nobody reads what was before them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from gifting_household import Household, move_in
from project_builders import person, project_settings
from project_client import ProjectClient, file_path, files_of, project_path, task_path
from project_people import introduce, joined
from webhook_receiver import Receiver, receiver_up

from project_service.app import create_app
from project_service.webhooks.delivery_log import redact_bodies
from project_service.webhooks.domain import Pace
from shared.db.databases import Database
from shared.events.auth import AccountAnonymised, MembershipAdded, MembershipChanged, MembershipRemoved, UserUpdated
from shared.events.changes import Change
from shared.events.envelope import Envelope, decode, encode
from shared.events.questions import TopicPosition, TopicReplay
from shared.events.registry import default_registry
from shared.events.topics import tenant_topic
from shared.events.webhooks import webhook_catalogue
from shared.ids import new_id
from shared.members import repository as members
from shared.members.domain import member_of
from shared.messaging.bus import OutgoingMessage
from shared.messaging.consumer import publisher_of
from shared.messaging.memory import MemoryBus
from shared.messaging.redaction import rewrite_redacted
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import ACME
from shared.testing.eventually import eventually
from shared.testing.example_events import send_redacted
from shared.testing.members import left, tell
from shared.testing.service_client import session_with

SECRET = "canary"
WEBHOOKS = "/api/v1/webhooks"
QUICK = Pace(schedule=(0,) + (0.02,) * 60, jitter=0.5, slow_down=0.05, timeout=1.0)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiver_up() as receiver:
        yield receiver


@pytest.fixture
async def client(database: Database, bus: MemoryBus, receiver: Receiver) -> AsyncIterator[ProjectClient]:
    settings = project_settings(outbound_allow=receiver.place)
    async with session_with(create_app(settings, database=database, bus=bus, pace=QUICK)) as session:
        yield ProjectClient(session, database)


@pytest.fixture
def requests(client: ProjectClient, bus: MemoryBus) -> Requests:
    return Requests(bus)


@pytest.fixture
async def home(client: ProjectClient) -> Household:
    return await move_in(client)


async def replay(requests: Requests, who: Principal, topic: str, after: int = 0) -> Any:
    here = await requests.ask(TopicPosition(principal=who, topic=topic), service="project")
    question = TopicReplay(principal=who, topic=topic, epoch=here.epoch, after=after)
    return await requests.ask(question, service="project")


async def replayed(requests: Requests, who: Principal, topic: str) -> list[Envelope]:
    return [decode(bytes(raw)) for raw in (await replay(requests, who, topic)).events]


def readable(events: list[Envelope]) -> str:
    return " ".join(bytes(event.data).decode() for event in events)


# What goes along.


async def test_comments_go_with_their_task(client: ProjectClient, requests: Requests) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    about = {"entity_type": "task", "entity_id": task["id"], "body": SECRET}
    await client.create(f"{project_path(project)}/comments", about, who=ada)

    await client.send("DELETE", task_path(task), who=ada)

    async def is_redacted() -> bool:
        return all(event.is_redacted for event in await client.events(ada, f"comments:task:{task['id']}"))

    await eventually(is_redacted)


async def test_files_that_a_large_batch_deletes_are_redacted_though_it_names_none(
    client: ProjectClient, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.write_files(ada, project, {f"{SECRET}.txt": "one"})
    monkeypatch.setattr("project_service.files.writing.MOST_SINGLE_EVENTS", 0)

    [file] = (await client.send("GET", files_of(project), who=ada)).items
    await client.send("DELETE", file_path(file), who=ada)

    events = await replayed(requests, ada, f"files:{project['id']}")
    assert [event.is_redacted for event in events if event.type == "project.file.added"] == [True]
    assert SECRET not in readable(events)


async def test_items_go_with_their_list_in_the_streams_of_all_audiences(home: Household, requests: Requests) -> None:
    gift_list = await home.wishlist(home.ada)
    await home.item(home.ada, gift_list, name=SECRET)
    await home.item(home.ben, gift_list, name=SECRET)
    for who in (home.ada, home.ben):
        assert SECRET in readable(await replayed(requests, who, "list-items:all"))

    await home.client.send("DELETE", f"/api/v1/lists/{gift_list['id']}", who=home.ada)

    for who in (home.ada, home.ben):
        events = await replayed(requests, who, "list-items:all")
        assert SECRET not in readable(events)
        assert [event.is_redacted for event in events if event.type == "project.list_item.added"]
        assert events[-1].type == "project.list.deleted"
        assert not events[-1].is_redacted


async def test_a_list_that_is_made_private_takes_its_items_from_where_others_see_them(
    home: Household, requests: Requests
) -> None:
    gift_list = await home.new("lists", home.ben, name=SECRET, visibility="tenant")
    await home.item(home.ben, gift_list, name=SECRET)

    await home.client.send("PATCH", f"/api/v1/lists/{gift_list['id']}", {"visibility": "private"}, who=home.ben)

    assert SECRET not in readable(await replayed(requests, home.cleo, "list-items:all"))


async def test_an_erased_author_takes_their_words_from_the_history(
    client: ProjectClient, requests: Requests, bus: MemoryBus
) -> None:
    ada, ben = person(Role.ADMIN), person(Role.DEVELOPER)
    project = await client.new_project(ada, visibility="tenant")
    for who, words in ((ben, SECRET), (ada, "kept")):
        about = {"entity_type": "project", "entity_id": project["id"], "body": words}
        await client.create(f"{project_path(project)}/comments", about, who=who)
    topic = f"comments:project:{project['id']}"

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=ben.user_id), ACME)

    async def is_redacted() -> bool:
        return any(event.is_redacted for event in await replayed(requests, ada, topic))

    await eventually(is_redacted)
    events = await replayed(requests, ada, topic)
    assert [event.is_redacted for event in events] == [True, False]
    assert SECRET not in readable(events)


async def test_an_erased_author_of_versions_and_removed_comments_is_named_nowhere(
    client: ProjectClient, requests: Requests, bus: MemoryBus
) -> None:
    ada, ben = person(Role.ADMIN), person(Role.DEVELOPER)
    await introduce(client, bus, (ben, "ben@example.com", SECRET))
    project = await client.new_project(ada)
    await client.join(project, ben, "editor")
    await client.write_files(ben, project, {"a.txt": "one"})
    comments = f"{project_path(project)}/comments"
    about = {"entity_type": "project", "entity_id": project["id"], "body": "Look"}
    asked = await client.create(comments, about, who=ben)
    await client.create(comments, {**about, "parent_id": asked["id"]}, who=ada)
    await client.send("DELETE", f"{comments}/{asked['id']}", who=ben)
    topics = [f"files:{project['id']}", f"comments:project:{project['id']}"]
    assert SECRET in readable(await replayed(requests, ada, topics[0]))

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=ben.user_id), ACME)

    async def is_named_nowhere() -> bool:
        return not any([SECRET in readable(await replayed(requests, ada, topic)) for topic in topics])

    await eventually(is_named_nowhere)


@pytest.mark.parametrize("has_left", [False, True])
async def test_an_erased_member_is_no_person_in_the_history_either(
    client: ProjectClient, requests: Requests, bus: MemoryBus, receiver: Receiver, has_left: bool
) -> None:
    home = await move_in(client)
    await listen(client, receiver, home.olga, events=["person.*"])
    path, topic = f"/api/v1/persons/{home.ada_as_person['id']}", f"person:{home.ada_as_person['id']}"
    fields = {"name": SECRET, "birthday": "1815-12-10", "notes": SECRET, "sizes": {"shoes": SECRET}}
    assert (await client.send("PATCH", path, fields, who=home.olga)).status == 200
    await eventually(lambda: receiver.types() == ["person.updated"])
    if has_left:
        await tell(bus, left(home.ada), ACME)
        await eventually(partial(is_linked, client, home, to=None))

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=home.ada.user_id), ACME)

    async def is_nobody() -> bool:
        return bool((await client.send("GET", path, who=home.olga)).data["name"] == "Former member")

    await eventually(is_nobody)
    person = (await client.send("GET", path, who=home.olga)).data
    assert (person["birthday"], person["notes"], person["sizes"], person["user_id"]) == (None, None, {}, None)
    events = await replayed(requests, home.olga, topic)
    assert [event.is_redacted for event in events] == [True] * (len(events) - 1) + [False]
    assert SECRET not in readable(events)
    assert "1815-12-10" not in readable(events)
    await rewritten(client)
    assert SECRET not in str(await client.database.system_rows("select body from webhook_bodies"))


async def test_a_person_who_is_another_member_by_now_stays(client: ProjectClient, bus: MemoryBus) -> None:
    home = await move_in(client)
    path = f"/api/v1/persons/{home.ada_as_person['id']}"
    await tell(bus, left(home.ada), ACME)
    await eventually(partial(is_linked, client, home, to=None))
    linked = await client.send("PATCH", path, {"user_id": str(home.cleo.user_id)}, who=home.olga)

    erased = new_id()
    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=home.ada.user_id), ACME, event_id=erased)
    await eventually(lambda: is_applied(client, erased))

    assert (await client.send("GET", path, who=home.olga)).data["name"] == linked.data["name"] == "Ada"


async def test_a_restored_project_is_told_of_anew(client: ProjectClient, requests: Requests) -> None:
    ada = person()
    project = await client.new_project(ada, name="Apollo")
    await client.send("DELETE", project_path(project), who=ada)
    await client.send("POST", f"{project_path(project)}/restore", who=ada)

    events = await replayed(requests, ada, f"project:{project['id']}")

    assert [event.is_redacted for event in events] == [True, False, False]
    assert b"Apollo" in bytes(events[-1].data)


# Copies of events.


async def test_a_webhook_gets_of_what_is_deleted_meanwhile_that_it_was(
    client: ProjectClient, receiver: Receiver
) -> None:
    ada = person(Role.ADMIN)
    webhook = await listen(client, receiver, ada)
    project = await client.new_project(ada)
    await receiver.down()
    task = await client.new_task(ada, project, title=SECRET)
    await eventually(partial(has_failed, client, ada, webhook), within=20)
    await client.send("DELETE", task_path(task), who=ada)
    before = await attempts(client, ada, webhook)
    await eventually(lambda: _more_than(before + 1, client, ada, webhook), within=20)  # none is under way from before

    await receiver.up()
    await eventually(lambda: receiver.types() == ["task.added", "task.deleted"], within=20)

    assert receiver.taken[0].content["data"] == {
        "entity_id": task["id"],
        "version": 1,
        "payload": None,
        "redacted": True,
    }
    assert not any(SECRET.encode() in each.body for each in receiver.taken)


async def test_a_delivery_is_repeated_without_what_was_deleted_since(client: ProjectClient, receiver: Receiver) -> None:
    ada = person(Role.ADMIN)
    receiver.text = SECRET  # a receiver that echoes
    webhook = await listen(client, receiver, ada)
    task = await client.new_task(ada, await client.new_project(ada), title=SECRET)
    await eventually(lambda: receiver.types() == ["task.added"])
    [first] = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=ada)).items
    receiver.text = ""
    await client.send("DELETE", task_path(task), who=ada)
    await eventually(lambda: receiver.types() == ["task.added", "task.deleted"])
    await rewritten(client)
    stored = await client.database.system_rows("select body from webhook_bodies")
    logged = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=ada)).items

    await client.send("POST", f"{WEBHOOKS}/{webhook['id']}/deliveries/{first['id']}/redeliver", who=ada)
    await eventually(lambda: len(receiver.taken) == 3)

    assert receiver.taken[-1].content["data"]["redacted"] is True
    assert SECRET not in str(stored)
    assert SECRET not in str(logged)


async def test_an_event_that_comes_again_after_its_deletion_says_nothing(
    client: ProjectClient, bus: MemoryBus, receiver: Receiver
) -> None:
    """As a dead letter that an operator replays."""
    ada = person(Role.ADMIN)
    project = await client.new_project(ada)
    task = await client.new_task(ada, project, title=SECRET)
    [late] = await client.events(ada, f"tasks:{project['id']}")
    await eventually(lambda: is_consumed(client, late))
    await client.send("DELETE", task_path(task), who=ada)
    webhook = await listen(client, receiver, ada)
    async with client.database.system_work() as work:
        await work.execute("delete from inbox")
        await work.execute("update webhooks set created_at = created_at - interval '1 hour'")

    await bus.publish([OutgoingMessage("project", late.type, late.id, encode(late))])

    await eventually(lambda: "task.added" in receiver.types())
    assert webhook["active"]
    assert not any(SECRET.encode() in each.body for each in receiver.taken)


async def test_members_who_are_removed_leave_stored_deliveries(
    client: ProjectClient, bus: MemoryBus, receiver: Receiver
) -> None:
    ada, ben = person(Role.ADMIN), person(Role.DEVELOPER)
    await listen(client, receiver, ada, events=["membership.*"])
    topics = [tenant_topic(ACME)]
    await tell(bus, joined(ben, f"{SECRET}@example.com"), ACME, topics=topics)
    await tell(bus, left(ben), ACME, topics=topics)
    await eventually(lambda: "membership.removed" in receiver.types())

    assert SECRET not in str(await client.database.system_rows("select body from webhook_bodies"))


async def test_an_answer_that_was_kept_for_repeats_goes_with_what_it_told(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    path, key = f"{project_path(project)}/comments", {"Idempotency-Key": "once"}
    body = {"entity_type": "project", "entity_id": project["id"], "body": SECRET}
    first = await client.send("POST", path, body, who=ada, headers=key)
    again = await client.send("POST", path, body, who=ada, headers=key)
    await client.send("DELETE", f"{path}/{first.data['id']}", who=ada)

    gone = await client.send("POST", path, body, who=ada, headers=key)
    await rewritten(client)
    still_gone = await client.send("POST", path, body, who=ada, headers=key)

    assert (first.status, again.body) == (201, first.body)
    assert {(answer.status, answer.code) for answer in (gone, still_gone)} == {(410, "IDEMPOTENT_ANSWER_GONE")}
    assert (await client.send("GET", f"{path}?entity_type=project", who=ada)).items == []
    kept = await client.database.system_rows("select convert_from(body, 'utf8') as body from idempotency_keys")
    assert SECRET not in str(kept)


async def test_every_consumer_copes_with_redacted_events(client: ProjectClient, bus: MemoryBus) -> None:
    """Nothing but ids is left of them: none becomes a dead letter, and none makes up a member without a name."""
    registry = default_registry()
    own = [one for one in registry if publisher_of(one.type) == "project" and issubclass(one, Change)]
    told = {
        *own,
        *webhook_catalogue(registry).values(),
        MembershipAdded,
        MembershipChanged,
        MembershipRemoved,
        UserUpdated,
    }

    ids = [await send_redacted(bus, contract, ACME) for contract in told]

    async def all_are_applied() -> bool:
        seen = await client.database.system_rows("select from inbox where event_id = any($1::uuid[])", ids)
        return len(seen) == len(ids)

    await eventually(all_are_applied)
    assert await client.database.system_rows("select from tenant_members where is_member") == []


# History of before.


async def test_a_new_member_of_a_team_reads_what_comes_and_not_what_was_before(
    client: ProjectClient, requests: Requests
) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    task = await client.new_task(ada, project, description=SECRET)
    await client.send("PATCH", task_path(task), {"description": "harmless"}, who=ada)
    await client.join(project, ben, "editor")
    await client.send("PATCH", task_path(task), {"title": "Land"}, who=ada)
    topic = f"tasks:{project['id']}"

    before, since = await replay(requests, ben, topic), await replay(requests, ben, topic, after=2)

    assert (before.is_complete, before.reason, before.events) == (False, "not_admitted_yet", [])
    assert (since.is_complete, len(since.events)) == (True, 1)
    assert len(await replayed(requests, ada, topic)) == 3


async def test_a_project_that_is_shown_to_all_shows_its_history_from_then_on(
    client: ProjectClient, requests: Requests
) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada, description=SECRET)
    await client.send("PATCH", project_path(project), {"description": "harmless"}, who=ada)
    await client.send("PATCH", project_path(project), {"visibility": "tenant"}, who=ada)
    topic = f"project:{project['id']}"

    assert (await replay(requests, ben, topic)).reason == "not_admitted_yet"
    assert len((await replay(requests, ben, topic, after=2)).events) == 1
    assert len(await replayed(requests, ada, topic)) == 3


async def test_a_new_member_of_the_tenant_reads_no_history_of_before(client: ProjectClient, requests: Requests) -> None:
    ada = person()
    project = await client.new_project(ada, visibility="tenant")
    await client.write_files(ada, project, {f"{SECRET}.txt": "one"})
    for role in (Role.VIEWER, Role.DEVELOPER, Role.ADMIN):
        newcomer = person(role)
        await joins(client, newcomer)
        for kind in ("project", "files"):
            assert (await replay(requests, newcomer, f"{kind}:{project['id']}")).reason == "not_admitted_yet"


async def test_who_comes_back_reads_from_then_on(client: ProjectClient, requests: Requests) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await joins(client, ben)
    project = await client.new_project(ada, visibility="tenant")
    topic = f"project:{project['id']}"
    assert len(await replayed(requests, ben, topic)) == 1

    async with client.database.unit_of_work(ACME) as work:
        await members.forget(work, ACME, ben.user_id, datetime.now(UTC))
    await joins(client, ben)

    assert (await replay(requests, ben, topic)).reason == "not_admitted_yet"


async def test_whoever_saw_it_anyway_loses_nothing_by_joining_the_team(
    client: ProjectClient, requests: Requests
) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await joins(client, ben)
    project = await client.new_project(ada, visibility="tenant")
    await client.join(project, ben, "editor")

    assert len(await replayed(requests, ben, f"project:{project['id']}")) == 1


async def test_gift_planning_shows_newcomers_no_history(home: Household, requests: Requests) -> None:
    gift_list = await home.new("lists", home.ben, name="Ideas", visibility="private")
    item = await home.item(home.ben, gift_list, name=SECRET)
    await home.client.send("PATCH", f"/api/v1/list-items/{item['id']}", {"name": "A kite"}, who=home.ben)
    await home.client.send("PATCH", f"/api/v1/lists/{gift_list['id']}", {"visibility": "tenant"}, who=home.ben)
    topic = f"list:{gift_list['id']}"
    newcomer = person(Role.DEVELOPER)
    await joins(home.client, newcomer)

    assert (await replay(requests, home.cleo, topic)).reason == "not_admitted_yet"
    assert len(await replayed(requests, home.ben, topic)) >= 3
    for name in (topic, f"person:{home.ada_as_person['id']}"):
        assert (await replay(requests, newcomer, name)).reason == "not_admitted_yet"


async def test_comments_are_read_by_newcomers_as_the_list_shows_them(client: ProjectClient, requests: Requests) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    path = f"{project_path(project)}/comments"
    about = {"entity_type": "project", "entity_id": project["id"], "body": SECRET}
    comment = await client.create(path, about, who=ada)
    await client.send("PATCH", f"{path}/{comment['id']}", {"body": "harmless"}, who=ada)
    await client.join(project, ben, "viewer")

    events = await replayed(requests, ben, f"comments:project:{project['id']}")

    assert [event.is_redacted for event in events] == [True, False]
    assert SECRET not in readable(events)


async def joins(client: ProjectClient, who: Principal) -> None:
    """As if auth-service had told of it just now."""
    event = joined(who, f"{who.user_id}@example.com")
    async with client.database.unit_of_work(who.tenant_id) as work:
        await members.apply(work, [member_of(event.payload, datetime.now(UTC))])


async def listen(client: ProjectClient, receiver: Receiver, who: Principal, **fields: Any) -> dict[str, Any]:
    made = await client.create(WEBHOOKS, {"url": receiver.url, "events": ["task.*"], **fields}, who=who)
    receiver.secret = made["secret"]
    return made


async def has_failed(client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> bool:
    logged = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=who)).items
    return any(each["attempts"] for each in logged)


async def attempts(client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> int:
    logged = (await client.send("GET", f"{WEBHOOKS}/{webhook['id']}/deliveries", who=who)).items
    return sum(each["attempts"] for each in logged)


async def _more_than(count: int, client: ProjectClient, who: Principal, webhook: dict[str, Any]) -> bool:
    return await attempts(client, who, webhook) > count


async def is_consumed(client: ProjectClient, event: Envelope) -> bool:
    return await is_applied(client, event.id)


async def is_applied(client: ProjectClient, event_id: UUID) -> bool:
    return await client.database.system_rows("select from inbox where event_id = $1", event_id) != []


async def is_linked(client: ProjectClient, home: Household, *, to: Principal | None) -> bool:
    answer = await client.send("GET", f"/api/v1/persons/{home.ada_as_person['id']}", who=home.olga)
    return bool(answer.data["user_id"] == (to and str(to.user_id)))


async def rewritten(client: ProjectClient) -> None:
    """Once all is sent, what the periodic task does."""

    async def is_done() -> bool:
        async with client.database.system_work() as work:
            await rewrite_redacted(work, datetime.now(UTC), redact_bodies)
        return await client.database.system_rows("select from redactions") == []

    await eventually(is_done)
