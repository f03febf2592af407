"""Wire types of proving an address and of getting back into an account."""

from typing import Annotated

import msgspec
from msgspec import Meta

from auth_service.accounts.schemas import NewPassword
from auth_service.mail_tokens.domain import GivenToken
from auth_service.sessions.schemas import MAX_GIVEN


class VerifyEmail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: GivenToken


class ForgotPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=MAX_GIVEN)]


class ResetPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: GivenToken
    password: NewPassword


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    current_password: Annotated[str, Meta(max_length=MAX_GIVEN)]
    new_password: NewPassword
