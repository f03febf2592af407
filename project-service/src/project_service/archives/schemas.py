"""The wire types of archives."""

import msgspec

from project_service.projects.schemas import Name


class ImportQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | None = None
    """Of the new project; absent: as the archive is called."""
