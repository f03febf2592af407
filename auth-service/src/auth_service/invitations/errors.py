"""What can go wrong with invitations."""

from shared.errors import NotFound


class InvitationNotFound(NotFound):
    code = "INVITATION_NOT_FOUND"
    message = "There is no such invitation."


class ProjectNotFound(NotFound):
    """As the service of projects says it."""

    code = "PROJECT_NOT_FOUND"
    message = "There is no such project."
