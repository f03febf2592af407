"""No reader of what strangers send holds a process up: each at the largest input that the gateway lets through.

An event loop serves everybody: what one input takes is what all others wait. Measured in CPU time of this thread.
"""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from auth_service.accounts.domain import changed_preferences, check_profile
from auth_service.device_sessions.domain import device_name
from auth_service.user_settings.domain import check_setting
from conversation_service.chat_messages.domain import read_emoji
from conversation_service.support.faq import Faq
from gateway.audit.sanitising import sanitised_body, sanitised_endpoint, sanitised_text
from gateway.client_address import ClientAddresses
from gateway.credentials import presented_credential, without_credentials
from gateway.request_body import ChunkedBody
from gateway.request_head import read_head
from gateway.route_table import RouteTable
from gateway.wire_limits import WireLimits
from project_service.comments.domain import handles_in
from project_service.files.domain import read_batch
from project_service.files.paths import parse_path
from project_service.files.schemas import WriteFile, WriteFiles
from project_service.outbound.destinations import DestinationRefused, check_destination
from project_service.sessions.domain import read_tags
from project_service.tasks.schemas import TaskQuery
from project_service.uploads import _Form, file_name
from realtime_service.dialects.project_frames import read_data
from realtime_service.dialects.socketio_frames import read_hello
from realtime_service.dialects.socketio_packets import read_call, read_packet
from realtime_service.dialects.stream_positions import StreamPositions
from realtime_service.dialects.topics_frames import Unreadable, read_frame
from realtime_service.events_routes import _read_topics
from realtime_service.frame_reader import FrameReader, ProtocolViolation
from shared.access_tokens import AccessTokenVerifier
from shared.clock import SystemClock
from shared.email_address import is_email
from shared.errors import TesseraError
from shared.http.conditions import is_not_modified, read_if_match
from shared.http.validation import read_query
from shared.pagination import decode_cursor
from shared.testing.cpu_time import ends_within

KIB = 1024
ALLOWED_SECONDS = 0.1
REFUSALS = (TesseraError, DestinationRefused, ProtocolViolation, Unreadable, ValueError)
LIMITS = WireLimits()
EXTREME = b"[" + b"1e308," * 10_900 + b"1]"
DEEP = b"[" * 64 * KIB


class Case(NamedTuple):
    read: Callable[[Any], Any]
    inputs: list[Any]


def token(header: bytes) -> str:
    return f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.e30.{'A' * 86}"


def verify(text: str) -> None:
    async def no_keys() -> bytes:
        return b'{"keys": []}'

    asyncio.run(AccessTokenVerifier(no_keys, SystemClock()).verify(text))


def head(fields: bytes = b"", target: bytes = b"/api/v1/x") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (target, fields)


def credentials(raw: bytes) -> None:
    request = read_head(raw, LIMITS)
    ClientAddresses(1, []).of(request, "192.0.2.1")
    without_credentials(request.target)
    presented_credential(request, reads_query=True)


def frames(data: bytes) -> int:
    return sum(1 for _ in FrameReader().feed(data))


def form(data: bytes) -> None:
    for _ in _Form("x" * 60).take(data):
        pass


def masked(payload: bytes) -> bytes:
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


FORM_HEAD = b"--" + b"x" * 60 + b"\r\nContent-Disposition: form-data; name=file"
SINCE = b",".join(b'"%b": {"epoch": "a", "offset": 1}' % str(UUID(int=number)).encode() for number in range(900))
CASES = {
    "query": Case(
        lambda text: read_query(text, TaskQuery),
        ["&".join(f"a{number}=1" for number in range(100)), "&".join(["a=1"] * 100), "&" * 8192, "q=" + "%61" * 2700],
    ),
    "If-Match": Case(read_if_match, ["1," * 8192, '"' * 16_384, " " * 16_384, '"1-' * 5000]),
    "If-None-Match": Case(lambda text: is_not_modified(text, '"3-abc"'), ["1," * 8192, "W/" * 8192]),
    "cursor": Case(
        lambda text: decode_cursor(text, tuple[float, ...]),
        [base64.urlsafe_b64encode(data).decode() for data in (EXTREME[:760] + b"1]", b"[" * 760)] + ["A" * 1024],
    ),
    "access token": Case(
        verify,
        [
            token(b"[" * 5900),
            token(b'{"a":' * 1100),
            token(b'{"x": [' + b"1e308," * 900 + b"1]}"),
            "." * 8192,
            "A" * 8192,
        ],
    ),
    "head": Case(
        lambda raw: read_head(raw, LIMITS),
        [
            head(b"a:b\r\n" * 6000),
            head(b"a:" + b" \t" * 15 * KIB + b"\r\n"),
            head(b"connection:" + b"a," * 15 * KIB + b"\r\n"),
            head(b"!" * 31 * KIB),
            head(target=b"/" * 8192),
            head(target=b"/%61" * 2000),
            head(target=b"/;a" * 2700),
            head(target=b"/x?" + b"%41" * 2700),
        ],
    ),
    "credentials and addresses": Case(
        credentials,
        [
            head(b"cookie:" + b"; " * 15 * KIB + b"\r\n"),
            head(b"x-forwarded-for:" + b"1," * 15 * KIB + b"\r\n"),
            head(b"x-forwarded-for:" + b":" * 30 * KIB + b"\r\n"),
            head(b"authorization: bearer " + b"a" * 31 * KIB + b"\r\n"),
            head(target=b"/x?" + b"&" * 8000),
            head(target=b"/x?" + b"%74oken&" * 900),
        ],
    ),
    "route": Case(
        lambda path: RouteTable().row("GET", path), [b"/" * 8192, b"/a" * 4096, b"/api/v1/projects" + b"/a" * 4000]
    ),
    "chunks": Case(
        lambda data: ChunkedBody().take(bytearray(data)), [b"1\r\na\r\n" * 43_000, b"1;" * 128 * KIB, b"0" * 256 * KIB]
    ),
    "audited body": Case(
        sanitised_body,
        [
            b"[" + b"1e308," * 680 + b"1]",
            b'["' + b"bearer " * 580 + b'"]',
            b'["' + b"eyJ." * 1000 + b'"]',
            b'["' + b"://a" * 1000 + b'"]',
            b'["' + b"1-" * 2000 + b'"]',
            b"{" + b",".join(b'"aA%d":1' % number for number in range(400)) + b"}",
        ],
    ),
    "audited agent": Case(
        sanitised_text, ["a" * 16_384, "bearer" * 2700, "eyJ." * 4096, "1-" * 8192, "bearer" + " " * 16_000]
    ),
    "audited path": Case(sanitised_endpoint, [b"/a" * 4096, b"/a-" * 2700, b"/%61" * 2048, b"/" + b"0" * 8192]),
    "live frame": Case(
        read_frame,
        [
            b'{"action": "x", "id": %b}' % EXTREME,
            b'{"action": "subscribe", "topic": "x", "filter": {%b}}'
            % b",".join(b'"%d":1e308' % n for n in range(4600)),
            b'{"action": "presence", "topic": "a", "state": ' + DEEP,
            b'{"action": "x", "id": [' + b"[]," * 20_000 + b"1]}",
            b'{"action": "x", "id": ' + b"9" * 4299 + b"}",
            DEEP,
        ],
    ),
    "project frame": Case(
        read_data, [b'{"type": "resume", "data": {"run": %b}}' % EXTREME, b'{"type": "x", "data": %b' % DEEP, DEEP]
    ),
    "Socket.IO packet": Case(
        lambda data: read_call(read_packet(data)),
        [b"2" + EXTREME, b"2" + DEEP, b"2/" + b"a" * 65_000, b"2" + b"1" * 65_000],
    ),
    "Socket.IO hello": Case(read_hello, [b'{"since": {%b}}' % SINCE, b'{"x": %b}' % EXTREME, DEEP]),
    "Last-Event-ID": Case(StreamPositions.read, ["A" * 4096, base64.urlsafe_b64encode(b"\x91" * 3000).decode()]),
    "topics of a stream": Case(_read_topics, ["a," * 10_000, "," * 20_000]),
    "WebSocket frames": Case(frames, [b"\x81\x80aaaa" * 10_900, b"\x89\x80aaaa" * 10_900, masked(b"b" * 65_535)]),
    "form": Case(
        form,
        [
            FORM_HEAD + b"\r\n\r\n" + b"\r\n--" * 262_000,
            FORM_HEAD + b"\r\n\r\n" + (b"\r\n--" + b"x" * 59) * 16_000,
            FORM_HEAD + b"\r\n" + b"A: b\r\n" * 170_000,
            FORM_HEAD + b'; a="\\' * 200_000,
            b"\r\n" * 500_000,
        ],
    ),
    "file name": Case(file_name, ["\u0315\u0300" * 2000, "a/" * 2000, "\0" * 4000]),
    "path of a file": Case(
        parse_path, ["\u0315\u0300" * 2048, "a/" * 2048, "\u0344" * 4096, "\ufdfa" * 2048, "é" * 512]
    ),
    "mentions": Case(handles_in, ["@a " * 3400, "@" * 10_000, "@a." * 3400, "@" + "\u0130" * 10_000]),
    "tags": Case(read_tags, ["a," * 1300, "," * 2600]),
    "address to call": Case(
        check_destination,
        ["http://" + part for part in ("a." * 1000, "\u00fc" * 2000, "\u0315\u0300" * 1000 + ".com", "\u2488" * 2000)],
    ),
    "picture of a user": Case(
        lambda url: check_profile({"avatar_url": url}), ["http://[" + ":" * 2000 + "]", "http://a:" + "1" * 2000]
    ),
    "mail address": Case(
        is_email, ["a." * 126 + "@b", "a@" + "b-" * 120, "a@" + "ab." * 80 + "!", "\ufdfa" * 250, "\u0344" * 254]
    ),
    "setting": Case(
        lambda value: check_setting("custom", "k", value), [[0] * 500_000, ["\x01"] * 100_000, [1e308] * 64]
    ),
    "preferences": Case(lambda patch: changed_preferences({}, patch), [{str(number): {} for number in range(1000)}]),
    "device": Case(device_name, ["a" * 16_384, " a-" * 5000, "Edg" * 5000, "Mac OS " * 2000]),
    "question": Case(Faq.load().answer_to, ["a " * 2000, "word" * 1000, "\u0130" * 4000]),
    "emoji": Case(read_emoji, ["%F0%9F%8E%89" * 600, "a" * 8192]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_reader_takes_little_time_for_the_worst_input(name: str) -> None:
    for number, value in enumerate(CASES[name].inputs):

        def read(value: Any = value) -> None:
            with suppress(*REFUSALS):
                CASES[name].read(value)

        assert ends_within(ALLOWED_SECONDS, read), f"input {number}"


@pytest.mark.parametrize("path", ["a{}", "d/" * 15 + "a{}", "a" + "\u0315\u0300" * 14 + "{}"])
def test_a_full_batch_of_files_is_read_within_two_seconds(path: str) -> None:
    batch = WriteFiles(files=[WriteFile(path=path.format(number), content="") for number in range(10_000)])

    assert ends_within(2.0, lambda: read_batch(batch))
