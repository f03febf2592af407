"""HTTP for step-up; a key proves nobody, so the group names no resource."""

from auth_service.accounts.errors import InvalidPassword, PasswordChecksBusy
from auth_service.mfa.errors import MfaInvalid
from auth_service.step_up.errors import StepUpRequired
from auth_service.step_up.schemas import Proof
from auth_service.step_up.service import StepUp
from shared.caller import Caller
from shared.errors import SessionRevoked, TooManyRequests
from shared.http.routes import Routes
from shared.principal import Principal

PROOF_ERRORS = (StepUpRequired, InvalidPassword, MfaInvalid, SessionRevoked, TooManyRequests, PasswordChecksBusy)
"""Of every operation that asks for a fresh proof and takes one in its body."""

routes = Routes("sessions")


@routes.post(
    "/api/v1/auth/step-up",
    summary="Prove once more that it is you: good for ten minutes, in this session",
    replayable=False,
    errors=PROOF_ERRORS,
)
async def step_up(principal: Principal, body: Proof, step_up: StepUp, caller: Caller) -> None:
    await step_up.prove(principal, body, caller)
