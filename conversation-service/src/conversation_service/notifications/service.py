"""The use cases of notifications, each one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from conversation_service import limits
from conversation_service.notifications import repository
from conversation_service.notifications.domain import DEFAULTS, patched, ways_for
from conversation_service.notifications.repository import Inbox
from conversation_service.notifications.schemas import (
    NotificationQuery,
    NotificationSettings,
    NotificationsUpdated,
    PatchNotificationSettings,
    Ways,
)
from conversation_service.notifications.sources import Notice
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.notifications import (
    NotificationAdded,
    NotificationNews,
    NotificationRead,
    NotificationsRead,
    NotificationState,
)
from shared.http.conditions import IfMatch, refuse_stale
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal


class NotificationService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: NotificationQuery) -> PageOf[NotificationState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def notify(
        self, work: Work, tenant_id: UUID, event_id: UUID, actor_id: UUID | None, notices: Iterable[Notice]
    ) -> None:
        """Everybody once per event and kind, and of what they did themselves only where that is told to them too."""
        in_order = sorted(notices, key=lambda notice: (notice.user_id, notice.kind))  # in which inboxes are locked
        for notice in in_order:
            is_news = notice.user_id != actor_id or notice.is_for_actor_too
            if is_news and not await repository.is_gone(work, tenant_id, notice.user_id):
                await self._notify(work, tenant_id, event_id, actor_id, notice)

    async def mark_read(self, principal: Principal, notification_ids: Sequence[UUID] | None) -> NotificationsUpdated:
        """None: all. Ids that are nobody's, or somebody else's, change nothing."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.lock_inbox(work, principal.tenant_id, principal.user_id, self._clock.now())
            now = self._clock.now()  # behind the lock: nothing that is marked came later
            ids = await repository.mark_read(work, principal, notification_ids, now)
            left = await repository.count_unread(work, principal.tenant_id, principal.user_id, -len(ids))
            if ids:
                read = NotificationsRead(
                    user_id=principal.user_id,
                    notification_ids=None if notification_ids is None else tuple(ids),
                    read_at=now,
                    unread_count=left,
                )
                event = NotificationRead(tenant_id=principal.tenant_id, payload=read)
                work.publish(event, topics=[], subject=str(principal.user_id))
            return work.answer(NotificationsUpdated(len(ids)))

    async def settings(self, principal: Principal) -> NotificationSettings:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return _settings(await repository.inbox(work, principal.tenant_id, principal.user_id))

    async def change_settings(
        self, principal: Principal, patch: PatchNotificationSettings, if_match: IfMatch
    ) -> NotificationSettings:
        """Raises PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            before = await repository.lock_inbox(work, principal.tenant_id, principal.user_id, now)
            refuse_stale(if_match, _settings(before))
            chosen = patched(before.preferences, patch)
            if chosen == before.preferences:
                return _settings(before)
            await repository.choose(work, principal, chosen, now)
            return _settings(await repository.inbox(work, principal.tenant_id, principal.user_id))

    async def forget(self, work: Work, tenant_id: UUID, user_id: UUID) -> None:
        await repository.forget(work, tenant_id, user_id)

    async def _notify(self, work: Work, tenant_id: UUID, event_id: UUID, actor_id: UUID | None, notice: Notice) -> None:
        now = self._clock.now()
        inbox = await repository.lock_inbox(work, tenant_id, notice.user_id, now)
        ways = ways_for(notice.kind, inbox.preferences)
        ways = Ways(in_app=ways.in_app, email=ways.email and not notice.is_mailed)
        if not ways.in_app and not ways.email:
            return
        if ways.in_app:
            made = await repository.add(work, tenant_id, event_id, actor_id, notice, now)
            if made is None:
                return
            deleted = await _delete_oldest(work, made)
            unread = await repository.count_unread(work, tenant_id, notice.user_id, 1 - deleted)
        else:
            made, unread = _unlisted(tenant_id, actor_id, notice, now), inbox.unread_count
        news = NotificationNews(**msgspec.structs.asdict(made), unread_count=unread)
        event = NotificationAdded(in_app=ways.in_app, by_mail=ways.email, payload=news)
        work.publish(event, topics=[], subject=str(notice.user_id))


async def _delete_oldest(work: Work, added: NotificationState) -> int:
    """Now and then; how many of those that were deleted were unread."""
    if added.id.int % limits.NOTIFICATIONS_PER_DELETION:
        return 0
    return await repository.delete_oldest(work, added.tenant_id, added.user_id, limits.NOTIFICATIONS_KEPT)


def _settings(inbox: Inbox) -> NotificationSettings:
    ways = {kind.value: ways_for(kind, inbox.preferences) for kind in DEFAULTS}
    return NotificationSettings(**ways, version=inbox.version)


def _unlisted(tenant_id: UUID, actor_id: UUID | None, notice: Notice, now: datetime) -> NotificationState:
    """What is only mailed."""
    return NotificationState(
        id=new_id(),
        tenant_id=tenant_id,
        user_id=notice.user_id,
        kind=notice.kind,
        title=notice.title,
        actor_id=actor_id,
        entity_type=notice.entity_type,
        entity_id=notice.entity_id,
        project_id=notice.project_id,
        read_at=None,
        version=1,
        created_at=now,
        updated_at=now,
    )
