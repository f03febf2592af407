"""The gateway's question about opaque credentials. They travel in the body: addresses end up in logs."""

from auth_service.gateway_door import GatewayDoor
from auth_service.introspection.service import Introspection
from shared.errors import AuthRequired
from shared.http.app import Request
from shared.http.routes import Routes
from shared.identity import HEADER
from shared.introspection import Introspect, Introspected

routes = Routes("introspection")


@routes.post(
    "/internal/introspect",
    summary="Tell whose an API key or a session cookie is",
    public=True,
    documented=False,
    errors=[AuthRequired],
)
async def introspect(
    request: Request, gateway: GatewayDoor, body: Introspect, introspection: Introspection
) -> Introspected:
    gateway.check(request.headers.get(HEADER))
    return await introspection.answer(body)
