"""The door for the gateway itself: a few internal addresses are about no user and answer to it alone."""

from shared.clock import Clock
from shared.errors import AuthRequired
from shared.identity import verify_service_identity


class GatewayDoor:
    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def check(self, token: str | None) -> None:
        """Raises AuthRequired."""
        if token is None:
            raise AuthRequired
        verify_service_identity(token, "gateway", "auth", self._secret, self._clock.now())
