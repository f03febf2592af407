"""Who is asking: checks a credential once, remembers the outcome, and signs it for the service that will answer.

A remembered admission still meets the clock and the deny-list on every request.
"""

import msgspec

from gateway.denylist import Denylist
from gateway.route_table import Service
from shared.access_tokens import AccessTokenVerifier
from shared.clock import Clock
from shared.errors import SessionRevoked, TokenExpired
from shared.identity import EXPIRES_HEADER, HEADER, REUSE_SECONDS, checked_secret, mint_identity
from shared.principal import Principal

_REMEMBERED = 20_000  # credentials, about 2 KiB each


class Admission(msgspec.Struct):
    principal: Principal
    issued_at: int
    expires_at: int
    identities: dict[Service, tuple[float, bytes]] = {}
    """By audience: until when it may be sent again, and the header line."""


class Authenticator:
    def __init__(self, verifier: AccessTokenVerifier, denylist: Denylist, secret: str, clock: Clock) -> None:
        self._verifier = verifier
        self._denylist = denylist
        self._secret = checked_secret(secret)
        self._clock = clock
        self._admissions: dict[str, Admission] = {}

    def recall(self, token: str) -> Admission | None:
        """The admission of a token that was checked before. Raises like `admit`."""
        admission = self._admissions.get(token)
        if admission is not None:
            self._check_still_good(token, admission)
        return admission

    async def admit(self, token: str) -> Admission:
        """Raises InvalidToken, TokenExpired, SessionRevoked, or Unavailable while tokens cannot be judged safely."""
        claims = await self._verifier.verify(token)
        admission = Admission(claims.principal, claims.issued_at, claims.expires_at)
        self._check_still_good(token, admission)
        if len(self._admissions) >= _REMEMBERED:
            self._admissions.pop(next(iter(self._admissions)))
        self._admissions[token] = admission
        return admission

    def identity_line(self, admission: Admission, audience: Service) -> bytes:
        """The header line that tells `audience` who is asking."""
        known = admission.identities.get(audience)
        now = self._clock.now()
        if known is not None and now.timestamp() < known[0]:
            return known[1]
        line = f"{HEADER}: {mint_identity(admission.principal, audience, self._secret, now)}\r\n".encode()
        if audience is Service.REALTIME:  # a socket outlives its identity, but not its token
            line += f"{EXPIRES_HEADER}: {admission.expires_at}\r\n".encode()
        admission.identities[audience] = (now.timestamp() + REUSE_SECONDS, line)
        return line

    def _check_still_good(self, token: str, admission: Admission) -> None:
        if admission.expires_at <= self._clock.now().timestamp():
            self._admissions.pop(token, None)
            raise TokenExpired
        if self._denylist.refuses(admission.principal.session_id, admission.issued_at):
            raise SessionRevoked
