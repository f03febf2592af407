"""What the nodes tell each other about who is where. Kept nowhere; what was lost is asked for again."""

from typing import ClassVar
from uuid import UUID

import msgspec

from shared.messaging.signals import Signal


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is there, as clients see them."""

    user_id: UUID
    display_name: str | None
    state: msgspec.Raw


class Present(msgspec.Struct, frozen=True, kw_only=True, tag="present"):
    """New, or with another state. `at` is when, in unix seconds: a user may be on several nodes."""

    tenant_id: UUID
    topic: str
    member: Member
    at: float


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    tenant_id: UUID
    topic: str
    user_id: UUID


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """What this node said before no longer counts; all it holds follows."""


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The node lives, and `number` was its last word."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag="asked"):
    """Begin anew: one node, or all."""

    of: UUID | None


class PresenceSignal(Signal, frozen=True, kw_only=True):
    """`number` rises by one with each Present, Gone and Begun of a node."""

    name: ClassVar[str] = "presence"
    node: UUID
    number: int
    said: Present | Gone | Begun | Beat | Asked
