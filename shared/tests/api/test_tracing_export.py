"""Spans reach an OpenTelemetry collector when one is named, as children of the caller's span."""

import aiohttp
import aiohttp.web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.http.app import new_app
from shared.http.defaults import setup_defaults
from shared.http.routes import Routes
from shared.http.server import Served, serving
from shared.settings import Settings
from shared.telemetry.tracing import current_traceparent

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

routes = Routes("traced")


@routes.get("/traced/{name}", summary="Show the trace the handler is in", public=True)
async def show(name: str) -> dict[str, str]:
    return {"name": name, "traceparent": current_traceparent() or ""}


class Collector:
    def __init__(self) -> None:
        self.received = ExportTraceServiceRequest()

    async def take(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        self.received.MergeFromString(await request.read())
        return aiohttp.web.Response()


async def test_a_request_becomes_a_span_of_the_callers_trace(unused_tcp_port_factory):
    collector, collector_port, port = Collector(), unused_tcp_port_factory(), unused_tcp_port_factory()
    server = aiohttp.web.Application()
    server.router.add_post("/v1/traces", collector.take)
    runner = aiohttp.web.AppRunner(server)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", collector_port).start()
    settings = Settings(internal_secret="s" * 32, otel_exporter_otlp_endpoint=f"http://127.0.0.1:{collector_port}")
    app = new_app("traced")
    setup_defaults(app, service="traced", settings=settings, routes=[routes])

    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with (
        serving([Served(app, "127.0.0.1", port)]),
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"http://127.0.0.1:{port}/traced/one") as answer,
    ):
        assert TRACE in (await answer.json())["data"]["traceparent"]
    await runner.cleanup()

    (resource,) = collector.received.resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("/traced/{name}", TRACE, PARENT)
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "traced"
