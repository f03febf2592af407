"""Use case of clients that cannot set headers: a ticket for one live connection, short-lived enough for an address."""

from datetime import timedelta

from auth_service.live_tickets import repository
from auth_service.live_tickets.schemas import NewLiveTicket
from auth_service.opaque_tokens import OpaqueTokens, tagged
from shared.clock import Clock
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Principal

PREFIX = "tst_"
LIFE = timedelta(seconds=30)  # addresses end up in the logs of others: it is worthless before anybody reads those


def ticket_tokens(secret: str) -> OpaqueTokens:
    return OpaqueTokens(PREFIX, tagged(secret, "live ticket tags"))


class LiveTickets:
    """What a ticket opens is worth as much as what asked for it, and ends with that; the gateway uses it up."""

    def __init__(self, database: Database, tokens: OpaqueTokens, clock: Clock) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock

    async def issue(self, owner: Principal) -> NewLiveTicket:
        expires_at = self._clock.now() + LIFE
        ticket = self._tokens.new(new_id())
        async with self._database.unit_of_work(owner.tenant_id, actor_id=owner.user_id) as work:
            await repository.add_ticket(work, owner, ticket, expires_at)
        return NewLiveTicket(ticket=ticket.text, expires_at=expires_at)
