"""Wire types of signing in and of staying signed in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from auth_service.accounts.schemas import UserView
from auth_service.mail_tokens.domain import GivenToken
from auth_service.mfa.schemas import Code
from auth_service.tenants.schemas import TenantName
from shared.events.questions import EndedSession

MAX_GIVEN = 1024  # characters of a credential we look at; longer than any that can be right


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    refresh_token: str
    token_type: str
    expires_at: datetime
    refresh_expires_at: datetime


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=MAX_GIVEN)]
    password: Annotated[str, Meta(max_length=MAX_GIVEN)]
    tenant_id: UUID | None = None
    invitation_token: GivenToken | None = None
    """Joins the tenant of the invitation and signs in there, whatever `tenant_id` says: for accounts in no tenant."""
    tenant_name: TenantName | None = None
    """Founds a tenant of this name where there is none to enter: no membership is left, or only closed tenants are."""
    cookie: bool = False
    """Also set the session cookie."""


class LoginWithCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mfa_token: Annotated[str, Meta(max_length=MAX_GIVEN)]
    code: Code
    invitation_token: GivenToken | None = None
    """As at the first step, which keeps no invitation."""
    tenant_name: TenantName | None = None
    """Likewise."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    user: UserView
    tokens: Tokens


class Refresh(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a token in the body, the session cookie is taken for it."""

    refresh_token: Annotated[str, Meta(max_length=MAX_GIVEN)] | UnsetType = UNSET


class RevocationQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    since: Annotated[int, Meta(ge=0)] = 0
    """Unix seconds; what ended longer ago than an access token lives is never listed."""


class RevocationList(msgspec.Struct, frozen=True, kw_only=True):
    sessions: list[EndedSession]
    as_of: int
    """Unix seconds: ask with this as `since` the next time."""
