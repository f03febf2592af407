"""Everything a client connection works with, wired in `app`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from gateway.answers import Answers
from gateway.audit.trail import AuditTrail
from gateway.authentication import Authenticator
from gateway.client_address import ClientAddresses
from gateway.connection_room import ConnectionRoom
from gateway.cors import Cors
from gateway.entrance import Entrance
from gateway.outgoing_head import OutgoingHeads
from gateway.route_table import RouteTable, Service
from gateway.upstream import UpstreamPool
from gateway.wire_limits import WireLimits

if TYPE_CHECKING:
    from gateway.client_connection import ClientConnection


class Parts(NamedTuple):
    routes: RouteTable
    authenticator: Authenticator
    entrance: Entrance
    pools: Mapping[Service, UpstreamPool]
    outgoing: OutgoingHeads
    answers: Answers
    cors: Cors
    addresses: ClientAddresses
    limits: WireLimits
    audit: AuditTrail
    connections: "set[ClientConnection]"
    room: ConnectionRoom
    observe: Callable[[str, str, int, float], None]
    """Told of every answer: method, path of the row, status, seconds."""
