"""HTTP for signing in, staying signed in and signing out, and the gateway's look at ended sessions."""

from auth_service.accounts.errors import PasswordChecksBusy
from auth_service.gateway_door import GatewayDoor
from auth_service.sessions.errors import InvalidCredentials, RefreshInvalid, RefreshReused
from auth_service.sessions.schemas import Login, Refresh, RevocationList, RevocationQuery, SignedIn, Tokens
from auth_service.sessions.service import Revocations, Sessions, SignIn
from auth_service.tenants.errors import TenantNotFound
from shared.errors import AuthRequired
from shared.http.app import Request
from shared.http.caller import Caller
from shared.http.routes import Routes
from shared.identity import HEADER
from shared.principal import Principal

routes = Routes("sessions")


@routes.post(
    "/api/v1/auth/login",
    summary="Sign in with e-mail address and password",
    public=True,
    errors=[InvalidCredentials, TenantNotFound, PasswordChecksBusy],
)
async def login(body: Login, caller: Caller, sign_in: SignIn) -> SignedIn:
    return await sign_in.with_password(body, caller)


@routes.post(
    "/api/v1/auth/refresh",
    summary="Exchange a refresh token for a new pair",
    public=True,
    errors=[RefreshInvalid, RefreshReused],
)
async def refresh(body: Refresh, sessions: Sessions) -> Tokens:
    return await sessions.refresh(body.refresh_token)


@routes.post("/api/v1/auth/logout", summary="End this session everywhere", replayable=False)
async def logout(principal: Principal, sessions: Sessions) -> None:
    await sessions.end(principal)


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
