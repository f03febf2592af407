"""What requests and people look like when a test does not care."""

import itertools
from typing import Any, NamedTuple
from uuid import UUID

from auth_fakes import SettableClock

from auth_service.settings import AuthSettings
from shared.access_tokens import AccessTokenVerifier
from shared.principal import Principal

INTERNAL_SECRET = "internal-secret-of-the-tests-0123456789"
KEY_ENCRYPTION_SECRET = "key-encryption-secret-of-the-tests-01"
PASSWORD = "a good long passphrase"
_numbers = itertools.count(1)


def auth_settings(**changes: Any) -> AuthSettings:
    given = {
        "internal_secret": INTERNAL_SECRET,
        "key_encryption_secret": KEY_ENCRYPTION_SECRET,
        "database_url_auth": "postgresql://unused",
        "rate_limit_scale": 1000.0,  # one address plays everybody; tests of limits ask for 1
        "mail_limit_scale": 1000.0,
    }
    return AuthSettings(**(given | changes))


def registration(**changes: Any) -> dict[str, Any]:
    body = {
        "email": f"ada{next(_numbers)}@example.com",
        "password": PASSWORD,
        "first_name": "Ada",
        "last_name": "Lovelace",
    }
    return body | changes


class Member(NamedTuple):
    """Somebody who has signed in, as their client remembers it."""

    principal: Principal
    email: str
    refresh_token: str

    @property
    def tenant_id(self) -> UUID:
        return self.principal.tenant_id


async def principal_in(access_token: str, key_set: bytes, clock: SettableClock) -> Principal:
    """As the gateway reads it: with nothing but the published keys."""

    async def published() -> bytes:
        return key_set

    return (await AccessTokenVerifier(published, clock).verify(access_token)).principal
