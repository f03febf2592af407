"""What auth-service tells: accounts, tenants, memberships and the end of sessions."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from shared.events.changes import Change, Removed
from shared.events.envelope import Event, LiveEvent
from shared.events.notifications import NotificationNews, NotificationsRead
from shared.events.projects import ProjectRole
from shared.principal import Role, Tier
from shared.wire_enum import WireEnum


class TenantCreated(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.tenant.created"
    tenant_id: UUID
    name: str
    owner_id: UUID


class TenantClosed(Event, frozen=True, kw_only=True):
    """Nobody gets in, and nothing is done for the tenant any more; until `restorable_until` an owner can restore it."""

    type: ClassVar[str] = "auth.tenant.closed"
    tenant_id: UUID
    restorable_until: datetime


class TenantRestored(Event, frozen=True, kw_only=True):
    """It is as it was when it was closed, but for its sessions and the invitations that nobody had accepted."""

    type: ClassVar[str] = "auth.tenant.restored"
    tenant_id: UUID


class TenantDeleted(Event, frozen=True, kw_only=True):
    """The tenant does not come back: every service erases what it has of it, and ignores whatever comes later."""

    type: ClassVar[str] = "auth.tenant.deleted"
    tenant_id: UUID


class TenantState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    tier: Tier
    version: int
    created_at: datetime
    updated_at: datetime


class TenantUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.tenant.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: TenantState


class UserState(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a tenant as the other members see them: no preferences."""

    id: UUID
    tenant_id: UUID
    email: str
    first_name: str
    last_name: str
    full_name: str
    display_name: str | None
    avatar_url: str | None
    role: Role
    is_active: bool
    email_verified: bool
    version: int
    created_at: datetime
    updated_at: datetime


class UserUpdated(Change, frozen=True, kw_only=True):
    """Told once in each tenant of the user that the change is seen from."""

    type: ClassVar[str] = "auth.user.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: UserState


class MembershipAdded(Change, frozen=True, kw_only=True):
    """`entity_id` of all membership events is the user's."""

    type: ClassVar[str] = "auth.membership.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    tenant_id: UUID
    user_id: UUID
    role: Role
    payload: UserState


class MembershipChanged(Change, frozen=True, kw_only=True):
    """Another role, or not active any more, or active again. The sessions in this tenant end with it."""

    type: ClassVar[str] = "auth.membership.changed"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    tenant_id: UUID
    user_id: UUID
    role: Role
    is_active: bool
    payload: UserState


class MembershipRemoved(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.membership.removed"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    tenant_id: UUID
    user_id: UUID
    payload: Removed


class InvitationAccepted(Event, frozen=True, kw_only=True):
    """Of an invitation into a project: the user has become a member of the tenant by now."""

    type: ClassVar[str] = "auth.invitation.accepted"
    schema_version: ClassVar[int] = 2
    tenant_id: UUID
    user_id: UUID
    project_id: UUID
    project_role: ProjectRole
    invited_by: UUID | None = None
    """Whose right it is to put them on the team, if they still have it. None in older events."""


class ApiKeyRevoked(Event, frozen=True, kw_only=True):
    """The key is accepted nowhere any more. Its id stands for a session in identities made from it."""

    type: ClassVar[str] = "auth.api_key.revoked"
    key_id: UUID
    user_id: UUID
    revoked_at: int
    """Unix seconds."""


class SessionRevoked(Event, frozen=True, kw_only=True):
    """From `revoked_at` (unix seconds) on nothing minted earlier for this session is accepted anywhere."""

    type: ClassVar[str] = "auth.session.revoked"
    session_id: UUID
    user_id: UUID
    revoked_at: int
    reason: str


class SecurityAlert(WireEnum):
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an alert
    MFA_ENABLED = "mfa_enabled"
    MFA_DISABLED = "mfa_disabled"
    REFRESH_REUSED = "refresh_reused"
    NEW_DEVICE = "new_device"


class SecurityAlerted(Event, frozen=True, kw_only=True):
    """Something about the safety of an account that its user should hear of. Told in the tenant it happened in."""

    type: ClassVar[str] = "auth.security.alerted"
    tenant_id: UUID
    user_id: UUID
    alert: SecurityAlert
    is_mailed: bool = False
    """They have been written to already."""


class AccountDeactivated(Event, frozen=True, kw_only=True):
    """The user has closed their account and left, for good. Told once in each of their tenants."""

    type: ClassVar[str] = "auth.account.deactivated"
    tenant_id: UUID
    user_id: UUID


class AccountAnonymised(Event, frozen=True, kw_only=True):
    """What identified the user is gone, and so is their membership. Told once in each of their tenants."""

    type: ClassVar[str] = "auth.account.anonymised"
    tenant_id: UUID
    user_id: UUID


class SettingState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    category: str
    key: str
    value: Any
    updated_at: datetime


class SettingChanged(Change, frozen=True, kw_only=True):
    """Also of a setting that is new: to its readers an absent one has its default value."""

    type: ClassVar[str] = "auth.setting.changed"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: SettingState


class RemovedSetting(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    category: str
    key: str


class SettingRemoved(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.setting.removed"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedSetting


class NotificationArrived(Change, frozen=True, kw_only=True):
    """conversation-service's news, on the topic of whom they are for."""

    type: ClassVar[str] = "auth.notification.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: NotificationNews


class NotificationsMarkedRead(Change, frozen=True, kw_only=True):
    """`entity_id` is the user's."""

    type: ClassVar[str] = "auth.notification.read"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: NotificationsRead


class Heartbeat(Event, frozen=True, kw_only=True):
    """Told every few seconds and never stored. Whoever hears it has heard what was told before, but for the newest."""

    type: ClassVar[str] = "auth.heartbeat"
    unsent_seconds: float
    """How long the oldest event has been waiting to be sent; 0 when none is."""
