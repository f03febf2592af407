"""Bytes that two readers could understand differently: a clean answer, the end, and nothing behind hears of it."""

import asyncio

import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually

from gateway.wire_limits import WireLimits

PATH = b"/api/v1/auth/login"
POST = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\n"
SMUGGLED = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n"

HOSTILE = {
    "cl_and_te": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "te_and_cl": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
    "te_space_before_colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "te_tab_before_colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "te_twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te_gzip_chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "te_identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "te_quoted": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "te_trailing_comma": POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
    "te_vertical_tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "te_on_http_10": b"POST " + PATH + b" HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te_folded": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "cl_twice_same": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "cl_twice_other": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "cl_list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "cl_plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "cl_minus": POST + b"Content-Length: -2\r\n\r\n{}",
    "cl_hex": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "cl_underscore": POST + b"Content-Length: 1_0\r\n\r\n{}",
    "cl_empty": POST + b"Content-Length: \r\n\r\n",
    "cl_unicode_digit": POST + "Content-Length: ٢\r\n\r\n{}".encode(),
    "cl_huge": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
    "chunk_size_prefix": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "chunk_size_space": POST + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
    "chunk_extension": POST + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
    "chunk_bare_lf": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "chunk_trailer": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-User-Id: 1\r\n\r\n",
    "nul_in_value": GET + b"X: a\x00b\r\n\r\n",
    "nul_in_name": GET + b"X\x00: a\r\n\r\n",
    "nul_in_target": b"GET /api/\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "bare_cr_in_value": GET + b"X: a\rX-Tessera-Identity: b\r\n\r\n",
    "bare_lf_in_head": GET + b"X: a\nY: b\r\n\r\n",
    "bare_lf_everywhere": b"GET /api/v1/projects HTTP/1.1\nHost: a\n\n",
    "no_host": b"GET /api/v1/projects HTTP/1.1\r\n\r\n",
    "two_hosts": GET + b"Host: b\r\n\r\n",
    "empty_host": b"GET /api/v1/projects HTTP/1.1\r\nHost:\r\n\r\n",
    "host_with_path": b"GET /api/v1/projects HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "connect": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
    "trace": b"TRACE /api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "lower_case_method": b"get /api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute_target": b"GET http://elsewhere/api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "double_slash_target": b"GET //elsewhere/api HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk_target": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "dot_segments": b"GET /api/v1/projects/../../internal/revocations HTTP/1.1\r\nHost: a\r\n\r\n",
    "encoded_dot_segments": b"GET /api/v1/projects/%2e%2e/%2e%2e/internal HTTP/1.1\r\nHost: a\r\n\r\n",
    "encoded_slash": b"GET /api/v1/projects%2f1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "backslash": b"GET /api/v1/projects\\1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "double_encoding": b"GET /api/v1/projects/%252e%252e HTTP/1.1\r\nHost: a\r\n\r\n",
    "space_in_target": b"GET /api/v1/projects /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab_in_request_line": b"GET\t/api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "http_2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http_09": b"GET /api/v1/projects\r\n\r\n",
    "odd_version": b"GET /api/v1/projects HTTP/1.11\r\nHost: a\r\n\r\n",
    "lower_case_version": b"GET /api/v1/projects http/1.1\r\nHost: a\r\n\r\n",
    "empty_line_first": b"\r\nGET /api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "space_first": b" GET /api/v1/projects HTTP/1.1\r\nHost: a\r\n\r\n",
    "obs_fold": GET + b"X: a\r\n b\r\n\r\n",
    "space_before_first_header": b"GET /api/v1/projects HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n",
    "header_without_colon": GET + b"nonsense\r\n\r\n",
    "header_without_name": GET + b": a\r\n\r\n",
    "header_name_with_space": GET + b"X Y: a\r\n\r\n",
    "tls_hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "long_url": b"GET /api/v1/projects?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "many_headers": GET + b"".join(b"X-%d: 1\r\n" % number for number in range(10_000)) + b"\r\n",
    "101_headers": GET + b"".join(b"X-%d: 1\r\n" % number for number in range(101)) + b"\r\n",
    "large_header": GET + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
    "get_with_body": GET + b"Content-Length: 2\r\n\r\n{}",
    "get_with_chunks": GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "upgrade_with_body": POST + b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
    "upgrade_with_chunks": POST + b"Upgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd_expectation": POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
    "two_authorizations": GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_request_is_answered_and_the_connection_ends(stack: Stack, request_bytes: bytes) -> None:
    answer = await stack.raw(request_bytes + SMUGGLED)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4"), answer
    assert b"\r\nconnection: close" in head
    error = msgspec.json.decode(body)["error"]
    assert set(error) == {"code", "message", "details", "trace_id"}
    assert f"x-request-id: {error['trace_id']}".encode() in head
    assert not [request for request in stack.recorded() if request.body or b"jwks" in request.target]


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
