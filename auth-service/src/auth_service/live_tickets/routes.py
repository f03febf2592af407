"""HTTP for live tickets; using one up is part of introspection."""

from auth_service.live_tickets.schemas import NewLiveTicket
from auth_service.live_tickets.service import LiveTickets
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.principal import Principal
from shared.scopes import ANY_KEY

routes = Routes("live connections", resource=ANY_KEY)


@routes.post(
    "/api/v1/realtime/ticket",
    summary="Make a ticket that opens one live connection within 30 seconds",
    replayable=False,
)
async def issue_live_ticket(principal: Principal, tickets: LiveTickets) -> Created[NewLiveTicket]:
    return Created(await tickets.issue(principal))
