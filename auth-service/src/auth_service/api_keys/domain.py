"""Rules of API keys: which scopes there are, when a key may end, how it looks."""

from collections.abc import Iterator
from datetime import datetime

from auth_service.opaque_tokens import OpaqueToken, OpaqueTokens, checksum
from shared.errors import FieldError, ValidationFailed
from shared.introspection import API_KEY_PREFIX
from shared.scopes import SCOPES

SHOWN_CHARACTERS = len(API_KEY_PREFIX) + 21
"""The whole characters of the id; the next one holds the first bits of the secret."""


def key_tokens() -> OpaqueTokens:
    """With a checksum instead of a tag: keys outlive a change of our secret."""
    return OpaqueTokens(API_KEY_PREFIX, checksum)


def shown_prefix(key: OpaqueToken) -> str:
    return key.text[:SHOWN_CHARACTERS]


def checked_scopes(given: list[str], expires_at: datetime | None, now: datetime) -> list[str]:
    """The scopes in one spelling, each once. Raises ValidationFailed, also for an end that has passed."""
    if wrong := list(_problems(given, expires_at, now)):
        raise ValidationFailed(wrong)
    wanted = {scope.lower() for scope in given}
    return [scope for scope in SCOPES if scope in wanted]


def _problems(given: list[str], expires_at: datetime | None, now: datetime) -> Iterator[FieldError]:
    for place, scope in enumerate(given):
        if scope.lower() not in SCOPES:
            yield FieldError(f"scopes.{place}", "invalid_choice", f"Choose among: {', '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= now:
        yield FieldError("expires_at", "out_of_range", "Give a moment in the future.")
