"""What of a request may be kept for years: nothing that opens anything, nothing that breaks a line or a screen."""

import re
from typing import Any
from urllib.parse import unquote

import msgspec

REDACTED = "[redacted]"
MAX_DEPTH = 16
"""Of a body; what lies deeper is left out."""

_LONGEST_ENDPOINT = 512
_LONGEST_AGENT = 256

_SECRET_STEMS = re.compile(
    "passw|passphrase|secret|token|apikey|credential|authori[sz]ation|cookie|signature|privatekey|bearer|iban|jwt"
)
"""Looked for in a name of which only letters and digits are left, in lower case."""
_SECRET_WORDS = frozenset({"auth", "card", "code", "codes", "cvc", "cvv", "key", "keys", "mfa", "otp", "pin", "pwd"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")

_SECRET_FORMS = re.compile(
    r"""
      \bts[a-z]_[\w-]{6,}                                      # credentials of our own
    | \b(?:whsec|sk|pk|rk|gh[a-z]|github_pat|xox[a-z]|glpat)[_-][\w-]{6,}
    | \beyJ[\w-]{4,}\.[\w-]*(?:\.[\w-]*)*                      # JSON web tokens
    | \b(?:bearer|basic)\s+\S+
    | ://[^/\s@]+@                                             # who signs in, in an address
    | [?&;](?:[\w-]*(?:token|key|secret|password|code|sig|signature))=[^&\s]*
    | -----BEGIN[^-]*PRIVATE\ KEY-----.*                       # to the end of the text
    | \b\d(?:[ -]?\d){12,18}\b                                 # payment cards
    | \b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])(?![0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![\w-]))[\w-]{32,}
                                                               # random text; ids of things stay
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def sanitised_body(raw: bytes) -> str | None:
    """JSON without secrets, as text; None for what cannot be read as JSON."""
    try:
        return msgspec.json.encode(_sanitised(msgspec.json.decode(raw), MAX_DEPTH)).decode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError):
        return None


def sanitised_endpoint(path: bytes) -> str:
    segments = path[: _LONGEST_ENDPOINT * 4].decode("latin-1").split("/")
    return "/".join(map(_sanitised_segment, segments))[:_LONGEST_ENDPOINT]


def sanitised_agent(value: bytes) -> str:
    return sanitised_text(value[: _LONGEST_AGENT * 2].decode("utf-8", "replace"))[:_LONGEST_AGENT]


def sanitised_text(text: str) -> str:
    return _SECRET_FORMS.sub(REDACTED, _UNPRINTABLE.sub(" ", text))


def _sanitised_segment(segment: str) -> str:
    readable = unquote(segment) if "%" in segment else segment
    return segment if sanitised_text(readable) == readable else REDACTED


def _sanitised(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return sanitised_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, list):
        return [_sanitised(item, depth - 1) for item in value]
    return {
        sanitised_text(name): REDACTED if _names_secret(name) else _sanitised(item, depth - 1)
        for name, item in value.items()
    }


def _names_secret(name: str) -> bool:
    if _SECRET_STEMS.search(_NOT_PLAIN.sub("", name.lower())):
        return True
    return not _SECRET_WORDS.isdisjoint(word.lower() for word in _WORD.findall(name))
