"""Use cases of second factors: setting one up, proving that it works, removing it."""

from auth_service.accounts.telling import tell_alert
from auth_service.address_proof.requirement import require_live
from auth_service.mfa import repository
from auth_service.mfa.codes import Codes, claims_of, is_short
from auth_service.mfa.errors import MfaAlreadyEnabled, MfaInvalid, MfaNotEnabled
from auth_service.mfa.notices import FactorNotices
from auth_service.mfa.recovery_codes import RecoveryCodes
from auth_service.mfa.schemas import MfaSecret, RecoveryCodeList
from auth_service.mfa.totp import as_text, matching_step, new_secret, otpauth_url
from auth_service.step_up.schemas import Proof
from auth_service.step_up.service import StepUp, require_fresh_proof
from auth_service.throttling.service import AttemptLimits
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import SecurityAlert
from shared.principal import Principal
from shared.sealing import Seal


class SecondFactors:
    """A second factor belongs to a user in all of their tenants."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        codes: Codes,
        recovery_codes: RecoveryCodes,
        step_up: StepUp,
        notices: FactorNotices,
        limits: AttemptLimits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._seal = seal
        self._codes = codes
        self._recovery_codes = recovery_codes
        self._step_up = step_up
        self._notices = notices
        self._limits = limits
        self._clock = clock

    async def begin(self, principal: Principal, proof: Proof, caller: Caller) -> MfaSecret:
        """Nothing is asked for at sign-in until `confirm`.

        Raises MfaAlreadyEnabled, UserNotFound, SessionRevoked, and what `StepUp.check` does.
        """
        await self._step_up.check(principal, proof, caller)
        secret, user_id = new_secret(), principal.user_id
        sealed = self._seal.close(secret, place=str(user_id))
        async with self._database.system_work() as work:
            user = await require_live(work, principal)
            if not await repository.begin(work, user_id, sealed, self._clock.now()):
                raise MfaAlreadyEnabled
        return MfaSecret(secret=as_text(secret), otpauth_url=otpauth_url(secret, user.email))

    async def confirm(self, principal: Principal, code: str) -> RecoveryCodeList:
        """Raises StepUpRequired, MfaNotEnabled, MfaAlreadyEnabled, MfaInvalid, UserNotFound, SessionRevoked,
        TooManyRequests.
        """
        claims = claims_of(principal.user_id, code)
        await self._limits.take(*claims)
        shown = self._recovery_codes.make()
        async with self._database.system_work() as work:
            await require_live(work, principal)
            await self._check_pending(work, principal, code)
            await require_fresh_proof(work, principal, self._clock.now())
            digests = [self._recovery_codes.digest(one) for one in shown]
            await repository.confirm(work, principal.user_id, digests, self._clock.now())
            await self._notices.enabled(work, principal.user_id)
            tell_alert(work, principal.tenant_id, principal.user_id, SecurityAlert.MFA_ENABLED, is_mailed=True)
            await self._limits.give_back(work, claims)
        return RecoveryCodeList(recovery_codes=shown)

    async def remove(self, principal: Principal, code: str) -> None:
        """The code is the step-up. Raises MfaNotEnabled, MfaInvalid, UserNotFound, SessionRevoked, TooManyRequests."""
        claims = claims_of(principal.user_id, code)
        await self._limits.take(*claims)
        async with self._database.system_work() as work:
            await require_live(work, principal)
            enrolment = await repository.lock_enrolment(work, principal.user_id)
            if enrolment is None or enrolment.confirmed_at is None:
                raise MfaNotEnabled
            if not await self._codes.use(work, principal.user_id, code, self._clock.now()):
                raise MfaInvalid
            await repository.remove(work, principal.user_id)
            await self._notices.disabled(work, principal.user_id)
            tell_alert(work, principal.tenant_id, principal.user_id, SecurityAlert.MFA_DISABLED, is_mailed=True)
            await self._limits.give_back(work, claims)

    async def _check_pending(self, work: Work, principal: Principal, code: str) -> None:
        enrolment = await repository.lock_enrolment(work, principal.user_id)
        if enrolment is None:
            raise MfaNotEnabled
        if enrolment.confirmed_at is not None:
            raise MfaAlreadyEnabled
        secret = self._seal.open(enrolment.sealed_secret, place=str(principal.user_id))
        step = matching_step(secret, code, self._clock.now(), None) if is_short(code) else None
        if step is None:
            raise MfaInvalid
        await repository.mark_step_used(work, principal.user_id, step)
