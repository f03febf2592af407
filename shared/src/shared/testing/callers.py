"""Who asks: people of two tenants, and the secret that a test's gateway and service share."""

from uuid import UUID

from shared.ids import new_id
from shared.principal import Principal, Role

INTERNAL_SECRET = "a secret of the tests, long enough for HS256"  # noqa: S105 - guards nothing
ACME = UUID("019a0000-0000-7000-8000-00000000000a")
GLOBEX = UUID("019a0000-0000-7000-8000-00000000000b")


def somebody(role: Role, tenant_id: UUID = ACME) -> Principal:
    """Somebody new of a tenant."""
    return Principal(user_id=new_id(), tenant_id=tenant_id, session_id=new_id(), role=role)
