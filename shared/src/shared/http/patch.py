"""JSON merge patch (RFC 7396) over typed bodies: a field that was not sent is UNSET, null clears."""

from typing import Any

import msgspec


def changes(patch: msgspec.Struct) -> dict[str, Any]:
    """The fields that were sent, by attribute name."""
    return {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not msgspec.UNSET}
