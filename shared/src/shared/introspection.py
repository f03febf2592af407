"""The question behind an opaque credential: whose is it? The gateway asks auth-service (compare RFC 7662).

Access tokens are never asked about: everybody can check those with the published keys.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from shared.principal import Principal

API_KEY_PREFIX = "tsk_"
MAX_CREDENTIAL = 256  # characters; more than any of ours has


class CredentialKind(StrEnum):
    API_KEY = "api_key"
    SESSION_COOKIE = "session_cookie"
    LIVE_TICKET = "live_ticket"
    """Good for one question: the answer uses it up."""


class Refusal(StrEnum):
    """Why a credential is not good; the values are public error codes."""

    INVALID = "AUTH_INVALID_TOKEN"
    EXPIRED = "AUTH_TOKEN_EXPIRED"
    REVOKED = "AUTH_SESSION_REVOKED"


class Introspect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: CredentialKind
    credential: Annotated[str, msgspec.Meta(max_length=MAX_CREDENTIAL)]


class Introspected(msgspec.Struct, frozen=True, kw_only=True):
    """Either a principal or a refusal. The principal of an API key has the key's id as its session."""

    principal: Principal | None = None
    expires_at: int | None = None
    """Unix seconds; None when it ends by revocation only."""
    refusal: Refusal | None = None
