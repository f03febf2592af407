"""Between the password and the code: a token that proves the first and is good for a few tries at the second."""

from datetime import datetime, timedelta

from auth_service.mfa import challenge_repository, repository
from auth_service.mfa.challenge_repository import Proof
from auth_service.mfa.errors import MfaInvalid
from auth_service.opaque_tokens import OpaqueTokens, tagged
from shared.db.unit_of_work import Work
from shared.ids import new_id

LIFE = timedelta(minutes=5)
ATTEMPTS = 5
PREFIX = "tsm_"


class Challenges:
    def __init__(self, secret: str) -> None:
        self._tokens = OpaqueTokens(PREFIX, tagged(secret, "second factor challenges"))

    async def demand(self, work: Work, proof: Proof, now: datetime) -> str | None:
        """The token to answer with; None for users without a second factor."""
        if not await repository.is_enrolled(work, proof.user_id):
            return None
        token = self._tokens.new(new_id())
        await challenge_repository.add(work, token, proof, now + LIFE)
        return token.text

    async def attempt(self, work: Work, text: str, now: datetime) -> Proof:
        """Counts even if the code turns out wrong: commit it before looking. Raises MfaInvalid."""
        token = self._tokens.read(text)
        proof = None
        if token is not None:
            proof = await challenge_repository.attempt(work, token, ATTEMPTS, now)
        if proof is None:
            raise MfaInvalid
        return proof

    async def finish(self, work: Work, text: str) -> bool:
        """False when somebody else has finished it."""
        token = self._tokens.read(text)
        return token is not None and await challenge_repository.finish(work, token)
