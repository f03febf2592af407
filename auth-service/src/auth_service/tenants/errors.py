"""What can go wrong with tenants."""

from shared.errors import Conflict, Forbidden, NotFound


class TenantNotFound(NotFound):
    """Absent, and not yours, alike."""

    code = "TENANT_NOT_FOUND"
    message = "There is no such tenant, or you do not belong to it."


class TenantIsClosed(Forbidden):
    """For its members: `details.restorable_until`, and for an owner who has signed in `details.restore_token`."""

    code = "TENANT_CLOSED"
    message = "This tenant is closed. An owner can restore it until it is erased."


class SlugTaken(Conflict):
    code = "TENANT_SLUG_TAKEN"
    message = "Another tenant has this slug."


class LastOwner(Conflict):
    code = "LAST_OWNER"
    message = "There must be another owner first."
