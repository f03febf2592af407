"""News of other services: told on the topic of whom they are for, and mailed where that is wanted."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from auth_client import AuthClient
from mail_server import MailServer, body_of
from queued import letters_left

from shared.db.databases import Database
from shared.events.notifications import (
    NotificationAdded,
    NotificationKind,
    NotificationNews,
    NotificationRead,
    NotificationsRead,
)
from shared.messaging.event_log import EventLog
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually
from shared.testing.members import tell

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def news(tenant_id: UUID, user_id: UUID, title: str) -> NotificationNews:
    return NotificationNews(
        id=uuid4(),
        tenant_id=tenant_id,
        user_id=user_id,
        kind=NotificationKind.ASSIGNMENT,
        title=title,
        actor_id=None,
        entity_type="task",
        entity_id=uuid4(),
        project_id=uuid4(),
        read_at=None,
        version=1,
        created_at=NOW,
        updated_at=NOW,
        unread_count=3,
    )


async def types_told(database: Database, tenant_id: UUID, user_id: UUID) -> list[str]:
    told = await EventLog(database).read(tenant_id, f"user:{user_id}", 0, 1000)
    return [event.type for event in told if ".notification." in event.type]


async def test_news_and_marks_reach_the_topic_of_whom_they_are_for(
    auth: AuthClient, bus: MemoryBus, database: Database
) -> None:
    ada = (await auth.register()).principal
    added = NotificationAdded(in_app=True, by_mail=False, payload=news(ada.tenant_id, ada.user_id, "Land"))
    marked = NotificationsRead(user_id=ada.user_id, notification_ids=None, read_at=NOW, unread_count=0)
    event_id = uuid4()

    await tell(bus, added, ada.tenant_id, event_id=event_id)
    await tell(bus, added, ada.tenant_id, event_id=event_id)
    await tell(bus, NotificationRead(tenant_id=ada.tenant_id, payload=marked), ada.tenant_id)

    async def both_are_told() -> bool:
        told = await types_told(database, ada.tenant_id, ada.user_id)
        return sorted(told) == ["auth.notification.added", "auth.notification.read"]

    await eventually(both_are_told)


@pytest.mark.parametrize("is_verified", [True, False])
async def test_only_a_proven_address_is_written_to(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus, database: Database, is_verified: bool
) -> None:
    ada = await auth_with_mail.register()
    tenant_id, user_id = ada.principal.tenant_id, ada.principal.user_id
    if is_verified:
        token = await mail.token_to(ada.email, "Confirm")
        await auth_with_mail.send("POST", "/api/v1/auth/verify-email", {"token": token})
    only_mail = NotificationAdded(in_app=False, by_mail=True, payload=news(tenant_id, user_id, "You were\nassigned"))
    both = NotificationAdded(in_app=True, by_mail=True, payload=news(tenant_id, user_id, "Land"))

    await tell(bus, only_mail, tenant_id)
    await tell(bus, both, tenant_id)

    async def is_told() -> bool:
        return await types_told(database, tenant_id, user_id) == ["auth.notification.added"]

    await eventually(is_told)
    if is_verified:
        await eventually(lambda: len(mail.letters_to(ada.email, "Something was assigned to you")) == 2)
        texts = sorted(body_of(letter, "plain") for letter in mail.letters_to(ada.email, "assigned to you"))
        assert ["“Land”" in texts[0], "“You were assigned”" in texts[1]] == [True, True]
        assert "notification settings" in texts[0]
    assert len(mail.letters_to(ada.email, "assigned to you")) == 2 * is_verified


async def test_news_for_who_has_left_are_nobodys(auth: AuthClient, bus: MemoryBus, database: Database) -> None:
    ada = (await auth.register()).principal
    gone = NotificationAdded(in_app=False, by_mail=True, payload=news(ada.tenant_id, uuid4(), "Land"))
    there = NotificationAdded(in_app=True, by_mail=False, payload=news(ada.tenant_id, ada.user_id, "Land"))

    await tell(bus, gone, ada.tenant_id)
    await tell(bus, there, ada.tenant_id)

    async def is_told() -> bool:
        return await types_told(database, ada.tenant_id, ada.user_id) == ["auth.notification.added"]

    await eventually(is_told)
    assert await letters_left(database, "notification") == 0
