"""HTTP for notifications, and for how one wants to hear of what."""

from conversation_service.notifications.schemas import (
    MarkNotificationsRead,
    NotificationQuery,
    NotificationSettings,
    NotificationsUpdated,
    PatchNotificationSettings,
)
from conversation_service.notifications.service import NotificationService
from shared.errors import PreconditionFailed
from shared.events.notifications import NotificationState
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

NOTIFICATIONS = "/api/v1/notifications"
SETTINGS = NOTIFICATIONS + "/settings"

routes = Routes("notifications", resource="notifications")


@routes.get(NOTIFICATIONS, summary="List your notifications")
async def list_notifications(
    principal: Principal, notifications: NotificationService, query: NotificationQuery
) -> PageOf[NotificationState]:
    return await notifications.find(principal, query)


@routes.post(NOTIFICATIONS + "/mark-read", summary="Mark some notifications as read")
async def mark_notifications_read(
    principal: Principal, notifications: NotificationService, body: MarkNotificationsRead
) -> NotificationsUpdated:
    return await notifications.mark_read(principal, body.ids)


@routes.post(NOTIFICATIONS + "/mark-all-read", summary="Mark all notifications as read")
async def mark_all_notifications_read(principal: Principal, notifications: NotificationService) -> NotificationsUpdated:
    return await notifications.mark_read(principal, None)


@routes.get(SETTINGS, summary="Read how you want to hear of what")
async def get_notification_settings(principal: Principal, notifications: NotificationService) -> NotificationSettings:
    return await notifications.settings(principal)


@routes.put(SETTINGS, summary="Choose how to hear of what (the same as PATCH)", errors=[PreconditionFailed])
@routes.patch(SETTINGS, summary="Choose how to hear of what", errors=[PreconditionFailed])
async def change_notification_settings(
    principal: Principal,
    notifications: NotificationService,
    body: PatchNotificationSettings,
    if_match: IfMatch,
) -> NotificationSettings:
    return await notifications.change_settings(principal, body, if_match)
