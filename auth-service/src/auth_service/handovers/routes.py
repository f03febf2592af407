"""HTTP for carrying a session from an app to the web."""

from auth_service.handovers.errors import SessionTokenExpired
from auth_service.handovers.schemas import Exchanged, ExchangeToken, SessionLink
from auth_service.handovers.service import Handovers
from auth_service.sessions.cookie_lines import SessionCookies
from shared.caller import Caller
from shared.http.answers import WithHeaders
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("sessions")


@routes.post("/api/v1/auth/session-token", summary="Make a link that signs a browser in, once", replayable=False)
async def make_session_link(principal: Principal, handovers: Handovers) -> SessionLink:
    return await handovers.begin(principal)


@routes.post(
    "/api/v1/auth/session-exchange",
    summary="Turn the token of such a link into a session cookie",
    public=True,
    errors=[SessionTokenExpired],
)
async def exchange_session_token(
    body: ExchangeToken, caller: Caller, handovers: Handovers, cookies: SessionCookies
) -> WithHeaders[Exchanged]:
    return cookies.set(*await handovers.exchange(body.token, caller))
