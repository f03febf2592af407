"""The signed identity that the gateway attaches for one service: a short-lived HS256 JWT (RFC 7519).

Claims: `iss` "gateway", `aud` the target service, `sub` user, `tid` tenant, `sid` session, `role`, `tier`,
`pa` platform admin, `scopes` (null for people), `iat`, `exp`. Services accept nothing else as identity.
"""

from datetime import datetime
from typing import Any

import jwt
import msgspec

from shared.clock import Clock
from shared.errors import AuthRequired
from shared.principal import Principal

HEADER = "X-Tessera-Identity"
EXPIRES_HEADER = "X-Tessera-Token-Expires"
"""Unix seconds at which the credential behind a live connection ends; sent to realtime-service only."""

QUERY_HEADER = "X-Tessera-Credential-In-Query"
"""The identity comes from `?token=` or `?ticket=`, not from a header or cookie; sent to realtime-service only."""

REFUSAL_HEADER = "X-Tessera-Refusal"
"""In the place of an identity: the signed reason for a refusal that realtime-service tells in a protocol of its own."""

ISSUER = "gateway"
LIFE_SECONDS = 60
SECRET_BYTES = 32
REUSE_SECONDS = 30  # how long the gateway sends one and a service trusts its own earlier check
CLOCK_SKEW_SECONDS = 5
CACHE_SIZE = 10_000
REFUSED = "refused"
"""The subject of a refusal: no user has such an id, so it is never an identity."""

_CLAIMS = ["iss", "aud", "sub", "tid", "sid", "role", "tier", "pa", "iat", "exp"]  # PyJWT takes a null claim for absent


class WeakSecret(ValueError):
    """The internal secret is shorter than an HS256 key must be (RFC 7518, section 3.2)."""


def checked_secret(secret: str) -> str:
    if len(secret.encode()) < SECRET_BYTES:
        raise WeakSecret(f"INTERNAL_SECRET must have at least {SECRET_BYTES} bytes")
    return secret


def mint_identity(principal: Principal, audience: str, secret: str, now: datetime) -> str:
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(principal.user_id),
        "tid": str(principal.tenant_id),
        "sid": str(principal.session_id),
        "role": principal.role.value,
        "tier": principal.tier.value,
        "pa": principal.is_platform_admin,
        "scopes": list(principal.scopes) if principal.scopes is not None else None,
        "iat": issued,
        "exp": issued + LIFE_SECONDS,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def verify_identity(token: str, audience: str, secret: str, now: datetime) -> Principal:
    """The principal in the header. Raises AuthRequired whatever is wrong: a caller from outside learns nothing."""
    try:
        claims = _decode(token, audience, ISSUER, secret, _CLAIMS)
        _check_life(claims, now.timestamp())
        return principal_of(claims)
    except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError) as error:
        raise AuthRequired from error


def mint_service_identity(service: str, audience: str, secret: str, now: datetime) -> str:
    """The identity of one of our own parts, for the few internal addresses that are about no user."""
    issued = int(now.timestamp())
    claims = {"iss": service, "aud": audience, "sub": f"service:{service}", "iat": issued, "exp": issued + LIFE_SECONDS}
    return jwt.encode(claims, secret, algorithm="HS256")


def verify_service_identity(token: str, service: str, audience: str, secret: str, now: datetime) -> None:
    """Raises AuthRequired unless the token was minted by `service` for `audience`."""
    required = ["iss", "aud", "sub", "iat", "exp"]
    try:
        claims = _decode(token, audience, service, secret, required)
        if claims["sub"] != f"service:{service}":
            raise jwt.InvalidTokenError("another subject")
        _check_life(claims, now.timestamp())
    except (jwt.InvalidTokenError, ValueError) as error:
        raise AuthRequired from error


def mint_refusal(code: str, audience: str, secret: str, now: datetime) -> str:
    """Why the gateway did not take the credential of a request that it passes on nevertheless."""
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": REFUSED,
        "code": code,
        "iat": issued,
        "exp": issued + LIFE_SECONDS,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def verify_refusal(token: str, audience: str, secret: str, now: datetime) -> str:
    """The code of the error. Raises AuthRequired whatever is wrong."""
    try:
        claims = _decode(token, audience, ISSUER, secret, ["iss", "aud", "sub", "code", "iat", "exp"])
        if claims["sub"] != REFUSED:
            raise jwt.InvalidTokenError("another subject")
        _check_life(claims, now.timestamp())
        return str(claims["code"])
    except (jwt.InvalidTokenError, ValueError) as error:
        raise AuthRequired from error


def principal_of(claims: dict[str, Any]) -> Principal:
    """Reads the claims that identity and access token share. Raises msgspec.ValidationError on a wrong shape."""
    return msgspec.convert(
        {
            "user_id": claims["sub"],
            "tenant_id": claims["tid"],
            "session_id": claims["sid"],
            "role": claims["role"],
            "tier": claims["tier"],
            "is_platform_admin": claims["pa"],
            "scopes": claims.get("scopes"),
        },
        Principal,
    )


def _decode(token: str, audience: str, issuer: str, secret: str, required: list[str]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=["HS256"],
        audience=audience,
        issuer=issuer,
        options={"require": required, "verify_exp": False, "verify_iat": False},
    )
    return claims


def _check_life(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int:
        raise jwt.InvalidTokenError("times must be whole seconds")
    if not (issued - CLOCK_SKEW_SECONDS <= now < expires + CLOCK_SKEW_SECONDS) or expires - issued > LIFE_SECONDS:
        raise jwt.ExpiredSignatureError("outside its life")


class IdentityVerifier:
    """Reads identity headers for one audience. The gateway sends the same one for 30 s, so checked ones are kept."""

    def __init__(self, audience: str, secret: str, clock: Clock) -> None:
        self._audience = audience
        self._secret = checked_secret(secret)
        self._clock = clock
        self._checked: dict[str, tuple[Principal, float]] = {}

    def verify_refusal(self, token: str) -> str:
        """The code of the error in the place of an identity. Raises AuthRequired."""
        return verify_refusal(token, self._audience, self._secret, self._clock.now())

    def verify(self, token: str | None) -> Principal:
        """Raises AuthRequired."""
        if token is None:
            raise AuthRequired
        now = self._clock.now()
        known = self._checked.get(token)
        if known is not None and now.timestamp() < known[1]:
            return known[0]
        principal = verify_identity(token, self._audience, self._secret, now)
        if len(self._checked) >= CACHE_SIZE:
            self._checked.clear()
        self._checked[token] = (principal, now.timestamp() + REUSE_SECONDS)
        return principal
