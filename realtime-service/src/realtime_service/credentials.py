"""Who is at the other end of a socket: the gateway's signed identity or refusal, or an access token sent as a frame."""

from typing import NamedTuple

from realtime_service.replay import DEADLINE_SECONDS
from realtime_service.revocations import Revocations
from shared.access_tokens import AccessTokenVerifier
from shared.clock import Clock
from shared.errors import InvalidToken, SessionRevoked, TokenExpired
from shared.events.questions import SigningKeys
from shared.http.app import Request
from shared.identity import EXPIRES_HEADER, HEADER, REFUSAL_HEADER, IdentityVerifier
from shared.messaging.requests import Requests
from shared.principal import Principal


class Credentials(NamedTuple):
    """Unix seconds. `expires_at` is None when nobody told."""

    principal: Principal
    expires_at: float | None


REFUSALS = (InvalidToken, TokenExpired, SessionRevoked)
"""What can be wrong with a credential that was shown."""


class Authenticator:
    def __init__(self, identities: IdentityVerifier, tokens: AccessTokenVerifier, revocations: Revocations) -> None:
        self._identities = identities
        self._tokens = tokens
        self._revocations = revocations

    def from_handshake(self, request: Request) -> Credentials | None:
        """None when nobody showed any. Raises one of REFUSALS, or AuthRequired for what the gateway has not signed."""
        refusal = request.headers.get(REFUSAL_HEADER)
        if refusal is not None:
            code = self._identities.verify_refusal(refusal)
            raise next((error for error in REFUSALS if error.code == code), InvalidToken)
        identity = request.headers.get(HEADER)
        if identity is None:
            return None
        principal = self._identities.verify(identity)
        return self._checked(Credentials(principal, _read_expiry(request)))

    async def from_token(self, token: str) -> Credentials:
        """Raises InvalidToken, TokenExpired, SessionRevoked, or Unavailable when tokens cannot be checked now."""
        claims = await self._tokens.verify(token)
        return self._checked(Credentials(claims.principal, claims.expires_at))

    def _checked(self, credentials: Credentials) -> Credentials:
        if self._revocations.covers(credentials.principal.session_id):
            raise SessionRevoked
        return credentials


def token_verifier(requests: Requests, clock: Clock) -> AccessTokenVerifier:
    """With the keys that auth-service publishes, asked over the bus."""

    async def fetch() -> bytes:
        return (await requests.ask(SigningKeys(), deadline=DEADLINE_SECONDS)).jwks.encode()

    return AccessTokenVerifier(fetch, clock)


def _read_expiry(request: Request) -> float | None:
    text = request.headers.get(EXPIRES_HEADER, "")
    return float(text) if text.isascii() and text.isdigit() else None
