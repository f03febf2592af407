"""Rules of teams: who is wanted, and that an owner remains."""

from collections.abc import Iterable

from project_service.team.errors import LastOwner
from project_service.team.schemas import InviteToTeam
from shared.email_address import is_email
from shared.errors import FieldError, ValidationFailed
from shared.events.projects import ProjectRole, TeamMemberState


def check_invitation(wanted: InviteToTeam) -> None:
    """Raises ValidationFailed unless it names one person in one way."""
    if (wanted.email is None) == (wanted.username is None):
        raise ValidationFailed([FieldError("email", "invalid", "Give either an e-mail address or a username.")])
    if wanted.email is not None and not is_email(wanted.email):
        raise ValidationFailed([FieldError("email", "invalid_format", "Give an e-mail address.")])


def check_owner_remains(
    owners: Iterable[TeamMemberState], leaving: TeamMemberState, wanted: ProjectRole | None
) -> None:
    """`owners` are all there are, and nobody changes them meanwhile. Raises LastOwner."""
    others = any(owner.id != leaving.id for owner in owners)
    if leaving.role is ProjectRole.OWNER and wanted is not ProjectRole.OWNER and not others:
        raise LastOwner
