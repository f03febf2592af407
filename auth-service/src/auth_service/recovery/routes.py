"""HTTP for proving an address, for forgotten passwords and for changing the password."""

from auth_service.accounts.errors import InvalidPassword, PasswordChecksBusy, UserNotFound
from auth_service.address_proof.credential import AccompanyingSession
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.recovery.schemas import ChangePassword, ForgotPassword, ResetPassword, VerifyEmail
from auth_service.recovery.service import PasswordChange, PasswordRecovery
from auth_service.recovery.verification import EmailVerification
from auth_service.sessions.cookie_lines import SessionCookies
from shared.caller import Caller
from shared.errors import TooManyRequests
from shared.http.answers import WithHeaders
from shared.http.app import Request
from shared.http.routes import Routes
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

AUTH = "/api/v1/auth"

routes = Routes("recovery")


@routes.post(
    AUTH + "/verify-email",
    summary="Confirm an e-mail address; the first time, keys, second factor and other sessions end",
    public=True,
    errors=[TokenUsedOrExpired],
)
async def verify_email(
    request: Request, body: VerifyEmail, verification: EmailVerification, accompanying: AccompanyingSession
) -> None:
    await verification.confirm(body.token, accompanying.read(request))


@routes.post(
    AUTH + "/resend-verification",
    summary="Mail the confirmation link once more",
    replayable=False,
    errors=[UserNotFound],
)
async def resend_verification(principal: Principal, verification: EmailVerification) -> None:
    await verification.ask_again(principal)


@routes.post(
    AUTH + "/forgot-password",
    summary="Mail a link for a new password, if there is such an account",
    public=True,
    errors=[TooManyRequests],
)
async def forgot_password(body: ForgotPassword, recovery: PasswordRecovery, caller: Caller) -> None:
    await recovery.forgot(body.email, caller)


@routes.post(
    AUTH + "/reset-password",
    summary="Choose a new password by a mailed link; signs out everywhere",
    public=True,
    errors=[TokenUsedOrExpired, TierLimitExceeded, PasswordChecksBusy],
)
async def reset_password(body: ResetPassword, recovery: PasswordRecovery) -> None:
    await recovery.reset(body.token, body.password)


@routes.put(
    "/api/v1/users/me/password",
    summary="Change the password; signs out everywhere",
    errors=[InvalidPassword, TooManyRequests, PasswordChecksBusy],
)
async def change_password(
    principal: Principal, body: ChangePassword, passwords: PasswordChange, cookies: SessionCookies, caller: Caller
) -> WithHeaders[WithHeaders[None]]:
    await passwords.change(principal, body, caller)
    return cookies.clear()
