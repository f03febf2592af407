"""Wire types of members."""

import msgspec
from msgspec import UNSET, UnsetType

from auth_service.accounts.schemas import PersonName, SearchText, WebAddress
from shared.pagination import PageQuery
from shared.principal import Role


class PatchUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`role` and `is_active` are of the membership, the rest is of the person."""

    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    display_name: PersonName | UnsetType | None = UNSET
    avatar_url: WebAddress | UnsetType | None = UNSET
    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UserQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: SearchText | None = None
    """Text that the name or the e-mail address contains, in any case."""
    role: Role | None = None
    is_active: bool | None = None
