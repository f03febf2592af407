"""The composition root: one node behind one address."""

from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from realtime_service.documentation import setup_documentation
from realtime_service.node import AUDIENCE, Node
from realtime_service.settings import RealtimeSettings
from realtime_service.websocket import accept_websocket
from shared.clock import Clock, SystemClock
from shared.errors import RouteNotFound, Unavailable
from shared.http.app import App, Request, new_app
from shared.http.caller import read_caller
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.telemetry.metrics import Metrics


class Door:
    """`/ws`: the request ends with the handshake; its transport goes on as a socket."""

    is_websocket = True  # tells Sanic that no response follows

    def __init__(self, app: App, node: Node) -> None:
        self._app = app
        self._node = node

    async def __call__(self, request: Request) -> None:
        """Raises RouteNotFound, AuthRequired, SessionRevoked, UpgradeRequired, BadRequest or Unavailable, as HTTP."""
        if "EIO" in request.args:
            raise RouteNotFound
        if self._app.ctx.health.is_draining:
            raise Unavailable
        credentials = self._node.authenticator.from_handshake(request)
        address = read_caller(request).address
        accept_websocket(request, lambda socket: self._node.connect(socket, credentials, address))


def create_app(settings: RealtimeSettings, *, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app("realtime")
    metrics = Metrics("realtime")
    node = Node(settings, bus, clock, metrics)
    app.ctx.protocol = WebSocketProtocol
    app.add_route(Door(app, node), "/ws", name="websocket")
    _setup_life(app, node, settings.drain_seconds)  # before the defaults: readiness goes off before the clients go

    setup_defaults(
        app,
        service=AUDIENCE,
        settings=settings,
        bus=bus,
        clock=clock,
        metrics=metrics,
        documentation=setup_documentation,
    )
    return app


def _setup_life(app: App, node: Node, drain_seconds: float) -> None:
    @app.before_server_start
    async def start(_app: App) -> None:
        await node.start()

    @app.before_server_stop
    async def stop(_app: App) -> None:
        await node.stop(drain_seconds)
