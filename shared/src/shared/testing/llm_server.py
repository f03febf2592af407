"""A language model's server for tests and measurements: OpenAI's chat completions over a real socket, on command.

The name of the model says what happens: `steady:<count>:<milliseconds>` sends so many words at that pace, `timed` the
moments at which it sends instead (as time.monotonic), the others are the faults of MODELS.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class LlmServer:
    """`requests` are the bodies that came, `hung_up` counts the clients that left in the middle of an answer.

    `models` are those that it lists; it answers for others, too.
    """

    def __init__(self, *more_models: str) -> None:
        self.url = ""
        self.models = [*MODELS, "steady:3:0", *more_models]
        self.requests: list[dict[str, Any]] = []
        self.hung_up = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _read_head(reader):
                await self._answer(head, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up += 1
        finally:
            writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if head.startswith(b"GET"):
            await _send_json(writer, 200, {"object": "list", "data": [{"id": name} for name in self.models]})
            return
        body = msgspec.json.decode(await reader.readexactly(_length(head)))
        self.requests.append(body)
        name, *numbers = body["model"].split(":")
        if name in _WORDS:
            await _speak(writer, _WORDS[name], int(numbers[0]), float(numbers[1]) / 1000)
        else:
            await MODELS[name](writer)


@asynccontextmanager
async def llm_server(*more_models: str) -> AsyncIterator[LlmServer]:
    llm = LlmServer(*more_models)
    server = await asyncio.start_server(llm.serve, "127.0.0.1", 0)
    llm.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield llm
    finally:
        server.close()


_WORDS: dict[str, Callable[[int], str]] = {
    "steady": lambda number: f"wörd{number} ",
    "timed": lambda _number: f"{time.monotonic():.6f}",
}


async def _speak(writer: asyncio.StreamWriter, word: Callable[[int], str], count: int, pause: float) -> None:
    writer.write(_HEAD)
    due = time.monotonic()
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += pause
        _send(writer, _delta(word(number)))
        await writer.drain()
    _send(writer, _ending())
    _send(writer, {"id": "x", "object": "chat.completion.chunk", "created": 1, "choices": [], "usage": USAGE})
    _send_text(writer, "data: [DONE]\n\n")
    writer.write(_LAST_CHUNK)
    await writer.drain()


async def _rate_limited(writer: asyncio.StreamWriter) -> None:
    await _send_json(writer, 429, {"error": {"message": "slow down, key sk-canary"}}, "retry-after: 7\r\n")


async def _failing(writer: asyncio.StreamWriter) -> None:
    await _send_json(writer, 500, {"error": {"message": "a traceback with sk-canary"}})


async def _refusing(writer: asyncio.StreamWriter) -> None:
    await _send_json(writer, 400, {"error": {"message": "too many tokens"}})


async def _unknown(writer: asyncio.StreamWriter) -> None:
    await _send_json(writer, 404, {"error": {"message": "no such model"}})


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    _send_text(writer, 'data: {"choices": "nonsense", \x01\n\n')
    writer.write(_LAST_CHUNK)


async def _misshapen(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD)
    _send(writer, {"choices": [{"delta": {"content": {"not": "text"}}}], "model": 5})
    writer.write(_LAST_CHUNK)


async def _broken(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    await writer.drain()
    writer.transport.abort()
    raise ConnectionResetError


async def _ended(writer: asyncio.StreamWriter) -> None:
    """A clean end of the stream in the middle of the answer."""
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    writer.write(_LAST_CHUNK)


async def _hanging(writer: asyncio.StreamWriter) -> None:
    """Says nothing at all until its client gives up."""
    await _until_lost(writer)


async def _stuck(writer: asyncio.StreamWriter) -> None:
    """Begins and says nothing more."""
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    await _until_lost(writer)


async def _hostile(writer: asyncio.StreamWriter) -> None:
    """A character that no database stores, and no count of tokens."""
    writer.write(_HEAD)
    _send_text(writer, 'data: {"choices": [{"delta": {"content": "a\\u0000b\u2028c"}, "index": 0}]}\n\n')
    _send(writer, _ending())
    writer.write(_LAST_CHUNK)


async def _boastful(writer: asyncio.StreamWriter) -> None:
    """Has a name that is longer than most answers, and counts to the limit."""
    writer.write(_HEAD)
    _send(writer, _delta("Me") | {"model": "".join(chr(0x4E00 + number) for number in range(5_000))})
    usage = {"prompt_tokens": 2**31 - 1, "completion_tokens": 2**31 - 1, "total_tokens": 2**32 - 2}
    _send(writer, _ending() | {"model": None, "usage": usage})
    writer.write(_LAST_CHUNK)


async def _bottomless(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    depth = 100_000
    _send_text(writer, f'data: {{"choices": [], "logprobs": {"[" * depth}{"]" * depth}}}\n\n')
    writer.write(_LAST_CHUNK)


async def _miscounting(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD)
    _send(writer, _delta("so far "))
    _send(writer, {"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": 2**70}})
    writer.write(_LAST_CHUNK)


async def _until_lost(writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        await asyncio.sleep(0.01)
    raise ConnectionResetError


MODELS: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "rate-limited": _rate_limited,
    "failing": _failing,
    "refusing": _refusing,
    "unknown": _unknown,
    "garbage": _garbage,
    "misshapen": _misshapen,
    "broken": _broken,
    "ended": _ended,
    "hanging": _hanging,
    "stuck": _stuck,
    "hostile": _hostile,
    "boastful": _boastful,
    "bottomless": _bottomless,
    "miscounting": _miscounting,
}


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


async def _send_json(writer: asyncio.StreamWriter, status: int, value: Any, more: str = "") -> None:
    body = msgspec.json.encode(value)
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{more}content-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


def _delta(text: str) -> dict[str, Any]:
    return _chunk({"index": 0, "delta": {"content": text}, "finish_reason": None})


def _ending() -> dict[str, Any]:
    return _chunk({"index": 0, "delta": {}, "finish_reason": "stop"})


def _chunk(choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "told", "choices": [choice]}


def _send(writer: asyncio.StreamWriter, value: Any) -> None:
    _send_text(writer, f"data: {msgspec.json.encode(value).decode()}\n\n")


def _send_text(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    if writer.is_closing():
        raise ConnectionResetError  # the loops differ in what they do about such a write
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
