"""Wire types of step-up."""

from typing import Annotated

import msgspec
from msgspec import Meta

from auth_service.mfa.schemas import Code
from auth_service.sessions.schemas import MAX_GIVEN
from shared.errors import FieldError, ValidationFailed


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password, for accounts with a second factor a code. What is given must be right, all of it."""

    password: Annotated[str, Meta(max_length=MAX_GIVEN)] | None = None
    code: Code | None = None

    @property
    def is_empty(self) -> bool:
        return self.password is None and self.code is None

    def require_any(self) -> None:
        """Raises ValidationFailed when nothing is given."""
        if self.is_empty:
            either = "Give the password or a code."
            raise ValidationFailed([FieldError(name, "required", either) for name in ("password", "code")])


class WithProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of bodies that may bring their step-up along, for whoever has not done it just before."""

    current_password: Annotated[str, Meta(max_length=MAX_GIVEN)] | None = None
    code: Code | None = None

    @property
    def proof(self) -> Proof:
        return Proof(password=self.current_password, code=self.code)
