"""What the parts that make the audit log agree on.

Whom a request that carries no credential was about, auth-service says in a header that ends at the gateway. Everybody
else is known to the gateway already, from the credential.
"""

from uuid import UUID

import msgspec

SUBJECT_HEADER = "X-Tessera-Audit"

PLANNING = ("persons", "occasions", "lists", "list-items", "gifts", "dashboard", "comments")
"""Under `/api/v1/`: where gifts are planned, and spoken of. A record of it may tell whom a surprise is for."""


class AuditSubject(msgspec.Struct, frozen=True):
    tenant_id: UUID | None
    """None: known, but not to belong to the tenant that was asked for."""
    user_id: UUID | None
    session_id: UUID | None = None
    action: str | None = None
    """Where the route alone does not tell what happened."""

    def encoded(self) -> str:
        """The value of the header."""
        return msgspec.json.encode(msgspec.structs.astuple(self)).decode()


NOBODY = AuditSubject(None, None)

_Fields = tuple[UUID | None, UUID | None, UUID | None, str | None]
_DECODER = msgspec.json.Decoder(_Fields)


def read_subject(value: bytes) -> AuditSubject:
    """Raises msgspec.ValidationError or msgspec.DecodeError."""
    return AuditSubject(*_DECODER.decode(value))
