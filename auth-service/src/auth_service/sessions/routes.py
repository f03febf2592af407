"""HTTP for signing in, staying signed in and signing out, and the gateway's look at ended sessions."""

from msgspec import UNSET

from auth_service.accounts.errors import PasswordChecksBusy
from auth_service.gateway_door import GatewayDoor
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.mfa.errors import MfaInvalid, MfaRequired
from auth_service.sessions.cookie_lines import SessionCookies, read_session_cookie
from auth_service.sessions.cookie_refresh import CookieRefresh
from auth_service.sessions.device_cookies import DeviceCookies, read_device
from auth_service.sessions.errors import InvalidCredentials, RefreshInvalid, RefreshReused
from auth_service.sessions.schemas import (
    Login,
    LoginWithCode,
    Refresh,
    RevocationList,
    RevocationQuery,
    SignedIn,
    Tokens,
)
from auth_service.sessions.service import Revocations, Sessions
from auth_service.sessions.sign_in import SignIn
from auth_service.tenants.errors import TenantIsClosed, TenantNotFound
from shared.caller import Caller
from shared.errors import AuthRequired, EmailNotVerified, Forbidden, TooManyRequests
from shared.http.answers import WithHeaders
from shared.http.app import Request
from shared.http.routes import Routes
from shared.identity import HEADER
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

routes = Routes("sessions")


@routes.post(
    "/api/v1/auth/login",
    summary="Sign in with e-mail address and password",
    public=True,
    errors=[
        InvalidCredentials,
        MfaRequired,
        TenantNotFound,
        TenantIsClosed,
        TokenUsedOrExpired,
        Forbidden,
        EmailNotVerified,
        TierLimitExceeded,
        PasswordChecksBusy,
        TooManyRequests,
    ],
)
async def login(
    request: Request, body: Login, caller: Caller, sign_in: SignIn, cookies: SessionCookies, devices: DeviceCookies
) -> WithHeaders[WithHeaders[SignedIn]]:
    entry = await sign_in.with_password(body, read_device(request, caller))
    return devices.set(cookies.set(entry.answer, entry.cookie), entry.device_cookie)


@routes.post(
    "/api/v1/auth/login/mfa",
    summary="Finish signing in with the code of a second factor",
    public=True,
    errors=[
        MfaInvalid,
        InvalidCredentials,
        TenantNotFound,
        TenantIsClosed,
        TokenUsedOrExpired,
        Forbidden,
        EmailNotVerified,
        TierLimitExceeded,
        TooManyRequests,
    ],
)
async def login_with_code(
    request: Request,
    body: LoginWithCode,
    caller: Caller,
    sign_in: SignIn,
    cookies: SessionCookies,
    devices: DeviceCookies,
) -> WithHeaders[WithHeaders[SignedIn]]:
    entry = await sign_in.with_code(body, read_device(request, caller))
    return devices.set(cookies.set(entry.answer, entry.cookie), entry.device_cookie)


@routes.post(
    "/api/v1/auth/refresh",
    summary="Exchange a refresh token, or the session cookie, for a new pair",
    public=True,
    errors=[RefreshInvalid, RefreshReused],
)
async def refresh(
    request: Request, body: Refresh, sessions: Sessions, by_cookie: CookieRefresh, cookies: SessionCookies
) -> WithHeaders[Tokens]:
    if body.refresh_token is not UNSET:
        return cookies.set(await sessions.refresh(body.refresh_token), None)
    return cookies.set(*await by_cookie.refresh(read_session_cookie(request)))


@routes.post("/api/v1/auth/logout", summary="End this session everywhere", replayable=False)
async def logout(principal: Principal, sessions: Sessions, cookies: SessionCookies) -> WithHeaders[WithHeaders[None]]:
    await sessions.end(principal)
    return cookies.clear()


@routes.get(
    "/internal/revocations",
    summary="List sessions that ended while access tokens of theirs may live",
    public=True,
    documented=False,
    errors=[AuthRequired],
)
async def list_revocations(
    request: Request, gateway: GatewayDoor, query: RevocationQuery, revocations: Revocations
) -> RevocationList:
    gateway.check(request.headers.get(HEADER))
    return await revocations.since(query.since)
