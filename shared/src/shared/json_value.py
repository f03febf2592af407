"""Any JSON in a body: the type cannot bound it, so the bytes that it takes are."""

from typing import Any

import msgspec

from shared.errors import FieldError, ValidationFailed


def json_value(max_bytes: int, description: str | None = None) -> msgspec.Meta:
    """For `Annotated[Any, json_value(16 * 1024)]`. It documents the bound, which a rule of the domain holds
    (`require_small_json`).
    """
    return msgspec.Meta(
        description=description, extra_json_schema={"x-max-bytes": max_bytes}, extra={"max_bytes": max_bytes}
    )


def require_small_json(value: Any, max_bytes: int, path: str) -> bytes:
    """The value as JSON. Raises ValidationFailed for more than `max_bytes` of it."""
    encoded = msgspec.json.encode(value)
    if len(encoded) > max_bytes:
        reason = f"It may have at most {max_bytes} bytes of JSON."
        raise ValidationFailed([FieldError(path, "too_long", reason)])
    return encoded
