"""The wire types of webhooks and of what was delivered to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from project_service.outbound.destinations import LONGEST_URL
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

Url = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]
EventName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
EventNames = Annotated[tuple[EventName, ...], msgspec.Meta(min_length=1, max_length=100)]
"""Public types (`task.updated`), `task.*` for all of a noun, `*` for all."""


class DisabledReason(WireEnum):
    FAILING = "failing"
    """A delivery failed as often as it is tried."""
    GONE = "gone"
    """The receiver answered 410."""
    ADDRESS_PROVEN = "address_proven"
    """Made before the address of its maker was proven, so perhaps by somebody else. It can be made active again."""
    MAKER_LEFT = "maker_left"
    """Whoever made it has left the tenant or may not see the project any more. Who makes it active again counts as
    its maker from then on."""


class DeliveryStatus(WireEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHHELD = "withheld"
    """Whoever made the webhook may not see that any more."""


class CreateWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Url
    events: EventNames
    project_id: UUID | None = None
    """Only what happens in this project; null: everything in the tenant, for its owners and admins."""
    active: bool = True


class PatchWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Url | UnsetType = UNSET
    events: EventNames | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    """True also for one that was disabled: what still waits is delivered then."""


class WebhookQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    project_id: UUID | None = None
    sort: SortText = "-created_at"
    """`created_at`; with `-` in front, descending."""


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    project_id: UUID | None
    url: str
    events: tuple[str, ...]
    active: bool
    disabled_at: datetime | None
    """When deliveries were given up, if they were; null again once somebody makes it active."""
    disabled_reason: DisabledReason | None
    created_by: UUID
    """What this person may see is what is delivered."""
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookView, frozen=True, kw_only=True):
    secret: str
    """`whsec_...`, shown this once."""


class DeliveryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""

    status: DeliveryStatus | None = None


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest attempt, of as many as `attempts` says. `id` is the `webhook-id` of all of them."""

    id: UUID
    webhook_id: UUID
    event_id: UUID | None
    """Null for a test."""
    type: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    """When it, or what is ahead of it in line, is tried next; null for one that is not tried any more."""
    attempted_at: datetime | None
    duration_ms: int | None
    response_status: int | None
    response_body: str | None
    """Its first 4 KiB."""
    error: str | None
    """Why there was no answer."""
    created_at: datetime
