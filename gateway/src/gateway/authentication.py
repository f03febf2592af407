"""Who is asking: checks a credential once, remembers the outcome, and signs it for the service that will answer.

A remembered admission still meets the clock and the deny-list on every request.
"""

from gateway.admission import Admission
from gateway.credentials import Credential
from gateway.denylist import Denylist
from gateway.introspections import Introspections
from gateway.refused_credentials import RefusedCredentials
from gateway.route_table import Service
from shared.access_tokens import AccessClaims, AccessTokenVerifier, check_form
from shared.clock import Clock
from shared.errors import InvalidToken, SessionRevoked, TokenExpired, Unauthorized
from shared.identity import HEADER, REFUSAL_HEADER, REUSE_SECONDS, checked_secret, mint_identity, mint_refusal

_REMEMBERED = 20_000  # access tokens, about 2 KiB each


class Authenticator:
    def __init__(
        self,
        verifier: AccessTokenVerifier,
        introspections: Introspections,
        denylist: Denylist,
        secret: str,
        clock: Clock,
    ) -> None:
        self._verifier = verifier
        self._introspections = introspections
        self._denylist = denylist
        self._secret = checked_secret(secret)
        self._clock = clock
        self._by_token: dict[str, Admission] = {}
        self._refused = RefusedCredentials()

    def recall(self, credential: Credential) -> Admission | None:
        """The admission of a credential that was checked before. Raises like `admit`."""
        is_token = credential.kind is None
        admission = self._by_token.get(credential.text) if is_token else self._introspections.recall(credential)
        if admission is not None:
            self._check_still_good(credential, admission)
        elif is_token:
            self._refused.check(credential)
            check_form(credential.text)
        return admission

    async def admit(self, credential: Credential) -> Admission:
        """Raises InvalidToken, TokenExpired, SessionRevoked, or Unavailable while nobody can be judged safely."""
        if credential.kind is not None:
            admission = await self._introspections.admit(credential)
        else:
            claims = await self._verify(credential)
            admission = Admission(claims.principal, claims.expires_at)
            self._remember(credential.text, admission)
        self._check_still_good(credential, admission)
        return admission

    async def _verify(self, token: Credential) -> AccessClaims:
        try:
            return await self._verifier.verify(token.text)
        except Unauthorized as error:
            self._refused.remember(token, type(error))
            raise

    def identity_line(self, admission: Admission, audience: Service) -> bytes:
        """The header line that tells `audience` who is asking."""
        known = admission.identities.get(audience)
        now = self._clock.now()
        if known is not None and now.timestamp() < known[0]:
            return known[1]
        line = f"{HEADER}: {mint_identity(admission.principal, audience, self._secret, now)}\r\n".encode()
        admission.identities[audience] = (now.timestamp() + REUSE_SECONDS, line)
        return line

    def refusal_line(self, refusal: Unauthorized, audience: Service) -> bytes:
        """The header line that tells `audience` why nobody is."""
        return f"{REFUSAL_HEADER}: {mint_refusal(refusal.code, audience, self._secret, self._clock.now())}\r\n".encode()

    def _remember(self, token: str, admission: Admission) -> None:
        if len(self._by_token) >= _REMEMBERED:
            self._by_token.pop(next(iter(self._by_token)))
        self._by_token[token] = admission

    def _check_still_good(self, credential: Credential, admission: Admission) -> None:
        expires_at = admission.expires_at
        if expires_at is not None and expires_at <= self._clock.now().timestamp():
            self._by_token.pop(credential.text, None)
            self._refused.remember(credential, TokenExpired)
            raise TokenExpired
        if self._denylist.refuses(admission.principal.session_id):
            raise SessionRevoked if admission.principal.scopes is None else InvalidToken
