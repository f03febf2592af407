"""What services ask each other when only a fresh answer will do."""

from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from shared.errors import NotFound
from shared.events.auth import UserState
from shared.events.projects import ProjectRole
from shared.messaging.requests import Request
from shared.principal import Principal, Tier

MAX_REPLAY = 1000  # events in one answer
MAX_REPLAY_BYTES = 256 * 1024
"""Of event data in one answer, as much as a live connection may have waiting; a larger event comes alone."""


class TopicNotFound(NotFound):
    """Absent and forbidden alike."""

    code = "TOPIC_NOT_FOUND"
    message = "There is no such topic."


class TopicPositionAnswer(msgspec.Struct, frozen=True):
    """The last offset given out; the next event has `offset + 1`. Events name the topic `stream` to this principal."""

    epoch: str
    offset: int
    stream: str


class TopicPosition(Request[TopicPositionAnswer], frozen=True, kw_only=True):
    """May this principal follow the topic, and where does it stand? Raises TopicNotFound."""

    operation: ClassVar[str] = "topic.position"
    principal: Principal
    topic: str


class TopicReplayAnswer(msgspec.Struct, frozen=True):
    """`events` are envelopes of `stream` in order, contiguous from `after + 1`; `offset` is the last one's, or `after`.

    `is_complete` is false with a `reason` (`epoch_changed`, `window_passed`, `ahead`, `not_admitted_yet`) when there
    is a hole that nothing can fill; `events` is empty then. More follows when `has_more`: an answer ends after
    MAX_REPLAY events or MAX_REPLAY_BYTES of them. `last_offset` is the topic's own, 0 from services that do not tell
    it.
    """

    epoch: str
    offset: int
    stream: str
    events: list[msgspec.Raw] = []
    has_more: bool = False
    last_offset: int = 0
    is_complete: bool = True
    reason: str | None = None


class TopicReplay(Request[TopicReplayAnswer], frozen=True, kw_only=True):
    """What happened in the topic after `after`? Raises TopicNotFound."""

    operation: ClassVar[str] = "topic.replay"
    principal: Principal
    topic: str
    epoch: str
    after: int
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_REPLAY)] = MAX_REPLAY


class ProjectStandingAnswer(msgspec.Struct, frozen=True):
    """None: there is no such project, or it is invisible to whom was asked about."""

    role: ProjectRole | None


class ProjectStanding(Request[ProjectStandingAnswer], frozen=True, kw_only=True):
    """Which role has this principal in a project, by membership, visibility or their role in the tenant?"""

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "project.standing"
    principal: Principal
    project_id: UUID


class ProjectTeamAnswer(msgspec.Struct, frozen=True):
    """Everybody on the team. `role` is that of whom was asked about; None: see ProjectStandingAnswer, and no team."""

    role: ProjectRole | None
    user_ids: list[UUID] = []


class ProjectTeam(Request[ProjectTeamAnswer], frozen=True, kw_only=True):
    """Who is on the team of a project that this principal may see?"""

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "project.team"
    principal: Principal
    project_id: UUID


class GiftRecipientAnswer(msgspec.Struct, frozen=True):
    is_recipient: bool


class GiftRecipient(Request[GiftRecipientAnswer], frozen=True, kw_only=True):
    """Is this principal somebody for whom gifts are planned, and from whom something may be kept?"""

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "gift_recipient"
    principal: Principal


MAX_CHATS = 500  # in one answer


class ChatsOfUserAnswer(msgspec.Struct, frozen=True):
    """Where something was said last comes first."""

    chat_ids: list[UUID]


class ChatsOfUser(Request[ChatsOfUserAnswer], frozen=True, kw_only=True):
    """In which chats does this principal take part?"""

    service: ClassVar[str] = "conversation"
    operation: ClassVar[str] = "chats_of_user"
    principal: Principal
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_CHATS)] = MAX_CHATS


class HeldPage(msgspec.Struct, frozen=True):
    """Rows of one section, as JSON objects. Ask again with `next` for what follows; None: that was all."""

    section: str
    rows: list[msgspec.Raw]
    next: str | None


class HeldAbout(Request[HeldPage], frozen=True, kw_only=True):
    """What does this service hold about a user in a tenant? Each section is told, also one without rows.

    For the export of one's own data. Neither a row nor the number of rows tells what the user may not know.
    """

    operation: ClassVar[str] = "held_about"
    tenant_id: UUID
    user_id: UUID
    after: str | None = None


class SigningKeysAnswer(msgspec.Struct, frozen=True):
    """The text of a JWK set (RFC 7517)."""

    jwks: str


class SigningKeys(Request[SigningKeysAnswer], frozen=True, kw_only=True):
    service: ClassVar[str] = "auth"
    operation: ClassVar[str] = "signing_keys"


class EndedSession(msgspec.Struct, frozen=True, kw_only=True):
    session_id: UUID
    user_id: UUID
    revoked_at: int
    """Unix seconds."""


class EndedSessionsAnswer(msgspec.Struct, frozen=True):
    sessions: list[EndedSession]


class EndedSessions(Request[EndedSessionsAnswer], frozen=True, kw_only=True):
    """Which sessions have ended whose access tokens may still be around? For nodes that missed the events."""

    service: ClassVar[str] = "auth"
    operation: ClassVar[str] = "ended_sessions"


class MemberDirectoryAnswer(msgspec.Struct, frozen=True):
    """Ordered by tenant and user; fewer than asked for are the last."""

    members: list[UserState]


class MemberDirectory(Request[MemberDirectoryAnswer], frozen=True, kw_only=True):
    """The members of all tenants, page by page: for services that keep their own copy and may have missed events."""

    service: ClassVar[str] = "auth"
    operation: ClassVar[str] = "member_directory"
    after_tenant: UUID = UUID(int=0)
    after_user: UUID = UUID(int=0)
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500


class InvitationRoomAnswer(msgspec.Struct, frozen=True):
    """There is room; nothing is taken by asking."""


class InvitationRoom(Request[InvitationRoomAnswer], frozen=True, kw_only=True):
    """Has the tenant a seat for this address, may `invited_by` invite, and may it be written to?

    Raises TierLimitExceeded, EmailNotVerified, TooManyRequests.

    For whoever has somebody invited later, by an event, and wants to refuse what would come to nothing.
    """

    service: ClassVar[str] = "auth"
    operation: ClassVar[str] = "invitation.room"
    tenant_id: UUID
    email: str
    invited_by: UUID | None = None
    """Whose mail it would be; None, from askers of before, leaves their budget out."""


class StorageAllotmentAnswer(msgspec.Struct, frozen=True):
    """`allotted` is at most what was asked for; `used` and `limit` are the tenant's bytes in all services together."""

    allotted: int
    used: int
    limit: int


class StorageAllotment(Request[StorageAllotmentAnswer], frozen=True, kw_only=True):
    """Sets how many bytes of the tenant's storage a service may fill by itself; asked again, it changes nothing.

    project-service keeps the one account of a tenant's bytes: its own contents and what it has allotted to others.
    `size` is the whole allotment of the `holder` and not an addition, so that an answer that is lost does no harm.
    """

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "storage.allot"
    tenant_id: UUID
    tier: Tier
    holder: str
    size: Annotated[int, msgspec.Meta(ge=0)]
