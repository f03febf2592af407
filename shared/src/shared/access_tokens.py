"""Access tokens: EdDSA JWTs of type at+jwt (RFC 9068), minted by auth-service, checked with its public keys (JWKS).

Required claims: `iss aud sub tid sid role tier pa iat exp`. A checked token is remembered until it expires,
because verifying one costs as much as the rest of a request.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.clock import Clock
from shared.errors import InvalidToken, TokenExpired, Unavailable
from shared.identity import principal_of
from shared.principal import Principal

ISSUER = "tessera"
AUDIENCE = "tessera-api"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type, not a secret
MAX_TOKEN_BYTES = 8 * 1024  # ten times a real one; longer input is refused before any parsing
CACHE_SIZE = 20_000  # tokens; about 2 KiB each
KEYS_MAX_AGE_SECONDS = 300.0
UNKNOWN_KEY_PAUSE_SECONDS = 5.0  # a made-up `kid` may cause at most one fetch in this time
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515, section 7.1: no padding
_CLAIMS = ["iss", "aud", "sub", "tid", "sid", "role", "tier", "pa", "iat", "exp"]


class AccessClaims(msgspec.Struct, frozen=True):
    principal: Principal
    issued_at: int
    """Unix seconds; a revocation made later than this ends the token."""
    expires_at: int


def mint_access_token(principal: Principal, key: Ed25519PrivateKey, key_id: str, now: datetime, life: int) -> str:
    """A signed token for `life` seconds."""
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(principal.user_id),
        "tid": str(principal.tenant_id),
        "sid": str(principal.session_id),
        "role": principal.role.value,
        "tier": principal.tier.value,
        "pa": principal.is_platform_admin,
        "iat": issued,
        "exp": issued + life,
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": TOKEN_TYPE, "kid": key_id})


def check_form(token: str) -> None:
    """Raises InvalidToken for text that no key could have signed: too long, or no JWS at all."""
    if len(token) > MAX_TOKEN_BYTES or not _COMPACT.fullmatch(token):
        raise InvalidToken


class AccessTokenVerifier:
    """Checks tokens against the keys that `fetch_jwks` brings (the JSON text of a JWK set, RFC 7517)."""

    def __init__(self, fetch_jwks: Callable[[], Awaitable[bytes]], clock: Clock) -> None:
        self._fetch_jwks = fetch_jwks
        self._clock = clock
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._checked: dict[str, AccessClaims] = {}

    async def verify(self, token: str) -> AccessClaims:
        """Raises InvalidToken, TokenExpired, or Unavailable when no keys could be had yet."""
        claims = self._checked.get(token)
        if claims is None:
            claims = await self._check(token)
            self._remember(token, claims)
        if claims.expires_at <= self._clock.now().timestamp():
            self._checked.pop(token, None)
            raise TokenExpired
        return claims

    async def _check(self, token: str) -> AccessClaims:
        check_form(token)
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TOKEN_TYPE or header.get("alg") != "EdDSA":
                raise InvalidToken
            key = await self._key(header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
            )
            return _read_claims(claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, RecursionError) as error:
            raise InvalidToken from error

    async def _key(self, key_id: object) -> Ed25519PublicKey:
        if not isinstance(key_id, str):
            raise InvalidToken
        age = time.monotonic() - self._fetched_at
        is_known = key_id in self._keys
        if age > KEYS_MAX_AGE_SECONDS or (not is_known and age > UNKNOWN_KEY_PAUSE_SECONDS):
            await self._refresh_keys(is_needed=not is_known)
        if key_id not in self._keys:
            raise InvalidToken
        return self._keys[key_id]

    async def _refresh_keys(self, *, is_needed: bool) -> None:
        seen = self._fetched_at
        async with self._fetching:
            if self._fetched_at != seen:
                return
            try:
                self._keys = _read_jwks(await self._fetch_jwks())
            except Exception as error:  # keys already held stay good while their owner is away
                if is_needed:
                    raise Unavailable("Tokens cannot be checked just now: try again shortly.") from error
            self._fetched_at = time.monotonic()

    def _remember(self, token: str, claims: AccessClaims) -> None:
        if len(self._checked) >= CACHE_SIZE:
            self._checked.pop(next(iter(self._checked)))
        self._checked[token] = claims


def _read_claims(claims: dict[str, Any]) -> AccessClaims:
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int or not 0 <= issued < expires <= 2**40:
        raise InvalidToken
    if "scopes" in claims:
        raise InvalidToken  # scopes come from keys, never from a token
    return AccessClaims(principal=principal_of(claims), issued_at=issued, expires_at=expires)


def _read_jwks(document: bytes) -> dict[str, Ed25519PublicKey]:
    keys: dict[str, Ed25519PublicKey] = {}
    for entry in jwt.PyJWKSet.from_json(document.decode()).keys:
        if entry.key_id and isinstance(entry.key, Ed25519PublicKey):
            keys[entry.key_id] = entry.key
    return keys
