"""Tokens that travel by mail: opaque, random, kept as digests."""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple

from msgspec import Meta

RANDOM_BYTES = 32
GivenToken = Annotated[str, Meta(min_length=1, max_length=256)]


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    SET_PASSWORD = "set_password"  # noqa: S105 - what a token is for


VERIFY_EMAIL_LIFE = timedelta(days=3)
RESET_PASSWORD_LIFE = timedelta(hours=1)
MOST_ALIVE = 3
"""Per user and purpose: whoever asks for more mail than that has to use what they have, or wait."""


class NewToken(NamedTuple):
    text: str
    digest: str


def new_token() -> NewToken:
    text = secrets.token_urlsafe(RANDOM_BYTES)
    return NewToken(text, digest_of(text))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
