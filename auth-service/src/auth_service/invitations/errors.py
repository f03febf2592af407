"""What can go wrong with invitations."""

from shared.errors import Conflict, Forbidden, NotFound


class InvitationNotFound(NotFound):
    code = "INVITATION_NOT_FOUND"
    message = "There is no such invitation."


class MemberExists(Conflict):
    code = "MEMBER_EXISTS"
    message = "Whoever has this address is a member of the tenant already."


class InvitedAddressOnly(Forbidden):
    message = "This invitation has to be accepted by the account of the address that it was mailed to."


class ProjectNotFound(NotFound):
    """As the service of projects says it."""

    code = "PROJECT_NOT_FOUND"
    message = "There is no such project."
