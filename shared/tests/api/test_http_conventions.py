"""The conventions of the public API, seen through a real socket on a small app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import aiohttp
import msgspec
import pytest

from shared.errors import Conflict, NotFound
from shared.http import routes as module
from shared.http.answers import Accepted, Created, HttpAnswer, streamed
from shared.http.app import Request, new_app
from shared.http.conditions import IfMatch
from shared.http.defaults import setup_defaults
from shared.http.routes import Routes
from shared.http.server import PortInUse, Served, serving
from shared.identity import HEADER, mint_identity
from shared.ids import new_id
from shared.pagination import PageOf, PageQuery
from shared.principal import Principal, Role
from shared.settings import Settings
from shared.testing.eventually import eventually
from shared.testing.http_session import http_session

SECRET = "s" * 32
PRINCIPAL = Principal(user_id=new_id(), tenant_id=new_id(), session_id=new_id(), role=Role.DEVELOPER)


class WidgetNotFound(NotFound):
    code = "WIDGET_NOT_FOUND"
    message = "There is no such widget."


class WidgetBusy(Conflict):
    code = "WIDGET_BUSY"
    message = "The widget is busy."


class Widget(msgspec.Struct):
    id: UUID
    name: str
    version: int


class CreateWidget(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class Widgets:
    """The part that the routes below ask for by its type."""

    def __init__(self) -> None:
        self.version = 3


routes = Routes("widgets")


@routes.post("/widgets", summary="Make a widget", errors=[WidgetBusy])
async def make(principal: Principal, widgets: Widgets, body: CreateWidget) -> Created[Widget]:
    if body.name == "busy":
        raise WidgetBusy(details={"owner": str(principal.user_id)})
    if body.name == "crash":
        raise RuntimeError("the secret reason")
    widget = Widget(new_id(), body.name, widgets.version)
    return Created(widget, f"/widgets/{widget.id}")


@routes.get("/widgets", summary="List widgets", public=True)
async def show_all(query: PageQuery) -> PageOf[Widget]:
    return PageOf(items=[], total=None, page=query.page, page_size=query.size, next_cursor=None)


@routes.get("/widgets/{widget_id}", summary="Show a widget", errors=[WidgetNotFound], public=True)
async def show(widgets: Widgets, widget_id: UUID) -> Widget:
    return Widget(widget_id, "one", widgets.version)


@routes.get("/gadget", summary="Show one's own widget")
async def show_own(principal: Principal) -> Widget:
    return Widget(principal.user_id, "mine", 1)


@routes.delete("/widgets/{widget_id}", summary="Remove a widget", public=True)
async def remove(widget_id: UUID, if_match: IfMatch) -> None:
    if not if_match.allows(3):
        raise WidgetBusy


@routes.get("/widgets/{widget_id}/picture", summary="Stream a picture", public=True)
async def stream(request: Request, widget_id: UUID) -> HttpAnswer:
    async def parts() -> AsyncIterator[bytes]:
        if request.args.get("fails") == "first":
            raise WidgetBusy
        yield b"one"
        if request.args.get("fails") == "second":
            raise WidgetBusy
        yield b"two"

    return streamed(parts(), {"ETag": '"x"'}, "image/png", size=6 if request.args.get("sized") else None)


@routes.post("/widgets/{widget_id}/jobs", summary="Start a job", public=True)
async def start_job(widget_id: UUID) -> Accepted[Widget]:
    return Accepted(Widget(widget_id, "job", 1), f"/widgets/{widget_id}/jobs/1")


async def require_first_widget(principal: Principal, widgets: Widgets, widget_id: UUID) -> None:
    if (principal.tenant_id, widgets.version, widget_id) != (PRINCIPAL.tenant_id, 3, UUID(int=1)):
        raise WidgetNotFound


@routes.put("/widgets/{widget_id}/parts", summary="Replace the parts", authorize=require_first_widget)
async def replace_parts(widget_id: UUID, body: CreateWidget) -> Widget:
    return Widget(widget_id, body.name, 1)


@routes.post("/widgets/{widget_id}/film", summary="Upload a film", streams_body=True, authorize=require_first_widget)
async def upload(request: Request, widget_id: UUID) -> Widget:
    raise WidgetBusy


@routes.post("/wishes", summary="Make a widget, or have it made", public=True)
async def wish(body: CreateWidget) -> Created[Widget] | Accepted[CreateWidget]:
    return Created(Widget(new_id(), "here", 1)) if body.name == "simple" else Accepted(body)


@pytest.fixture
async def client(unused_tcp_port: int) -> AsyncIterator[aiohttp.ClientSession]:
    app = new_app("widgets", max_body_bytes=1000)
    setup_defaults(
        app, service="widgets", settings=Settings(internal_secret=SECRET), routes=[routes], parts=[Widgets()]
    )
    headers = {HEADER: mint_identity(PRINCIPAL, "widgets", SECRET, datetime.now(UTC))}
    async with (
        serving([Served(app, "127.0.0.1", unused_tcp_port)]),
        aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}", headers=headers) as session,
    ):
        yield session


async def error_of(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    error: dict[str, Any] = (await answer.json())["error"]
    assert set(error) == {"code", "message", "details", "trace_id"}
    assert error["trace_id"] == answer.headers["X-Request-Id"]
    return error


async def test_a_creation_is_201_with_location_and_entity_tag(client: aiohttp.ClientSession):
    async with client.post("/widgets", json={"name": "one"}) as answer:
        widget = (await answer.json())["data"]

    assert answer.status == 201
    assert answer.headers["Location"] == f"/widgets/{widget['id']}"
    assert answer.headers["ETag"].startswith('"3-')


@pytest.mark.parametrize("query", ["", "?sized=1"])
async def test_a_stream_is_whole_or_cut(client: aiohttp.ClientSession, query: str):
    path = f"/widgets/{PRINCIPAL.user_id}/picture{query}"
    fails = path + ("&" if query else "?") + "fails="

    async with client.get(path) as answer:
        assert (await answer.read(), answer.content_type, answer.headers["ETag"]) == (b"onetwo", "image/png", '"x"')
    async with client.head(path) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
    async with client.get(fails + "first") as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (409, "WIDGET_BUSY")
    with pytest.raises(aiohttp.ClientError):
        async with client.get(fails + "second") as answer:
            await answer.read()


async def test_an_accepted_job_is_202_with_location(client: aiohttp.ClientSession):
    async with client.post(f"/widgets/{PRINCIPAL.user_id}/jobs") as answer:
        assert (answer.status, answer.headers["Location"]) == (202, f"/widgets/{PRINCIPAL.user_id}/jobs/1")


async def test_a_list_has_its_envelope(client: aiohttp.ClientSession):
    async with client.get("/widgets?page=2&limit=5") as answer:
        assert await answer.json() == {"items": [], "total": None, "page": 2, "page_size": 5, "next_cursor": None}


async def test_what_has_not_changed_is_304(client: aiohttp.ClientSession):
    async with client.get(f"/widgets/{PRINCIPAL.user_id}") as first:
        tag = first.headers["ETag"]

    async with client.get(f"/widgets/{PRINCIPAL.user_id}", headers={"If-None-Match": f'"x", W/{tag}'}) as second:
        assert (second.status, second.headers["ETag"], await second.read()) == (304, tag, b"")


@pytest.mark.parametrize(
    ("header", "status"),
    [('"3"', 204), ('"3-0a1b2c3d"', 204), ("*", 204), ('"2", "3"', 204), ('"2"', 409), ("rubbish", 409)],
)
async def test_if_match_reaches_the_use_case(client: aiohttp.ClientSession, header: str, status: int):
    async with client.delete(f"/widgets/{PRINCIPAL.user_id}", headers={"If-Match": header}) as answer:
        assert answer.status == status


async def test_no_identity_is_401_before_anything_else(client: aiohttp.ClientSession):
    async with client.post("/widgets", data=b"{", headers={HEADER: ""}) as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (401, "AUTH_REQUIRED")


async def test_an_identity_for_another_service_is_401(client: aiohttp.ClientSession):
    foreign = mint_identity(PRINCIPAL, "gadgets", SECRET, datetime.now(UTC))

    async with client.post("/widgets", json={"name": "one"}, headers={HEADER: foreign}) as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (401, "AUTH_REQUIRED")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": b"{"}, 400, "MALFORMED_JSON"),
        (
            {"data": b"name=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ({"data": b'{"name": "%s"}' % (b"x" * 2000)}, 413, "BODY_TOO_LARGE"),
        ({"json": {"name": ""}}, 422, "VALIDATION_ERROR"),
        ({"json": {"name": "a", "tenant_id": "x"}}, 422, "VALIDATION_ERROR"),
        ({"json": {"name": "busy"}}, 409, "WIDGET_BUSY"),
        ({"json": {"name": "a"}, "headers": {"Idempotency-Key": "x" * 300}}, 422, "VALIDATION_ERROR"),
    ],
)
async def test_a_refusal_has_its_status_and_code(
    client: aiohttp.ClientSession, sent: dict[str, Any], status: int, code: str
):
    headers = {"Content-Type": "application/json", **sent.pop("headers", {})}
    if "json" in sent:
        headers.pop("Content-Type")

    async with client.post("/widgets", headers=headers, **sent) as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (status, code)


async def test_a_post_that_opens_no_unit_of_work_runs_every_time_whatever_its_key(client: aiohttp.ClientSession):
    key = {"Idempotency-Key": "the same"}

    async with (
        client.post("/widgets", json={"name": "one"}, headers=key) as first,
        client.post("/widgets", json={"name": "one"}, headers=key) as again,
        client.post("/widgets", json={"name": "other"}, headers=key) as other,
    ):
        answers = [first, again, other]
        widgets = [(await answer.json())["data"] for answer in answers]

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert [widget["name"] for widget in widgets] == ["one", "one", "other"]
    assert len({widget["id"] for widget in widgets}) == 3
    assert not any("Idempotent-Replayed" in answer.headers for answer in answers)


async def test_a_crash_tells_nothing_from_inside(client: aiohttp.ClientSession):
    async with client.post("/widgets", json={"name": "crash"}) as answer:
        error = await error_of(answer)

    assert (answer.status, error["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in str(error)


async def test_an_id_that_cannot_exist_is_not_found_like_any_other(client: aiohttp.ClientSession):
    async with client.get("/widgets/not-an-id") as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (404, "WIDGET_NOT_FOUND")


async def test_an_unknown_path_and_a_wrong_method_are_told_apart(client: aiohttp.ClientSession):
    async with client.get("/gadgets") as unknown, client.put("/widgets") as wrong:
        assert (unknown.status, (await error_of(unknown))["code"]) == (404, "ROUTE_NOT_FOUND")
        assert (wrong.status, (await error_of(wrong))["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert wrong.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/widgets/1", "DELETE, GET, HEAD"), ("/widgets/1/picture", "GET, HEAD"), ("/metrics", "GET, HEAD")],
)
async def test_a_wrong_method_is_answered_with_the_right_ones(client: aiohttp.ClientSession, path: str, allowed: str):
    async with client.patch(path, json={}) as wrong:
        assert (wrong.status, wrong.headers["Allow"]) == (405, allowed)


async def test_what_one_caller_sees_is_kept_by_their_own_cache_only(client: aiohttp.ClientSession):
    async with client.get("/gadget") as seen:
        tag = {"If-None-Match": seen.headers["ETag"]}
    async with client.get("/gadget", headers=tag) as same, client.get("/widgets") as public:
        assert seen.headers["Cache-Control"] == same.headers["Cache-Control"] == "private, no-cache"
        assert same.status == 304
        assert "Cache-Control" not in public.headers


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/health/live", "/health/ready", "/health/startup"])
async def test_whatever_can_be_read_can_be_asked_for_its_head(client: aiohttp.ClientSession, path: str):
    async with client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_the_trace_of_the_caller_goes_on(client: aiohttp.ClientSession):
    trace = "0af7651916cd43dd8448eb211c80319c"

    async with client.get("/widgets", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}) as answer:
        assert answer.headers["X-Request-Id"] == trace


@pytest.mark.parametrize(
    "header", ["rubbish", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{'A' * 32}-b7ad6b7169203331-01"]
)
async def test_an_invalid_trace_is_replaced(client: aiohttp.ClientSession, header: str):
    async with client.get("/widgets", headers={"traceparent": header}) as answer:
        assert answer.status == 200
        assert len(answer.headers["X-Request-Id"]) == 32
        assert answer.headers["X-Request-Id"] not in header


async def test_health_says_started_and_ready(client: aiohttp.ClientSession):
    for path in ("/health/live", "/health/ready", "/health/startup"):
        async with client.get(path) as answer:
            assert answer.status == 200


async def test_metrics_count_requests_by_route_and_not_by_address(client: aiohttp.ClientSession):
    async with client.get(f"/widgets/{PRINCIPAL.user_id}"):
        pass

    async with client.get("/metrics") as answer:
        text = await answer.text()

    assert 'tessera_http_request_seconds_count{method="GET",route="/widgets/{widget_id}",status="200"} 1.0' in text
    assert str(PRINCIPAL.user_id) not in text


async def test_the_document_describes_every_operation(client: aiohttp.ClientSession):
    async with client.get("/openapi.json") as answer:
        document = await answer.json()

    assert document["openapi"].startswith("3.1")
    make_operation = document["paths"]["/widgets"]["post"]
    assert make_operation["responses"]["201"]["content"]["application/json"]["schema"]["required"] == ["data"]
    assert "WIDGET_BUSY" in make_operation["responses"]["409"]["description"]
    assert make_operation["security"] == [{"bearer": []}, {"cookie": []}]
    assert {p["name"] for p in document["paths"]["/widgets"]["get"]["parameters"]} >= {"page", "page_size", "cursor"}


async def test_a_port_in_use_is_told_before_anything_starts(client: aiohttp.ClientSession):
    taken = client._base_url.port  # type: ignore[union-attr]
    app = new_app("second")

    with pytest.raises(PortInUse, match=str(taken)):
        async with serving([Served(app, "127.0.0.1", taken or 0)]):
            pass


@pytest.mark.parametrize(("name", "status"), [("simple", 201), ("hard", 202)])
async def test_an_operation_may_answer_in_two_ways_and_is_documented_with_both(
    client: aiohttp.ClientSession, name: str, status: int
) -> None:
    async with client.post("/wishes", json={"name": name}) as answer, client.get("/openapi.json") as document:
        described = (await document.json())["paths"]["/wishes"]["post"]["responses"]

        assert answer.status == status
        assert {"201", "202"} <= described.keys()


@pytest.mark.parametrize(("value", "kind"), [(Widget(new_id(), "x", 1), Created), (CreateWidget(name="x"), Accepted)])
def test_a_bare_value_that_was_named_for_a_repeat_becomes_the_answer_it_was(value: object, kind: type) -> None:
    operation = routes.operations[-1]

    assert isinstance(operation.result_of(value, {}), kind)
    assert isinstance(operation.result_of(kind(value), {}), kind)


@pytest.mark.parametrize(
    ("widget", "size", "status", "code"),
    [(1, 800, 422, "VALIDATION_ERROR"), (2, 800, 404, "WIDGET_NOT_FOUND"), (2, 10, 422, "VALIDATION_ERROR")],
)
async def test_a_large_body_is_read_only_for_callers_with_the_right(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, widget: int, size: int, status: int, code: str
) -> None:
    monkeypatch.setattr(module, "AUTHORIZED_FIRST_BYTES", 700)
    body = b'{"names": "%b"}' % (b"x" * size)

    json = {"Content-Type": "application/json"}
    async with client.put(f"/widgets/{UUID(int=widget)}/parts", data=body, headers=json) as answer:
        assert (answer.status, (await error_of(answer))["code"]) == (status, code)


@pytest.mark.parametrize(("widget", "code"), [(1, "WIDGET_BUSY"), (2, "WIDGET_NOT_FOUND")])
async def test_a_streamed_body_is_read_only_for_callers_with_the_right(
    client: aiohttp.ClientSession, widget: int, code: str
) -> None:
    async with client.post(f"/widgets/{UUID(int=widget)}/film", data=b"x") as answer:
        assert (await error_of(answer))["code"] == code


async def test_a_server_that_stops_answers_once_more_on_every_connection(unused_tcp_port: int) -> None:
    app = new_app("leaving")
    setup_defaults(
        app, service="leaving", settings=Settings(internal_secret=SECRET), routes=[routes], parts=[Widgets()]
    )
    async with http_session(f"http://127.0.0.1:{unused_tcp_port}") as session, AsyncExitStack() as running:
        await running.enter_async_context(serving([Served(app, "127.0.0.1", unused_tcp_port)]))
        async with session.get("/health/live") as before:
            await before.read()

        stopping = asyncio.create_task(running.aclose())
        await eventually(lambda: app.ctx.health.is_draining)
        async with session.get("/health/live") as last:
            await last.read()
        await stopping

    assert (before.headers["Connection"], before.status) == ("keep-alive", 200)
    assert (last.headers["Connection"], last.status) == ("close", 200)
