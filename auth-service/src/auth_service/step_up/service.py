"""The use case of step-up, and the door that asks for it.

A session is proven by the sign-in that opened it and by every step-up. The moment stays with the session when its
tokens are exchanged; a session that is opened from another one begins with the other's moment.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import InvalidPassword, PasswordChecksBusy
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.repository import Credentials
from auth_service.mfa.codes import Codes, claims_of, is_short
from auth_service.mfa.errors import MfaInvalid
from auth_service.mfa.notices import FactorNotices
from auth_service.step_up import repository
from auth_service.step_up.domain import is_fresh, methods_of
from auth_service.step_up.errors import StepUpRequired
from auth_service.step_up.schemas import Proof
from auth_service.throttling.domain import PASSWORD_PER_ACCOUNT, Claim
from auth_service.throttling.service import AttemptLimits
from shared.address_prefix import address_prefix
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import SessionRevoked
from shared.idempotency import beside_the_write
from shared.principal import Principal


async def require_fresh_proof(work: Work, principal: Principal, now: datetime) -> None:
    """The door: part of the transaction (system work) that does what cannot be undone. Raises StepUpRequired.

    API keys never pass: their session id names no session.
    """
    standing = await repository.find_standing(work, principal)
    if not is_fresh(standing.proven_at, now):
        raise StepUpRequired(methods_of(is_enrolled=standing.is_enrolled))


class StepUp:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        codes: Codes,
        notices: FactorNotices,
        limits: AttemptLimits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._codes = codes
        self._notices = notices
        self._limits = limits
        self._clock = clock

    async def prove(self, principal: Principal, proof: Proof, caller: Caller) -> None:
        """Raises ValidationFailed, InvalidPassword, MfaInvalid, StepUpRequired when the proof is right and not enough,
        SessionRevoked, TooManyRequests, PasswordChecksBusy.
        """
        proof.require_any()
        if not await self._try(principal, proof, caller):
            raise StepUpRequired(methods_of(is_enrolled=True))

    async def check(self, principal: Principal, proof: Proof, caller: Caller) -> None:
        """For use cases whose body may bring a proof, before their own transaction: a given password must be right, and
        the session proven, just now or before. Raises what `prove` raises but for ValidationFailed.

        A code is good once, so one that is not needed is not looked at: a repeat of the request finds the session
        proven by the first.
        """
        with beside_the_write():
            if proof.code is not None and await self._is_proven(principal):
                proof = msgspec.structs.replace(proof, code=None)
            if not proof.is_empty:
                await self._try(principal, proof, caller)
            async with self._database.system_work() as work:
                await require_fresh_proof(work, principal, self._clock.now())

    async def _is_proven(self, principal: Principal) -> bool:
        now = self._clock.now()
        async with self._database.system_work() as work:
            return is_fresh((await repository.find_standing(work, principal)).proven_at, now)

    async def _try(self, principal: Principal, proof: Proof, caller: Caller) -> bool:
        """Whether the proof was enough for the session to count as proven now."""
        claims = _claims(principal, proof, caller)
        await self._limits.take(*claims)
        known = await self._check_password(principal, proof.password, claims)
        async with self._database.system_work(actor_id=principal.user_id) as work:
            await _require_unchanged(work, principal, known)
            await self._use_code(work, principal, proof.code)
            is_enough = await self._mark(work, principal, proof)
            await self._limits.give_back(work, claims)
        return is_enough

    async def _check_password(
        self, principal: Principal, password: str | None, claims: Sequence[Claim]
    ) -> Credentials | None:
        """Whose it is; None when none was given. No connection is held while hashing."""
        if password is None:
            return None
        async with self._database.system_work() as work:
            known = await accounts.find_credentials_of(work, principal.user_id)
        try:
            verdict = await self._passwords.check(known.password_hash if known else None, password)
        except PasswordChecksBusy:
            await self._limits.refund(claims)
            raise
        if known is None or not verdict.is_right:
            raise InvalidPassword
        return known

    async def _use_code(self, work: Work, principal: Principal, code: str | None) -> None:
        if code is None:
            return
        if not await self._codes.use(work, principal.user_id, code, self._clock.now()):
            raise MfaInvalid
        if not is_short(code):
            await self._notices.recovery_code_used(work, principal.user_id)

    async def _mark(self, work: Work, principal: Principal, proof: Proof) -> bool:
        standing = await repository.find_standing(work, principal)
        if standing.is_enrolled and proof.code is None:
            return False
        if not await repository.mark_proven(work, principal, self._clock.now()):
            raise SessionRevoked
        return True


async def _require_unchanged(work: Work, principal: Principal, known: Credentials | None) -> None:
    """Locks the account. Raises SessionRevoked for a closed one, InvalidPassword when the password changed while it was
    checked.
    """
    if not await accounts.lock_account(work, principal.user_id):
        raise SessionRevoked
    current = await accounts.find_credentials_of(work, principal.user_id)
    if known is not None and current is not None and known.password_changed_at != current.password_changed_at:
        raise InvalidPassword


def _claims(principal: Principal, proof: Proof, caller: Caller) -> tuple[Claim, ...]:
    """What must be taken before the proof is looked at."""
    password = Claim(PASSWORD_PER_ACCOUNT, f"{principal.user_id}\n{address_prefix(caller.address)}")
    codes = () if proof.code is None else claims_of(principal.user_id, proof.code)
    return codes if proof.password is None else (password, *codes)
