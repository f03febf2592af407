"""What a session is shown to its client as: a short-lived signed access token and a refresh token."""

from datetime import datetime, timedelta
from typing import NamedTuple

from auth_service.sessions.cookies import SessionCookie
from auth_service.sessions.refresh_tokens import RefreshToken
from auth_service.sessions.schemas import Tokens
from auth_service.signing_keys.service import KeyRing
from shared.access_tokens import mint_access_token
from shared.clock import Clock
from shared.principal import Principal

TOKEN_TYPE = "Bearer"  # noqa: S105 - the scheme of RFC 6750, not a secret


class Grant(NamedTuple):
    """What signing in or refreshing has come to, before it is signed."""

    principal: Principal
    refresh_token: RefreshToken
    refresh_expires_at: datetime
    cookie: SessionCookie | None = None


class TokenMint:
    """`life` is that of access tokens."""

    def __init__(self, keys: KeyRing, clock: Clock, life: timedelta) -> None:
        self._keys = keys
        self._clock = clock
        self._life = life

    def tokens(self, grant: Grant) -> Tokens:
        now = self._clock.now().replace(microsecond=0)  # the times inside an access token are whole seconds
        key = self._keys.current
        life = int(self._life.total_seconds())
        return Tokens(
            access_token=mint_access_token(grant.principal, key.private_key, key.id, now, life),
            refresh_token=grant.refresh_token.text,
            token_type=TOKEN_TYPE,
            expires_at=now + self._life,
            refresh_expires_at=grant.refresh_expires_at,
        )
