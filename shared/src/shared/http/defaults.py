"""What every service has without asking: error envelope, trace ids, metrics, health, documentation."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanic.response import BaseHTTPResponse, HTTPResponse

from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.http.app import READING, App, Check, Request
from shared.http.documentation import serve_openapi
from shared.http.envelope import EnvelopeErrors
from shared.http.health import Health, setup_health
from shared.http.openapi import openapi_document
from shared.http.routes import Routes, mount
from shared.identity import IdentityVerifier
from shared.messaging.bus import Bus
from shared.process import watch_loop
from shared.sealing import Seal
from shared.settings import Settings
from shared.supervision import Supervisor
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import Tracer


def setup_defaults(
    app: App,
    *,
    service: str,
    settings: Settings,
    routes: Sequence[Routes] = (),
    parts: Sequence[object] = (),
    database: Database | None = None,
    bus: Bus | None = None,
    checks: Mapping[str, Check] | None = None,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    documentation: Callable[[App], None] | None = None,
) -> None:
    """`service` is also the audience of identities. `checks` must pass for readiness, as the database must.

    `documentation` describes the app where that takes more than its `routes`.

    The state of the bus is only told: without a broker events wait in the outbox and HTTP goes on.
    """
    app.error_handler = EnvelopeErrors()
    app.ctx.metrics = metrics or Metrics(service)
    if bus is not None:
        app.ctx.supervisor.include(bus.tasks)
    app.ctx.health = _health(database, bus, checks or {}, app.ctx.supervisor)
    if database is not None:
        app.ctx.metrics.watch_pools(database)
    identities = IdentityVerifier(service, settings.internal_secret, clock or SystemClock())
    seal = Seal(settings.internal_secret, "answers kept for repeats")
    mount(app, routes, {type(part): part for part in parts}, identities, seal)
    setup_health(app, app.ctx.health)
    _setup_tracing(app, Tracer(service, settings.otel_exporter_otlp_endpoint))
    _setup_metrics(app, app.ctx.metrics)
    (documentation or _documentation_of(service, routes))(app)
    _setup_state(app, app.ctx.health)


def _health(database: Database | None, bus: Bus | None, checks: Mapping[str, Check], tasks: Supervisor) -> Health:
    async def broker() -> bool:
        return bus is not None and bus.is_connected

    databases = {"db": database.ping} if database is not None else {}
    return Health({**databases, **checks}, {"broker": broker} if bus is not None else {}, tasks)


def _setup_tracing(app: App, tracer: Tracer) -> None:
    """The trace of a request is current in its handler; its id is on every answer."""
    app.ctx.tracer = tracer

    async def begin(request: Request) -> None:
        request.ctx.started = time.perf_counter()
        request.ctx.trace, request.ctx.span = tracer.begin(request.method, request.headers.get("traceparent"))

    async def end(request: Request, response: BaseHTTPResponse) -> None:
        trace = getattr(request.ctx, "trace", None)
        if trace is not None:
            response.headers["X-Request-Id"] = trace.trace_id
            tracer.end(request.ctx.span, getattr(request.ctx, "route", "unknown"), response.status)

    app.register_middleware(begin, "request", priority=100)
    app.register_middleware(end, "response")

    @app.after_server_stop
    async def flush(_app: App) -> None:
        await asyncio.to_thread(tracer.close)


def _setup_metrics(app: App, metrics: Metrics) -> None:
    async def observe(request: Request, response: BaseHTTPResponse) -> None:
        started = getattr(request.ctx, "started", None)
        if started is not None:
            route = getattr(request.ctx, "route", "other")
            metrics.observe_request(request.method, route, response.status, time.perf_counter() - started)

    app.register_middleware(observe, "response")

    async def show(_request: Request) -> HTTPResponse:
        return HTTPResponse(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")

    metrics.watch_tasks(app.ctx.supervisor.states)

    @app.before_server_start
    async def watch(_app: App) -> None:
        errors = watch_loop()
        metrics.counter_from(
            "tessera_loop_errors_total", "Errors in the event loop that nothing handled", lambda: float(errors.count)
        )
        app.ctx.supervisor.start("measure the loop", metrics.watch_loop)

    app.add_route(show, "/metrics", methods=READING, name="metrics")


def _documentation_of(service: str, routes: Sequence[Routes]) -> Callable[[App], None]:
    return lambda app: serve_openapi(app, lambda: openapi_document(service, routes))


def _setup_state(app: App, health: Health) -> None:
    @app.after_server_start
    async def started(_app: App) -> None:
        health.is_started = True

    @app.before_server_stop
    async def draining(_app: App) -> None:
        health.is_draining = True

    async def end_connection(request: Request, _response: BaseHTTPResponse) -> None:
        """A peer that hears so asks nothing more on a connection that is about to close."""
        stream: Any = request.stream
        if health.is_draining and stream is not None:
            stream.keep_alive = False

    app.register_middleware(end_connection, "response")
