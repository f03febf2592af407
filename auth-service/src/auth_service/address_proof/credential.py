"""The session that came along with a public request, as far as the gateway found its credential good."""

from uuid import UUID

from shared.clock import Clock
from shared.http.app import Request
from shared.identity import HEADER, verify_identity


class AccompanyingSession:
    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def read(self, request: Request) -> UUID | None:
        """None without a credential. Raises AuthRequired for an identity that the gateway did not sign."""
        token = request.headers.get(HEADER)
        if token is None:
            return None
        return verify_identity(token, "auth", self._secret, self._clock.now()).session_id
