"""Bytes that two readers could understand differently: a clean answer, the end, and nothing behind hears of it."""

import asyncio

import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually
from hostile_requests import HOSTILE, POST, SMUGGLED
from recording_services import answer_bytes

from gateway.route_table import Access, RouteTable, Row, Service
from gateway.wire_limits import WireLimits


@pytest.mark.parametrize("request_bytes", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_request_is_refused_and_nobody_behind_hears_of_it(
    stack: Stack, request_bytes: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await stack.raw(request_bytes + SMUGGLED)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4"), answer
    assert b"\r\nconnection: close" in head
    error = msgspec.json.decode(body)["error"]
    assert set(error) == {"code", "message", "details", "trace_id"}
    assert f"x-request-id: {error['trace_id']}".encode() in head
    assert not [line for service in stack.services for line in service.begun if b" /internal/revocations?" not in line]
    assert "Traceback" not in "".join((caplog.text, *capfd.readouterr()))


def test_the_suite_is_as_wide_as_it_claims() -> None:
    assert len(set(HOSTILE.values())) == len(HOSTILE) >= 240


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HOSTILE["long_url"], 414),
        (HOSTILE["large_header"], 431),
        (HOSTILE["101_headers"], 431),
        (HOSTILE["connect"], 400),
        (HOSTILE["trace"], 405),
    ],
)
async def test_the_status_says_what_was_wrong(stack: Stack, request_bytes: bytes, status: int) -> None:
    assert (await stack.raw(request_bytes)).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("start", [b"", b"GE", b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\nX: "])
async def test_a_slow_head_runs_out_of_time(stack: Stack, start: bytes) -> None:
    answer = await stack.raw(start, timeout=3)
    assert answer == b"" if not start else answer.startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_keeps_dripping_runs_out_of_time_too(stack: Stack) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(b"GET /api/v1/projects HTTP/1.1\r\nX: ")

    async def drip() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(3):
        answer = await reader.read()
    dripping.cancel()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_slow_body_runs_out_of_time_and_its_service_is_let_go(stack: Stack) -> None:
    answer = await stack.raw(POST + b"Content-Length: 100\r\n\r\n{", timeout=3)
    assert answer.startswith(b"HTTP/1.1 408 ")
    await eventually(lambda: stack.auth.open_connections == 1)  # the one that read the snapshot


async def test_a_body_that_keeps_dripping_runs_out_of_time_too(stack: Stack) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(POST + b"Content-Length: 1000\r\n\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(3):
        answer = await reader.read()
    dripping.cancel()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_reader_that_stops_is_cut_off_and_its_service_is_let_go(start_stack: StartStack) -> None:
    routes = RouteTable([Row(path="/x", service=Service.PROJECT, access=Access.PUBLIC, timeout=0.3)])
    stack = await start_stack(routes=routes)
    size = 64 * 1024 * 1024  # more than all buffers on the way hold together
    stack.project.answer = answer_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
    _reader, writer = await asyncio.open_connection("127.0.0.1", stack.port, limit=1024)
    writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    await eventually(lambda: stack.project.open_connections == 1)

    await eventually(lambda: stack.project.open_connections == 0)
    writer.close()


async def test_a_request_after_a_good_one_is_checked_as_strictly(stack: Stack) -> None:
    good = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = await stack.raw(good + HOSTILE["te_space_before_colon"])
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert answer.count(b"HTTP/1.1 400 ") == 1


async def test_bytes_behind_a_request_to_the_gateway_itself_are_not_read(stack: Stack) -> None:
    answer = await stack.raw(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" + HOSTILE["cl_and_te"] + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'{"status":"alive"}' in answer


async def test_a_client_that_sends_ahead_is_not_kept_in_memory(start_stack: StartStack) -> None:
    stack = await start_stack(limits=WireLimits(held_bytes=4096))
    gate = asyncio.Event()

    async def wait(_request: object, _reader: object, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    stack.project.answer = wait
    token = stack.bearer()["Authorization"].encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.transport.set_write_buffer_limits(high=1)
    one = b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\nAuthorization: %b\r\n\r\n" % token
    writer.write(one * 20_000)
    await eventually(lambda: stack.project.requests)

    await asyncio.sleep(0)
    assert writer.transport.get_write_buffer_size() > 1_000_000
    gate.set()
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
    writer.transport.abort()
