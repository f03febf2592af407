"""The composition root of the gateway: settings, a bus and a clock in, the application that is served out."""

from collections.abc import Mapping
from functools import partial

from prometheus_client import Gauge
from sanic.response import HTTPResponse

from gateway.answers import Answers
from gateway.audit.trail import FLUSH_SECONDS, AuditTrail
from gateway.authentication import Authenticator
from gateway.breaker import Breaker
from gateway.client_address import ClientAddresses
from gateway.client_connection import ClientConnection, DeadlineSweep
from gateway.connection_room import ConnectionRoom, most_of_address
from gateway.cors import Cors
from gateway.denylist import Denylist, RevocationWatch
from gateway.documentation.addresses import setup_documentation
from gateway.documentation.product_documents import ProductDocuments
from gateway.entrance import Entrance
from gateway.health import UNREACHABLE, AggregateHealth
from gateway.introspections import Introspections
from gateway.outgoing_head import OutgoingHeads
from gateway.parts import Parts
from gateway.rate_limit.limiter import RateLimiter
from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Plans
from gateway.rate_limit.redis_store import RedisStore
from gateway.route_table import RouteTable, Service
from gateway.service_client import ServiceClient
from gateway.settings import GatewaySettings, listed
from gateway.upstream import UpstreamPool
from gateway.wire_limits import WireLimits
from shared.access_tokens import AccessTokenVerifier
from shared.clock import Clock, SystemClock
from shared.events.registry import default_registry
from shared.file_limit import file_limit
from shared.http.answers import json_answer
from shared.http.app import App, Check, Request, new_app
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.stopping import Step, run_steps
from shared.supervision import PeriodicTask
from shared.telemetry.metrics import Metrics

CLOSE_SECONDS = FLUSH_SECONDS + 1.0
"""For each part that is closed: the longest one sends the audit records that wait."""


def create_app(
    settings: GatewaySettings,
    *,
    bus: Bus,
    clock: Clock | None = None,
    routes: RouteTable | None = None,
    limits: WireLimits | None = None,
) -> App:
    """`app.ctx.protocol` makes the server's connections: nothing outside reaches the application but through it."""
    clock, limits = clock or SystemClock(), limits or WireLimits()
    app = new_app("gateway")
    metrics = Metrics("gateway")
    addresses = settings.addresses()
    breakers = {service: Breaker() for service in addresses}
    services = ServiceClient(addresses, breakers, settings.internal_secret, clock)
    denylist = Denylist(settings.access_token_ttl, clock)
    verifier = AccessTokenVerifier(services.signing_keys, clock)
    introspections = Introspections(services.introspect, lambda: denylist.has_gap, lambda: clock.now().timestamp())
    cors = Cors(listed(settings.cors_origins))
    routes = routes or RouteTable()
    answers = Answers(cors, is_https=settings.public_url.startswith("https://"))
    authenticator = Authenticator(verifier, introspections, denylist, settings.internal_secret, clock)
    limiter = _limiter(settings, metrics)
    plans = Plans(settings.rate_limit_scale, settings.rate_limits)
    parts = Parts(
        routes=routes,
        authenticator=authenticator,
        entrance=Entrance(authenticator, cors, limiter, plans),
        pools={
            service: UpstreamPool(address, limits, breakers[service], settings.sources(address))
            for service, address in addresses.items()
        },
        outgoing=OutgoingHeads(),
        answers=answers,
        cors=cors,
        addresses=ClientAddresses(settings.trusted_proxy_hops, listed(settings.metrics_allow)),
        limits=limits,
        audit=AuditTrail(bus, metrics),
        connections=set(),
        room=_connection_room(settings, metrics),
        observe=metrics.observe_request,
    )
    app.ctx.protocol = partial(ClientConnection, parts=parts)
    watch = RevocationWatch(denylist, bus, default_registry(), services.revocations, introspections)
    checks = {"sessions": _trusted(denylist)}
    documents = ProductDocuments(services.description, routes, settings.public_url or "/")
    app.ctx.supervisor.include(bus.tasks)
    setup_defaults(
        app,
        service="gateway",
        settings=settings,
        clock=clock,
        metrics=metrics,
        checks=checks,
        documentation=partial(setup_documentation, documents=documents),
    )
    metrics.gauge_from("tessera_denylist_gap_seconds", "Age of a gap in what ended", lambda: denylist.gap_seconds)
    _watch_breakers(metrics, breakers)
    _setup_product_health(app, AggregateHealth(services.readiness, lambda: bus.is_connected, lambda: limiter.state))
    _setup_own_headers(app, answers)
    _setup_life(app, services, watch, parts, limiter)
    return app


def _limiter(settings: GatewaySettings, metrics: Metrics) -> RateLimiter:
    refused = metrics.counter("tessera_rate_limited_total", "Requests refused, by used-up window", ["limit"])
    shared = RedisStore(settings.redis_url) if settings.redis_url else None
    limiter = RateLimiter(MemoryStore(), shared, lambda name: refused.labels(name).inc())
    metrics.gauge_from(
        "tessera_rate_limit_breaker_open",
        "1 while rate limits are counted locally because Redis does not answer",
        lambda: float(limiter.state == UNREACHABLE),
    )
    return limiter


def _connection_room(settings: GatewaySettings, metrics: Metrics) -> ConnectionRoom:
    limit = file_limit()
    per_address = settings.connections_per_address or most_of_address(limit, settings.rate_limit_scale)
    turned_away = metrics.counter("tessera_connections_turned_away_total", "Connections closed for room", ["how"])
    room = ConnectionRoom(
        None if settings.trusted_proxy_hops else per_address, limit, lambda how: turned_away.labels(how).inc()
    )
    metrics.gauge_from("tessera_client_connections", "Connections from outside", lambda: float(room.open))
    return room


def _trusted(denylist: Denylist) -> Check:
    async def check() -> bool:
        return denylist.is_trusted

    return check


def _watch_breakers(metrics: Metrics, breakers: Mapping[Service, Breaker]) -> None:
    about = "Requests in a row that a service left without an answer"
    gauge = Gauge("tessera_upstream_failures", about, ["upstream"], registry=metrics.registry)
    for service, breaker in breakers.items():
        gauge.labels(service.value).set_function(partial(getattr, breaker, "failures"))


def _setup_product_health(app: App, health: AggregateHealth) -> None:
    async def show_health(_request: Request) -> HTTPResponse:
        state = await health.read()
        return json_answer(state, 200 if state.is_healthy else 503)

    async def show_readiness(_request: Request) -> HTTPResponse:
        is_ready, _ = await app.ctx.health.read()
        return json_answer({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    for prefix in ("", "/api/v1"):
        app.add_route(show_health, f"{prefix}/health", methods=["GET", "HEAD"], name=f"health{len(prefix)}")
        app.add_route(show_readiness, f"{prefix}/ready", methods=["GET", "HEAD"], name=f"ready{len(prefix)}")


def _setup_own_headers(app: App, answers: Answers) -> None:
    async def add(request: Request, response: HTTPResponse) -> None:
        origin = request.headers.get("origin")
        for name, value in answers.own_headers(origin.encode() if origin else None):
            response.headers.setdefault(name, value)  # a page of ours has a policy of its own

    app.register_middleware(add, "response")  # type: ignore[arg-type]


def _setup_life(app: App, services: ServiceClient, watch: RevocationWatch, parts: Parts, limiter: RateLimiter) -> None:
    @app.before_server_start
    async def open_all(_app: App) -> None:
        tasks = app.ctx.supervisor
        await services.open()
        await watch.start(tasks)
        await limiter.start(tasks)
        parts.audit.start(tasks)
        sweep = DeadlineSweep(parts.connections)
        tasks.start_periodic(
            PeriodicTask("end slow connections", parts.limits.sweep_seconds, sweep.run, jitter=0.0, is_essential=True)
        )

    @app.after_server_stop
    async def close_all(_app: App) -> None:
        steps: list[tuple[str, Step]] = [
            ("stop watching revocations", watch.stop),
            ("stop the rate limiter", limiter.stop),
            ("close the upstream connections", partial(_close_pools, parts)),
            ("send the last audit records", parts.audit.close),
            ("close the service client", services.close),
        ]
        await run_steps(steps, CLOSE_SECONDS)


async def _close_pools(parts: Parts) -> None:
    for pool in parts.pools.values():
        pool.close()
