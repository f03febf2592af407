"""What can go wrong with tenants."""

from shared.errors import NotFound


class TenantNotFound(NotFound):
    """Absent, and not yours, alike."""

    code = "TENANT_NOT_FOUND"
    message = "There is no such tenant, or you do not belong to it."
