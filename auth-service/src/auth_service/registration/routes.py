"""HTTP for registering."""

from auth_service.accounts.errors import EmailTaken, PasswordChecksBusy
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.registration.errors import RegistrationClosed
from auth_service.registration.schemas import Register, Registration
from auth_service.registration.service import Registrar
from shared.caller import Caller
from shared.errors import EmailNotVerified, Forbidden, TooManyRequests
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.quotas import TierLimitExceeded

routes = Routes("registration")


@routes.post(
    "/api/v1/auth/register",
    summary="Make an account with a tenant of its own, and sign in",
    public=True,
    errors=[
        EmailTaken,
        RegistrationClosed,
        TokenUsedOrExpired,
        Forbidden,
        EmailNotVerified,
        TierLimitExceeded,
        PasswordChecksBusy,
        TooManyRequests,
    ],
)
async def register(body: Register, caller: Caller, registrar: Registrar) -> Created[Registration]:
    return Created(await registrar.register(body, caller), location="/api/v1/users/me")
