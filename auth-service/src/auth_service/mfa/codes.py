"""Whether a code that somebody shows is good: six digits of the moment or a recovery code, each of them once."""

from datetime import datetime
from uuid import UUID

from auth_service.mfa import repository
from auth_service.mfa.recovery_codes import RecoveryCodes
from auth_service.mfa.totp import DIGITS, matching_step
from auth_service.throttling.domain import CODES_PER_ACCOUNT, Claim
from shared.db.unit_of_work import Work
from shared.sealing import Seal


class Codes:
    def __init__(self, seal: Seal, recovery_codes: RecoveryCodes) -> None:
        self._seal = seal
        self._recovery_codes = recovery_codes

    async def use(self, work: Work, user_id: UUID, code: str, now: datetime) -> bool:
        """Whether it was good; then it is used up. False without a confirmed second factor. With the account locked."""
        enrolment = await repository.lock_enrolment(work, user_id)
        if enrolment is None or enrolment.confirmed_at is None:
            return False
        if not is_short(code):
            return await repository.use_recovery_code(work, user_id, self._recovery_codes.digest(code), now)
        secret = self._seal.open(enrolment.sealed_secret, place=str(user_id))
        step = matching_step(secret, code, now, enrolment.last_used_step)
        if step is None:
            return False
        await repository.mark_step_used(work, user_id, step)
        return True


def is_short(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def claims_of(user_id: UUID, code: str) -> tuple[Claim, ...]:
    """What must be taken before the code is looked at."""
    return (Claim(CODES_PER_ACCOUNT, str(user_id)),) if is_short(code) else ()
