"""Wire types of registering."""

import msgspec

from auth_service.accounts.schemas import Email, NewPassword, PersonName, UserView
from auth_service.mail_tokens.domain import GivenToken
from auth_service.sessions.schemas import Tokens
from auth_service.tenants.schemas import TenantName, TenantView


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Email
    password: NewPassword
    first_name: PersonName
    last_name: PersonName
    tenant_name: TenantName | None = None
    invitation_token: GivenToken | None = None
    """Joins the tenant of the invitation instead of making one."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    user: UserView
    tenant: TenantView
    tokens: Tokens
