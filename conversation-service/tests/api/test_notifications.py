"""Notifications: made of events, once each, counted exactly, and heard of the way one wants to."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from chat_client import ChatClient

from conversation_service import limits
from shared.events.auth import AccountAnonymised, SecurityAlert, SecurityAlerted
from shared.events.envelope import Event
from shared.events.projects import (
    CommentAdded,
    Commented,
    CommentState,
    CommentUpdated,
    TaskAdded,
    TaskAssigned,
    TaskPriority,
    TaskState,
    TaskStatus,
    TaskStatusChanged,
    WebhookDisabled,
    WebhookPassedOn,
)
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually
from shared.testing.members import tell

NOTIFICATIONS = "/api/v1/notifications"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def task(assignee: UUID | None, title: str = "Land") -> TaskState:
    return TaskState(
        id=new_id(),
        tenant_id=ACME,
        project_id=new_id(),
        title=title,
        description=None,
        status=TaskStatus.TODO,
        priority=TaskPriority.NORMAL,
        assignee_id=assignee,
        due_at=None,
        position=1.0,
        label_ids=(),
        depends_on=(),
        attachment_count=0,
        created_by=new_id(),
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def assigned(to: UUID | None, title: str = "Land") -> TaskAssigned:
    state = task(to, title)
    return TaskAssigned(entity_id=state.id, version=2, changed_fields=("assignee_id",), payload=state)


def comment() -> CommentState:
    return CommentState(
        id=new_id(),
        tenant_id=ACME,
        project_id=new_id(),
        entity_type=Commented.TASK,
        entity_id=new_id(),
        parent_id=None,
        author_id=new_id(),
        body="Look",
        mentioned_user_ids=(),
        edits=0,
        edited_at=None,
        is_deleted=False,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


async def listed(chats: ChatClient, who: Principal, query: str = "") -> list[dict[str, Any]]:
    return (await chats.send("GET", NOTIFICATIONS + query, who=who)).items


async def unread(chats: ChatClient, who: Principal) -> int:
    count: int = (await chats.send("GET", NOTIFICATIONS, who=who)).json["meta"]["unread_count"]
    return count


async def has(chats: ChatClient, who: Principal, count: int) -> None:
    async def is_so() -> bool:
        return len(await listed(chats, who)) == count

    await eventually(is_so)


async def forwarded(chats: ChatClient, kind: str = "added") -> list[dict[str, Any]]:
    """What was told to auth-service."""
    rows = await chats.database.system_rows(
        f"select data from outbox where type = 'conversation.notification.{kind}' order by seq"
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


@pytest.mark.parametrize(
    ("make", "kind", "title"),
    [
        (lambda who: assigned(who), "assignment", "You were assigned a task"),
        (lambda who: TaskAdded(entity_id=new_id(), version=1, payload=task(who)), "assignment", None),
        (
            lambda who: TaskStatusChanged(
                entity_id=new_id(), version=2, changed_fields=("status", "assignee_id"), payload=task(who)
            ),
            "assignment",
            None,
        ),
        (
            lambda who: CommentAdded(entity_id=new_id(), version=1, newly_mentioned=(who,), payload=comment()),
            "mention",
            "You were mentioned in a comment",
        ),
        (
            lambda who: CommentUpdated(entity_id=new_id(), version=2, newly_mentioned=(who,), payload=comment()),
            "mention",
            None,
        ),
        (
            lambda who: CommentAdded(entity_id=new_id(), version=1, replied_to=who, payload=comment()),
            "comment_reply",
            "Your comment was answered",
        ),
        (
            lambda who: WebhookDisabled(
                tenant_id=ACME, webhook_id=new_id(), project_id=None, user_id=who, reason="gone"
            ),
            "webhook_disabled",
            "A webhook was disabled: its receiver is gone",
        ),
        (
            lambda who: WebhookPassedOn(tenant_id=ACME, webhook_id=new_id(), user_id=who),
            "webhook_disabled",
            "A webhook is yours now: who made it has left",
        ),
        (
            lambda who: SecurityAlerted(tenant_id=ACME, user_id=who, alert=SecurityAlert.MFA_DISABLED),
            "security",
            "The second factor of your account was removed",
        ),
        (
            lambda who: SecurityAlerted(tenant_id=ACME, user_id=who, alert=SecurityAlert.NEW_DEVICE),
            "security",
            "Somebody signed in to your account on a new device",
        ),
    ],
)
async def test_an_event_becomes_a_notification(
    chats: ChatClient, bus: MemoryBus, make: Any, kind: str, title: str | None
) -> None:
    ada, actor = await chats.member(), new_id()

    await tell(bus, make(ada.user_id), ACME, by=actor)

    await has(chats, ada, 1)
    [made] = await listed(chats, ada)
    assert (made["kind"], made["actor_id"], made["read_at"]) == (kind, str(actor), None)
    assert title is None or made["title"] == title
    [told] = await forwarded(chats)
    assert (told["payload"]["id"], told["payload"]["unread_count"]) == (made["id"], 1)


async def test_nobody_is_notified_of_what_they_did_or_what_does_not_concern_them(
    chats: ChatClient, bus: MemoryBus
) -> None:
    ada = await chats.member()
    silent: list[Event] = [
        assigned(ada.user_id),
        assigned(None),
        TaskStatusChanged(entity_id=new_id(), version=2, changed_fields=("status",), payload=task(ada.user_id)),
    ]

    await tell(bus, silent[0], ACME, by=ada.user_id)
    await tell(bus, silent[1], ACME)
    await tell(bus, silent[2], ACME)
    alert = SecurityAlerted(tenant_id=ACME, user_id=ada.user_id, alert=SecurityAlert.PASSWORD_CHANGED)
    await tell(bus, alert, ACME, by=ada.user_id)

    await has(chats, ada, 1)
    assert [made["kind"] for made in await listed(chats, ada)] == ["security"]


async def test_one_event_notifies_once_however_often_it_arrives(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member(), await chats.member()
    both = CommentAdded(entity_id=new_id(), version=1, newly_mentioned=(ada.user_id, ben.user_id), payload=comment())
    event_id = new_id()

    for _ in range(3):
        await tell(bus, both, ACME, event_id=event_id)
    await tell(bus, assigned(ada.user_id), ACME)

    await has(chats, ada, 2)
    assert (len(await listed(chats, ben)), await unread(chats, ada), len(await forwarded(chats))) == (1, 2, 3)


async def test_reading_some_and_all_counts_what_was_unread(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member(), await chats.member()
    for number in range(5):
        await tell(bus, assigned(ada.user_id, str(number)), ACME)
    await has(chats, ada, 5)
    ids = [made["id"] for made in await listed(chats, ada)]

    foreign = await chats.send("POST", f"{NOTIFICATIONS}/mark-read", {"ids": ids}, who=ben)
    wanted = {"ids": [ids[0], ids[0], ids[1], str(new_id())]}
    some = [await chats.send("POST", f"{NOTIFICATIONS}/mark-read", wanted, who=ada) for _ in range(2)]

    assert (foreign.data, [answer.data for answer in some]) == ({"updated": 0}, [{"updated": 2}, {"updated": 0}])
    assert await unread(chats, ada) == 3
    assert {made["id"] for made in await listed(chats, ada, "?unread=true")} == set(ids[2:])
    assert {made["id"] for made in await listed(chats, ada, "?unread=false")} == set(ids[:2])
    rest = await chats.send("POST", f"{NOTIFICATIONS}/mark-all-read", who=ada)
    assert (rest.data, await unread(chats, ada)) == ({"updated": 3}, 0)
    marks = [told["payload"] for told in await forwarded(chats, "read")]
    assert [(mark["notification_ids"] is None, mark["unread_count"]) for mark in marks] == [(False, 3), (True, 0)]


async def test_what_is_marked_as_read_is_older_than_the_mark(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    await tell(bus, assigned(ada.user_id), ACME)
    await has(chats, ada, 1)

    async def somebody_waits() -> bool:
        waiting = "select from pg_locks l join pg_stat_activity a using (pid) where a.datname = current_database()"
        return await chats.database.system_rows(f"{waiting} and not l.granted") != []

    async with chats.database.unit_of_work(ACME) as work:
        await work.execute("select from notification_inboxes for update")
        marking = asyncio.create_task(chats.send("POST", f"{NOTIFICATIONS}/mark-all-read", who=ada))
        await eventually(somebody_waits, within=5)
        await work.execute("update notifications set created_at = clock_timestamp()")
    await marking

    [made] = await listed(chats, ada)
    assert datetime.fromisoformat(made["read_at"]) > datetime.fromisoformat(made["created_at"])


async def test_counts_stay_exact_while_news_come_and_are_read(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()

    async def read_all() -> int:
        answer = await chats.send("POST", f"{NOTIFICATIONS}/mark-all-read", who=ada)
        return int(answer.data["updated"])

    news = [tell(bus, assigned(ada.user_id), ACME) for _ in range(30)]
    read = [read_all() for _ in range(10)]
    _, updated = await asyncio.gather(asyncio.gather(*news), asyncio.gather(*read))
    await has(chats, ada, 20)  # a page of them

    async def all_are_there() -> bool:
        return (await chats.send("GET", NOTIFICATIONS, who=ada)).json["total"] == 30

    await eventually(all_are_there)
    assert sum(updated) + await unread(chats, ada) == 30


async def test_notifications_come_in_pages_newest_first(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    tasks = [assigned(ada.user_id) for _ in range(5)]
    for number, told in enumerate(tasks, start=1):
        await tell(bus, told, ACME)
        await has(chats, ada, number)

    first = (await chats.send("GET", f"{NOTIFICATIONS}?limit=2", who=ada)).json
    second = (await chats.send("GET", f"{NOTIFICATIONS}?limit=2&cursor={first['next_cursor']}", who=ada)).json
    third = (await chats.send("GET", f"{NOTIFICATIONS}?limit=2&page=3&kind=ASSIGNMENT", who=ada)).json
    none = (await chats.send("GET", f"{NOTIFICATIONS}?kind=billing", who=ada)).json

    about = [item["entity_id"] for page in (first, second, third) for item in page["items"]]
    newest_first = [str(told.entity_id) for told in reversed(tasks)]
    assert (about, first["total"], third["next_cursor"]) == (newest_first, 5, None)
    assert (none["items"], none["total"], none["meta"]) == ([], 0, {"unread_count": 5})


async def test_people_choose_how_to_hear_of_each_kind(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    path = f"{NOTIFICATIONS}/settings"
    before = await chats.send("GET", path, who=ada)

    changed = await chats.send(
        "PATCH",
        path,
        {"assignment": {"in_app": False}, "mention": {"in_app": False, "email": False}},
        who=ada,
        headers={"if-match": before.headers["etag"]},
    )
    same = await chats.send("PATCH", path, {"assignment": {"in_app": False}}, who=ada)

    assert before.data["assignment"] == {"in_app": True, "email": True}
    assert (changed.data["assignment"], changed.data["version"]) == ({"in_app": False, "email": True}, 2)
    assert same.data == changed.data
    await tell(bus, assigned(ada.user_id), ACME)
    mention = CommentAdded(entity_id=new_id(), version=1, newly_mentioned=(ada.user_id,), payload=comment())
    await tell(bus, mention, ACME)
    reply = CommentAdded(entity_id=new_id(), version=1, replied_to=ada.user_id, payload=comment())
    await tell(bus, reply, ACME)
    await has(chats, ada, 1)
    ways = [(told["payload"]["kind"], told["in_app"], told["by_mail"]) for told in await forwarded(chats)]
    assert sorted(ways) == [("assignment", False, True), ("comment_reply", True, False)]
    back = await chats.send("PATCH", path, {"assignment": None, "mention": {"email": None}}, who=ada)
    assert (back.data["assignment"], back.data["mention"]) == (
        before.data["assignment"],
        {"in_app": False, "email": True},
    )


@pytest.mark.parametrize("body", [{"weather": {"email": True}}, {"mention": {"sms": True}}, {"mention": True}])
async def test_what_cannot_be_chosen_is_refused(chats: ChatClient, body: Any) -> None:
    ada = await chats.member()

    answer = await chats.send("PATCH", f"{NOTIFICATIONS}/settings", body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_an_alert_that_was_mailed_is_not_mailed_again(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    alert = SecurityAlerted(tenant_id=ACME, user_id=ada.user_id, alert=SecurityAlert.REFRESH_REUSED, is_mailed=True)

    await tell(bus, alert, ACME)

    await has(chats, ada, 1)
    assert [(told["in_app"], told["by_mail"]) for told in await forwarded(chats)] == [(True, False)]


async def test_nothing_is_kept_for_an_anonymised_account(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    await tell(bus, assigned(ada.user_id), ACME)
    await has(chats, ada, 1)

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=ada.user_id), ACME)

    async def is_forgotten() -> bool:
        return await chats.database.system_rows("select from notification_inboxes") == []

    await eventually(is_forgotten)
    assert await chats.database.system_rows("select from notifications") == []
    await tell(bus, assigned(ada.user_id), ACME)
    ben = await chats.member()
    await tell(bus, assigned(ben.user_id), ACME)
    await has(chats, ben, 1)
    assert await listed(chats, ada) == []


async def test_notifications_stay_in_their_tenant(chats: ChatClient, bus: MemoryBus) -> None:
    ada = await chats.member()
    elsewhere = msgspec.structs.replace(ada, tenant_id=GLOBEX)
    await tell(bus, assigned(ada.user_id), ACME)
    await has(chats, ada, 1)

    assert await listed(chats, elsewhere) == []
    assert (await chats.send("POST", f"{NOTIFICATIONS}/mark-all-read", who=elsewhere)).data == {"updated": 0}
    assert await unread(chats, ada) == 1


async def test_the_oldest_are_deleted_and_are_not_unread_any_more(
    chats: ChatClient, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NOTIFICATIONS_KEPT", 3)
    monkeypatch.setattr(limits, "NOTIFICATIONS_PER_DELETION", 1)
    ada = await chats.member("Ada")

    for _ in range(5):
        await tell(bus, assigned(ada.user_id), ACME)

    async def all_were_sent() -> bool:
        return len(await forwarded(chats)) == 5

    await eventually(all_were_sent)
    assert (len(await listed(chats, ada)), await unread(chats, ada)) == (3, 3)
