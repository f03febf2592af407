"""Rules of accounts: how a profile changes."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from auth_service.accounts.schemas import MAX_PREFERENCES_BYTES
from shared.email_address import is_email
from shared.errors import FieldError, ValidationFailed

BAD_EMAIL = FieldError("email", "invalid_format", "This is not an e-mail address we can use.")


def check_email(email: str) -> None:
    """Raises ValidationFailed."""
    if not is_email(email):
        raise ValidationFailed([BAD_EMAIL])


def check_profile(changes: dict[str, Any]) -> None:
    """Raises ValidationFailed for what the wire types cannot say."""
    avatar_url = changes.get("avatar_url")
    if avatar_url is not None and not _is_web_address(avatar_url):
        raise ValidationFailed([FieldError("avatar_url", "invalid_format", "Give an http or https address.")])


def changed_preferences(current: dict[str, Any], patch: dict[str, Any] | None) -> dict[str, Any]:
    """Raises ValidationFailed when the result is larger than may be kept."""
    merged: dict[str, Any] = {} if patch is None else merge_patch(current, patch)
    if len(msgspec.json.encode(merged)) > MAX_PREFERENCES_BYTES:
        reason = f"Preferences may have {MAX_PREFERENCES_BYTES} bytes of JSON."
        raise ValidationFailed([FieldError("preferences", "too_long", reason)])
    return merged


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects merge member by member, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _is_web_address(text: str) -> bool:
    if not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        has_good_port = parts.port != 0
    except ValueError:
        return False
    return has_good_port and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
