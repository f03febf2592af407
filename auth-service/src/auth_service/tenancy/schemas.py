"""Wire types of going from tenant to tenant."""

from uuid import UUID

import msgspec


class SwitchTenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tenant_id: UUID
