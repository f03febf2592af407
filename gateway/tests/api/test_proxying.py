"""Requests reach their service unchanged, answers come back as they are made, and failures have our face."""

import asyncio
import re
import socket
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually, free_port
from multidict import CIMultiDictProxy
from recording_services import Recorded, answer_bytes

from gateway.breaker import FAILURES
from gateway.route_table import RouteTable, Row, Service
from gateway.wire_limits import WireLimits
from shared.identity import verify_identity


def lines(*fields: str) -> bytes:
    return ("\r\n".join(fields) + "\r\n\r\n").encode()


async def call(stack: Stack, method: str, path: str, **more: object) -> tuple[int, CIMultiDictProxy[str], bytes]:
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, **more) as response:
        return response.status, response.headers, await response.read()


def code_of(body: bytes) -> str:
    return str(msgspec.json.decode(body)["error"]["code"])


async def test_a_request_arrives_with_the_bytes_it_was_sent_with(stack: Stack) -> None:
    token = stack.bearer()["Authorization"]
    target = "/api/v1/projects/a%20b?q=%C3%A4+b&sort=-updated_at&x[]=1|2"
    await stack.raw(lines(f"GET {target} HTTP/1.1", "Host: a", f"Authorization: {token}", "Connection: close"))
    assert [request.target for request in stack.project.requests] == [target.encode()]


async def test_the_service_gets_an_identity_of_its_own_and_no_credential(stack: Stack) -> None:
    principal = stack.auth.issuer.principal()
    token = stack.auth.issuer.token(principal)
    status, _, _ = await call(stack, "GET", "/api/v1/projects", headers={"Authorization": f"Bearer {token}"})

    request = stack.project.requests[0]
    (identity,) = request.all(b"x-tessera-identity")
    assert status == 200
    assert verify_identity(identity.decode(), "project", stack.secret, datetime.now(UTC)) == principal
    assert not request.all(b"authorization")
    assert request.all(b"x-forwarded-for") == [b"127.0.0.1"]


async def test_an_identity_is_signed_once_and_sent_again(stack: Stack) -> None:
    headers = stack.bearer()
    for _ in range(3):
        await call(stack, "GET", "/api/v1/projects", headers=headers)
    identities = {request.all(b"x-tessera-identity")[0] for request in stack.project.requests}
    assert len(identities) == 1


async def test_headers_that_speak_for_the_gateway_are_dropped(stack: Stack) -> None:
    hostile = {
        "X-Tessera-Identity": "forged",
        "x_tessera_identity": "forged",
        "X-User-Id": "1",
        "X-Tenant-Id": "1",
        "X-Forwarded-For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X-Request-Id": "mine",
        "Traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "Cookie": "theme=dark",
        "X-Secret": "1",
        "Connection": "keep-alive, X-Secret, X-Tessera-Identity",
    }
    await call(stack, "GET", "/api/v1/projects", headers={**stack.bearer(), **hostile})

    request = stack.project.requests[0]
    sent = b"\r\n".join(value for _, value in request.headers)
    assert b"forged" not in sent
    assert b"6.6.6.6" not in sent
    assert b"b" * 16 not in sent
    assert not request.all(b"cookie")
    assert not request.all(b"x-secret")
    assert len(request.all(b"x-tessera-identity")) == 1


async def test_cookies_reach_only_the_service_that_made_them(stack: Stack) -> None:
    await call(stack, "POST", "/api/v1/auth/refresh", headers={"Cookie": "tessera_refresh=1"}, data=b"{}")
    assert stack.auth.requests[0].all(b"cookie") == [b"tessera_refresh=1"]


async def test_every_answer_carries_the_trace_the_service_was_given(stack: Stack) -> None:
    _, headers, _ = await call(stack, "GET", "/api/v1/projects", headers=stack.bearer())
    (traceparent,) = stack.project.requests[0].all(b"traceparent")
    assert traceparent.decode().split("-")[1] == headers["X-Request-ID"]


async def test_the_trace_of_a_client_goes_on_with_a_span_of_ours(stack: Stack) -> None:
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    _, headers, _ = await call(stack, "GET", "/api/v1/projects", headers={**stack.bearer(), "traceparent": theirs})

    (traceparent,) = stack.project.requests[0].all(b"traceparent")
    assert traceparent.decode().split("-")[1] == headers["X-Request-ID"] == theirs.split("-")[1]
    assert traceparent.decode() != theirs


async def test_an_answer_loses_what_describes_the_inside(stack: Stack) -> None:
    stack.project.answer = answer_bytes(
        lines(
            "HTTP/1.1 200 OK",
            "Server: sanic/25.12",
            "X-Powered-By: python",
            "X-Tessera-Node: 7",
            "Access-Control-Allow-Origin: *",
            "ETag: W/1",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "Content-Length: 0",
        )
    )
    token = stack.bearer()["Authorization"]
    answer = await stack.raw(
        lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}", "Connection: close")
    )
    lowered = answer.lower()
    for inner in (b"server:", b"x-powered-by", b"x-tessera", b"access-control"):
        assert inner not in lowered
    assert lowered.count(b"set-cookie:") == 2
    assert b"etag: w/1" in lowered
    assert b"x-content-type-options: nosniff" in lowered
    assert b"content-security-policy: default-src 'none'" in lowered


@pytest.mark.parametrize("framing", ["sized", "chunked"])
async def test_a_body_goes_through_in_either_framing(stack: Stack, framing: str) -> None:
    payload = bytes(range(256)) * 2_000

    async def pieces() -> object:
        for start in range(0, len(payload), 50_000):
            yield payload[start : start + 50_000]

    data = payload if framing == "sized" else pieces()
    status, _, _ = await call(stack, "POST", "/api/v1/projects", headers=stack.bearer(), data=data)
    assert status == 200
    assert stack.project.requests[0].body == payload


async def test_an_upload_reaches_the_service_while_it_is_still_being_sent(stack: Stack) -> None:
    arrived = asyncio.Event()

    async def read_first_half(_request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        arrived.set()
        await reader.readexactly(5)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    stack.project.reads_body = False
    stack.project.answer = read_first_half
    token = stack.bearer()["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(
        lines("POST /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}", "Content-Length: 10") + b"hello"
    )
    async with asyncio.timeout(3):
        await arrived.wait()
        writer.write(b"world")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 204 ")
    writer.close()


async def test_a_stream_reaches_the_client_while_it_is_still_being_made(stack: Stack) -> None:
    gate = asyncio.Event()

    async def stream(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
        writer.write(b"6\r\nfirst\n\r\n")
        await gate.wait()
        writer.write(b"5\r\nlast\n\r\n0\r\n\r\n")

    stack.conversation.answer = stream
    url = f"http://127.0.0.1:{stack.port}/api/v1/conversations/1/runs/2/stream"
    async with (
        asyncio.timeout(3),
        aiohttp.ClientSession() as session,
        session.get(url, headers=stack.bearer()) as response,
    ):
        assert await response.content.readline() == b"first\n"
        gate.set()
        assert await response.content.read() == b"last\n"


async def test_a_slow_reader_slows_the_service_down_and_nothing_piles_up(stack: Stack) -> None:
    written = 0

    async def pour(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(lines("HTTP/1.1 200 OK", "Content-Length: 100000000"))
        while written < 100_000_000:
            writer.write(bytes(100_000))
            await writer.drain()
            written += 100_000

    stack.project.answer = pour
    token = stack.bearer()["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port, limit=1024)
    writer.write(lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}"))
    await reader.readuntil(b"\r\n\r\n")

    last = -1
    while written != last:
        last = written
        await asyncio.sleep(0.2)
    assert 0 < written < 50_000_000
    writer.transport.abort()
    await eventually(lambda: stack.project.open_connections == 0)


async def test_a_client_that_hangs_up_takes_its_request_back(stack: Stack) -> None:
    async def never(_request: Recorded, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    stack.project.answer = never
    token = stack.bearer()["Authorization"]
    _, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}"))
    await eventually(lambda: stack.project.open_connections == 1 and stack.project.requests)

    writer.close()

    await eventually(lambda: stack.project.open_connections == 0)


async def test_connections_to_services_are_used_again(stack: Stack) -> None:
    headers = stack.bearer()
    for _ in range(5):
        await call(stack, "GET", "/api/v1/projects", headers=headers)
    assert stack.project.accepted == 1


async def test_what_cannot_be_sent_again_goes_over_no_connection_that_was_silent_for_a_while(stack: Stack) -> None:
    headers = stack.bearer()
    await call(stack, "GET", "/api/v1/projects", headers=headers)
    await call(stack, "POST", "/api/v1/projects", headers=headers, data=b"{}")
    at_once = stack.project.accepted
    await asyncio.sleep(0.25)

    await call(stack, "GET", "/api/v1/projects", headers=headers)
    read = stack.project.accepted
    await asyncio.sleep(0.25)
    await call(stack, "POST", "/api/v1/projects", headers=headers, data=b"{}")

    assert (at_once, read, stack.project.accepted) == (1, 1, 2)


async def test_requests_on_one_connection_are_answered_in_order(stack: Stack) -> None:
    token = stack.bearer()["Authorization"]
    count = 20
    one = lines("POST /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}", "Content-Length: 2") + b"{}"
    last = lines("GET /nowhere HTTP/1.1", "Host: a", "Connection: close")
    answer = await stack.raw(one * count + last)
    assert answer.count(b"HTTP/1.1 200 OK") == count
    assert answer.rindex(b"HTTP/1.1 404 ") > answer.rindex(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body_keep_the_connection(stack: Stack, status: int) -> None:
    stack.project.answer = answer_bytes(
        lines(f"HTTP/1.1 {status} X", "Content-Length: 5" if status == 304 else "ETag: a")
    )
    token = stack.bearer()["Authorization"]
    one = lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}")
    answer = await stack.raw(one + one.replace(b"Host: a", b"Host: a\r\nConnection: close"))
    assert answer.count(b"HTTP/1.1 %d " % status) == 2
    assert stack.project.accepted == 1


async def test_a_head_request_gets_the_length_without_the_body(stack: Stack) -> None:
    stack.project.answer = answer_bytes(lines("HTTP/1.1 200 OK", "Content-Length: 5000"))
    for _ in range(2):
        status, headers, body = await call(stack, "HEAD", "/api/v1/projects", headers=stack.bearer())
        assert (status, headers["Content-Length"], body) == (200, "5000", b"")


async def test_an_http_10_client_gets_a_body_that_ends_with_the_connection(stack: Stack) -> None:
    stack.project.answer = answer_bytes(
        lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n"
    )
    token = stack.bearer()["Authorization"]
    answer = await stack.raw(lines("GET /api/v1/projects HTTP/1.0", "Host: a", f"Authorization: {token}"))
    assert answer.endswith(b"\r\n\r\n{}")
    assert b"transfer-encoding" not in answer


async def test_a_client_that_asks_before_sending_is_told_to_go_on(stack: Stack) -> None:
    token = stack.bearer()["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    fields = ("Host: a", f"Authorization: {token}", "Content-Length: 2", "Expect: 100-continue")
    writer.write(lines("POST /api/v1/projects HTTP/1.1", *fields))
    async with asyncio.timeout(3):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"{}")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_request_may_come_byte_by_byte(stack: Stack) -> None:
    token = stack.bearer()["Authorization"]
    fields = ("Host: a", f"Authorization: {token}", "Transfer-Encoding: chunked", "Connection: close")
    request = lines("POST /api/v1/projects HTTP/1.1", *fields) + b"2\r\n{}\r\n0\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in request:
        writer.write(bytes((byte,)))
        await asyncio.sleep(0)
    async with asyncio.timeout(3):
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    assert stack.project.requests[0].body == b"{}"


# limits


async def test_a_body_over_the_limit_is_refused_before_it_is_sent(stack: Stack) -> None:
    token = stack.bearer()["Authorization"]
    fields = ("Host: a", f"Authorization: {token}", "Content-Length: 1048577", "Expect: 100-continue")
    answer = await stack.raw(lines("POST /api/v1/projects HTTP/1.1", *fields))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert not stack.project.requests


async def test_a_chunked_body_over_the_limit_is_stopped_on_its_way(stack: Stack) -> None:
    stack.project.reads_body = False
    seen = 0

    async def count(_request: Recorded, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        while piece := await reader.read(65536):
            seen += len(piece)

    stack.project.answer = count
    token = stack.bearer()["Authorization"]
    fields = ("Host: a", f"Authorization: {token}", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    answer = await stack.raw(lines("POST /api/v1/projects HTTP/1.1", *fields) + chunk * 40)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert code_of(answer.partition(b"\r\n\r\n")[2]) == "BODY_TOO_LARGE"
    assert seen < 1_200_000


# failures


async def test_a_service_that_is_not_there_is_a_502_in_our_envelope(start_stack: StartStack) -> None:
    stack = await start_stack(project_url=f"http://127.0.0.1:{free_port()}")
    status, headers, body = await call(stack, "GET", "/api/v1/projects", headers=stack.bearer())
    assert (status, code_of(body)) == (502, "UPSTREAM_ERROR")
    assert headers["X-Request-ID"] == msgspec.json.decode(body)["error"]["trace_id"]


async def test_a_service_that_hangs_up_before_answering_is_a_502(stack: Stack) -> None:
    async def hang_up(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    stack.project.answer = hang_up
    status, _, body = await call(stack, "POST", "/api/v1/projects", headers=stack.bearer(), data=b"{}")
    assert (status, code_of(body)) == (502, "UPSTREAM_ERROR")
    assert len(stack.project.requests) == 1


@pytest.mark.parametrize(
    "garbage", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"\x00" * 50]
)
async def test_a_service_that_talks_nonsense_is_a_502(stack: Stack, garbage: bytes) -> None:
    stack.project.answer = answer_bytes(garbage)
    status, _, body = await call(stack, "POST", "/api/v1/projects", headers=stack.bearer(), data=b"{}")
    assert (status, code_of(body)) == (502, "UPSTREAM_ERROR")


async def test_a_stale_connection_costs_a_read_nothing(stack: Stack) -> None:
    headers = stack.bearer()
    await call(stack, "GET", "/api/v1/projects", headers=headers)
    answer = stack.project.answer

    async def close_once(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stack.project.answer = answer
        writer.transport.abort()

    stack.project.answer = close_once
    status, _, _ = await call(stack, "GET", "/api/v1/projects", headers=headers)
    assert status == 200


async def test_a_write_is_never_sent_twice(stack: Stack) -> None:
    headers = stack.bearer()
    await call(stack, "GET", "/api/v1/projects", headers=headers)

    async def hang_up(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    stack.project.answer = hang_up
    status, _, _ = await call(stack, "POST", "/api/v1/projects", headers=headers, data=b"{}")
    assert status == 502
    assert len([request for request in stack.project.requests if request.line.startswith(b"POST")]) == 1


async def test_half_an_answer_is_not_passed_off_as_a_whole_one(stack: Stack) -> None:
    async def half(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n")
        await writer.drain()
        writer.close()

    stack.project.answer = half
    with pytest.raises(aiohttp.ClientPayloadError):
        await call(stack, "GET", "/api/v1/projects", headers=stack.bearer())


async def test_an_early_answer_ends_an_upload(stack: Stack) -> None:
    stack.project.reads_body = False

    async def refuse(_request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines("HTTP/1.1 403 Forbidden", "Content-Length: 2") + b"{}")
        await reader.read()

    stack.project.answer = refuse
    token = stack.bearer()["Authorization"]
    fields = ("Host: a", f"Authorization: {token}", "Content-Length: 1000000")
    answer = await stack.raw(lines("POST /api/v1/projects HTTP/1.1", *fields) + bytes(1000))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"connection: close" in answer
    await eventually(lambda: stack.project.open_connections == 0)


async def test_interim_answers_are_not_taken_for_the_answer(stack: Stack) -> None:
    stack.project.answer = answer_bytes(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    status, _, _ = await call(stack, "GET", "/api/v1/projects", headers=stack.bearer())
    assert status == 204


async def test_an_answer_nobody_asked_for_is_not_given_to_the_next_request(stack: Stack) -> None:
    two = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    stack.project.answer = answer_bytes(two)
    headers = stack.bearer()
    first = await call(stack, "GET", "/api/v1/projects", headers=headers)
    stack.project.answer = answer_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    second = await call(stack, "GET", "/api/v1/projects", headers=headers)
    assert first[0] in {200, 502}
    assert second[2] == b"{}"


async def test_a_service_that_does_not_answer_is_a_504(start_stack: StartStack) -> None:
    routes = RouteTable([Row(path="/api/v1/projects", service=Service.PROJECT, timeout=0.2)])
    stack = await start_stack(limits=WireLimits(sweep_seconds=0.05), routes=routes)

    async def never(_request: Recorded, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    stack.project.answer = never
    status, _, body = await call(stack, "GET", "/api/v1/projects", headers=stack.bearer())
    assert (status, code_of(body)) == (504, "UPSTREAM_TIMEOUT")
    await eventually(lambda: stack.project.open_connections == 0)


async def test_a_service_that_stays_away_is_a_503_at_once_and_found_again_when_it_is_back(
    start_stack: StartStack,
) -> None:
    stack = await start_stack(project_url=f"http://127.0.0.1:{(port := free_port())}")
    headers = stack.bearer()
    for _ in range(FAILURES):
        assert (await call(stack, "GET", "/api/v1/projects", headers=headers))[0] == 502

    status, answered, body = await call(stack, "POST", "/api/v1/projects", headers=headers, data=b"{}")
    others = await call(stack, "GET", "/api/v1/conversations", headers=headers)

    assert (status, code_of(body), answered["Retry-After"]) == (503, "SERVICE_UNAVAILABLE", "1")
    assert others[0] == 200

    async def is_back() -> bool:
        return (await call(stack, "GET", "/api/v1/projects", headers=headers))[0] == 200

    async with stack.project.serving(port):
        await eventually(is_back, 1)
        assert await is_back()


async def test_who_is_not_let_in_does_not_keep_others_from_finding_a_service_again(start_stack: StartStack) -> None:
    stack = await start_stack(project_url=f"http://127.0.0.1:{free_port()}")
    good, bad = stack.bearer(), {"Authorization": "Bearer a.b.c"}
    for _ in range(FAILURES):
        assert (await call(stack, "GET", "/api/v1/projects", headers=good))[0] == 502

    async def is_tried() -> bool:
        refused, _, _ = await call(stack, "GET", "/api/v1/projects", headers=bad)
        status, _, _ = await call(stack, "GET", "/api/v1/projects", headers=good)
        assert (refused, status) in {(401, 502), (401, 503)}
        return status == 502

    await eventually(is_tried, 2)


async def test_requests_do_not_queue_for_a_service_that_is_stuck(start_stack: StartStack) -> None:
    routes = RouteTable([Row(path="/api/v1/projects", service=Service.PROJECT, timeout=0.2)])
    stack = await start_stack(limits=WireLimits(sweep_seconds=0.05), routes=routes)
    headers, answer = stack.bearer(), stack.project.answer

    async def never(_request: Recorded, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    stack.project.answer = never
    for _ in range(FAILURES):
        assert (await call(stack, "GET", "/api/v1/projects", headers=headers))[0] == 504
    seen = len(stack.project.requests)

    answers = await asyncio.gather(*(call(stack, "GET", "/api/v1/projects", headers=headers) for _ in range(30)))

    assert [status for status, _, _ in answers].count(503) >= 28  # a probe now and then is let through
    assert len(stack.project.requests) - seen <= 2
    stack.project.answer = answer

    async def is_back() -> bool:
        return (await call(stack, "GET", "/api/v1/projects", headers=headers))[0] == 200

    await eventually(is_back, 1)


async def test_an_answer_tells_where_the_time_went(start_stack: StartStack) -> None:
    stack = await start_stack(cors_origins="https://app.example.com")
    own = ("HTTP/1.1 200 OK", "Server-Timing: db;dur=5", "Timing-Allow-Origin: *", "Content-Length: 0")
    stack.project.answer = answer_bytes(lines(*own))
    headers = {**stack.bearer(), "Origin": "https://app.example.com"}

    _, answered, _ = await call(stack, "GET", "/api/v1/projects", headers=headers)

    timings = ", ".join(answered.getall("Server-Timing"))
    assert re.fullmatch(r"db;dur=5, gateway;dur=\d+\.\d\d, upstream;dur=\d+\.\d\d", timings)
    assert answered.getall("Timing-Allow-Origin") == ["https://app.example.com"]
    assert "Server-Timing" in answered["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("POST", f"/api/v1/auth/{name}")
            for name in (
                *("register", "login", "login/mfa", "refresh", "session-exchange", "verify-email"),
                *("forgot-password", "reset-password", "step-up", "switch-tenant"),
            )
        ),
        ("POST", "/api/v1/invitations"),
        ("POST", "/api/v1/invitations/accept"),
        ("PUT", "/api/v1/users/me/password"),
        ("GET", "/api/v1/shares/x"),
    ],
)
async def test_no_time_is_told_where_accounts_are_looked_up(stack: Stack, method: str, path: str) -> None:
    told = answer_bytes(lines("HTTP/1.1 200 OK", "Server-Timing: db;dur=5", "Content-Length: 0"))
    stack.auth.elsewhere = stack.conversation.answer = told

    status, answered, _ = await call(
        stack, method, path, headers=stack.bearer(), data=b"{}" if method != "GET" else None
    )

    assert status == 200
    assert "Server-Timing" not in answered


async def test_an_unknown_path_reaches_nobody(stack: Stack) -> None:
    status, _, body = await call(stack, "GET", "/internal/revocations", headers=stack.bearer())
    assert (status, code_of(body)) == (404, "ROUTE_NOT_FOUND")
    assert not stack.recorded()


async def test_a_refused_request_with_a_small_body_keeps_its_connection(stack: Stack) -> None:
    one = lines("POST /api/v1/projects HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}"
    last = lines("GET /nowhere HTTP/1.1", "Host: a", "Connection: close")
    answer = await stack.raw(one + last)
    assert answer.count(b"HTTP/1.1 401 ") == 1
    assert answer.count(b"HTTP/1.1 404 ") == 1


async def test_a_client_that_reads_its_last_answer_slowly_gets_all_of_it(stack: Stack) -> None:
    size = 8_000_000
    stack.project.answer = answer_bytes(lines("HTTP/1.1 200 OK", f"Content-Length: {size}") + bytes(size))
    token = stack.bearer()["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port, limit=1024)
    writer.write(lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}", "Connection: close"))
    await reader.readuntil(b"\r\n\r\n")
    received = 0
    async with asyncio.timeout(10):
        while piece := await reader.read(400_000):
            received += len(piece)
            await asyncio.sleep(0.002)
    writer.close()
    assert received == size


async def test_a_stopping_gateway_finishes_what_it_began_and_says_goodbye(start_stack: StartStack) -> None:
    stack = await start_stack()
    gate = asyncio.Event()

    async def wait(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(lines("HTTP/1.1 200 OK", "Content-Length: 2") + b"{}")

    stack.project.answer = wait
    token = stack.bearer()["Authorization"]
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", stack.port)
    busy, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(lines("GET /api/v1/projects HTTP/1.1", "Host: a", f"Authorization: {token}"))
    await eventually(lambda: stack.project.requests)

    stopping = asyncio.create_task(stack.stop())
    async with asyncio.timeout(5):
        assert await idle.read() == b""
        gate.set()
        answer = await busy.read()
        await stopping
    idle_writer.close()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer
