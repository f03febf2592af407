"""A receiver of webhooks on a real socket, which verifies what it gets with the public library."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web
from standardwebhooks import Webhook


class Received(NamedTuple):
    id: str
    content: dict[str, Any]
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        text: str = self.content["type"]
        return text


class Receiver:
    """Answers with `status`, and keeps what it took. With a `secret`, what does not verify fails the request.

    While `answers` is not set it keeps everybody waiting.
    """

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.text = ""
        self.secret: str | None = None
        self.taken: list[Received] = []
        self.attempts: Counter[str] = Counter()
        self.answers = asyncio.Event()
        self.answers.set()
        self.port = _free_port()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def up(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self.receive)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def down(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        message_id = request.headers["webhook-id"]
        self.attempts[message_id] += 1
        await self.answers.wait()
        content = Webhook(self.secret or "whsec_AAAA").verify(body, dict(request.headers)) if self.secret else None
        if self.status < 300:
            self.taken.append(Received(message_id, content or await request.json(), request.headers, body))
        return web.Response(status=self.status, headers=self.headers, text=self.text)

    def types(self) -> list[str]:
        """Of each message once, however often it came: a sender that heard no answer in time repeats it."""
        return list({each.id: each.type for each in self.taken}.values())


@asynccontextmanager
async def receiver_up() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.up()
    try:
        yield receiver
    finally:
        receiver.answers.set()  # or it would wait for a minute for what it keeps waiting
        await receiver.down()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
