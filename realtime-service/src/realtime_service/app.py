"""The composition root: one node behind one address."""

from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from realtime_service import events_routes
from realtime_service.documentation import setup_documentation
from realtime_service.doors import Door, ProjectDoor
from realtime_service.node import AUDIENCE, Node
from realtime_service.settings import RealtimeSettings
from shared.clock import Clock, SystemClock
from shared.http.app import App, new_app
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.telemetry.metrics import Metrics

ROUTES = (events_routes.routes,)


def create_app(settings: RealtimeSettings, *, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app("realtime")
    metrics = Metrics("realtime")
    node = Node(settings, bus, clock, metrics, app.ctx.supervisor)
    app.ctx.protocol = WebSocketProtocol
    app.add_route(Door(node), "/ws", methods=["GET", "POST"], name="websocket")
    app.add_route(ProjectDoor(node), "/ws/<project_id:str>", name="project_websocket")
    _setup_life(app, node, settings.drain_seconds)  # before the defaults: readiness goes off before the clients go

    setup_defaults(
        app,
        service=AUDIENCE,
        settings=settings,
        routes=ROUTES,
        parts=(node,),
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
