"""The wire types of notifications. One is answered as the `NotificationState` that its events carry."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.notifications import NotificationKind
from shared.pagination import PageQuery


class NotificationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""

    unread: bool | None = None
    kind: NotificationKind | None = None


class MarkNotificationsRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ids: Annotated[list[UUID], msgspec.Meta(max_length=500)]


class NotificationsUpdated(msgspec.Struct, frozen=True):
    """How many were unread until now."""

    updated: int


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody wants to hear of one kind."""

    in_app: bool
    email: bool


class NotificationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One field for each NotificationKind."""

    mention: Ways
    assignment: Ways
    invitation: Ways
    comment_reply: Ways
    webhook_disabled: Ways
    generation_finished: Ways
    preview_finished: Ways
    billing: Ways
    security: Ways
    version: int


class PatchWays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Null: as it is by default."""

    in_app: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET


class PatchNotificationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Null: as it is by default."""

    mention: PatchWays | UnsetType | None = UNSET
    assignment: PatchWays | UnsetType | None = UNSET
    invitation: PatchWays | UnsetType | None = UNSET
    comment_reply: PatchWays | UnsetType | None = UNSET
    webhook_disabled: PatchWays | UnsetType | None = UNSET
    generation_finished: PatchWays | UnsetType | None = UNSET
    preview_finished: PatchWays | UnsetType | None = UNSET
    billing: PatchWays | UnsetType | None = UNSET
    security: PatchWays | UnsetType | None = UNSET
