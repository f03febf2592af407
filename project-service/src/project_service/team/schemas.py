"""The wire types of teams."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from shared.email_address import MAX_LENGTH
from shared.events.projects import ProjectRole, TeamMemberState
from shared.pagination import PageQuery

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=MAX_LENGTH)]
Username = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]


class InviteToTeam(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either an address or a username: the part of an address before the @, or a displayed name without spaces."""

    email: Email | None = None
    username: Username | None = None
    role: ProjectRole = ProjectRole.EDITOR


class PatchTeamMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: ProjectRole | UnsetType = UNSET


class TeamQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has been on the team for longest comes first."""


class TeamMemberView(TeamMemberState, frozen=True, kw_only=True):
    """The names are null for as long as this service has not heard of them."""

    display_name: str | None
    email: str | None


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """A letter is on its way; whoever accepts it joins the tenant and the team."""

    email: str
    role: ProjectRole
