"""HTTP for one's own second factor."""

from auth_service.accounts.errors import UserNotFound
from auth_service.accounts.routes import ME
from auth_service.mfa.errors import MfaAlreadyEnabled, MfaInvalid, MfaNotEnabled
from auth_service.mfa.schemas import GivenCode, MfaSecret, RecoveryCodeList
from auth_service.mfa.service import SecondFactors
from auth_service.step_up.errors import StepUpRequired
from auth_service.step_up.routes import PROOF_ERRORS
from auth_service.step_up.schemas import WithProof
from shared.caller import Caller
from shared.errors import TooManyRequests
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("second factor")
MFA = ME + "/mfa"
_CODE_ERRORS = [MfaInvalid, MfaNotEnabled, TooManyRequests]


@routes.post(
    MFA,
    summary="Begin to set up an authenticator app",
    replayable=False,
    errors=[MfaAlreadyEnabled, UserNotFound, *PROOF_ERRORS],
)
async def begin(principal: Principal, factors: SecondFactors, body: WithProof, caller: Caller) -> MfaSecret:
    return await factors.begin(principal, body.proof, caller)


@routes.post(
    MFA + "/confirm",
    summary="Prove that the app works: from now on signing in asks for its codes",
    replayable=False,
    errors=[MfaAlreadyEnabled, UserNotFound, StepUpRequired, *_CODE_ERRORS],
)
async def confirm(principal: Principal, factors: SecondFactors, body: GivenCode) -> RecoveryCodeList:
    return await factors.confirm(principal, body.code)


@routes.delete(MFA, summary="Remove the second factor", errors=[UserNotFound, *_CODE_ERRORS])
async def remove(principal: Principal, factors: SecondFactors, body: GivenCode) -> None:
    await factors.remove(principal, body.code)
