"""What of a request may be kept for years: nothing that opens anything, nothing that breaks a line or a screen."""

import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

REDACTED = "[redacted]"
MAX_DEPTH = 16
"""Of a body; what lies deeper is left out."""

_SECRET_STEMS = re.compile(
    "passw|passphrase|secret|token|apikey|credential|authori[sz]ation|cookie|signature|privatekey|bearer|iban|jwt"
)
"""Looked for in a name of which only letters and digits are left, in lower case."""
_SECRET_WORDS = frozenset({"auth", "card", "code", "codes", "cvc", "cvv", "key", "keys", "mfa", "otp", "pin", "pwd"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")


class _Form(NamedTuple):
    """Looked for only where a sign of it is in the text, in lower case: finding those costs next to nothing."""

    signs: tuple[str, ...]
    pattern: re.Pattern[str]


_FORMS = (
    _Form(("ts",), re.compile(r"ts[a-z]_[\w-]{6,}", re.I)),  # credentials of our own
    _Form(
        ("whsec", "sk", "pk", "rk", "gh", "github", "xox", "glpat"),
        re.compile(r"\b(?:whsec|[spr]k|gh[a-z]|github_pat|xox[a-z]|glpat)[_-][\w-]{6,}", re.I),
    ),
    _Form(("bearer", "basic"), re.compile(r"\b(?:bearer|basic)\s+\S+", re.I)),
    _Form(("@",), re.compile(r"://[^/\s@]{1,512}@")),  # who signs in, in an address
    _Form(("=",), re.compile(r"[?&;][\w-]{0,24}(?:token|key|secret|password|code|sig|signature)=[^&\s]*", re.I)),
    _Form(("private key-----",), re.compile(r"-----BEGIN.*", re.I | re.S)),
)
_DOTTED_WORDS = re.compile(r"(?<![\w-])[\w-]{7,}+(?:\.[\w-]*)+")
_LONG_WORD = re.compile(r"[\w-]{32,}")
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_PLAIN_PATH = re.compile(rf"(?:/(?:[a-z-]{{1,20}}|v1|[0-9]{{1,9}}|{_ID.pattern}))+")
_ID_OR_CARD = re.compile(rf"{_ID.pattern}|\d(?:[ -]?\d){{12,18}}", re.I)
_SHORTEST_NUMBER = 12
_HAS_DIGIT = re.compile(r"\d")
_HAS_LETTER = re.compile(r"[A-Za-z]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def sanitised_body(raw: bytes) -> str | None:
    """JSON without secrets, as text; None for what cannot be read as JSON."""
    try:
        return msgspec.json.encode(_sanitised(msgspec.json.decode(raw), MAX_DEPTH)).decode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError):
        return None


def sanitised_endpoint(path: bytes) -> str:
    text = path.decode("latin-1")
    if _PLAIN_PATH.fullmatch(text):
        return text
    if "%" in text or sanitised_text(text) != text:
        text = "/".join(map(_sanitised_segment, text.split("/")))
    return text


@lru_cache(maxsize=1024)
def sanitised_agent(value: bytes) -> str:
    return sanitised_text(value.decode("utf-8", "replace"))


def sanitised_text(text: str) -> str:
    if len(text) < _SHORTEST_NUMBER and text.isalnum():
        return text
    text = _UNPRINTABLE.sub(" ", text)
    lower = text.lower()
    for form in _FORMS:
        if any(sign in lower for sign in form.signs):
            text = form.pattern.sub(REDACTED, text)
    if "eyj" in lower:
        text = _DOTTED_WORDS.sub(_kept_if_no_jwt, text)
    if len(text) > _SHORTEST_NUMBER:
        text = _LONG_WORD.sub(_kept_if_id, text)
        text = _ID_OR_CARD.sub(_kept_if_id, text)
    return text


def _kept_if_no_jwt(found: re.Match[str]) -> str:
    return REDACTED if "eyJ" in found[0] else found[0]


def _kept_if_id(found: re.Match[str]) -> str:
    """Random text has letters and digits; ids of things stay."""
    word = found[0]
    if _ID.fullmatch(word):
        return word
    is_number = not _HAS_LETTER.search(word)
    return REDACTED if is_number or _HAS_DIGIT.search(word) else word


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
