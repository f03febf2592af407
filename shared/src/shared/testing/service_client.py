"""A client of a running service: over a real socket, with the identity the gateway would attach."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, ClassVar, NamedTuple

import msgspec
from aiohttp import ClientSession

from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.envelope import Envelope
from shared.http.app import App
from shared.http.server import Served, serving
from shared.identity import HEADER, mint_identity
from shared.messaging.event_log import EventLog
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.callers import INTERNAL_SECRET
from shared.testing.http_session import http_session

_LONGEST_TOPIC = 1000


class Answer(NamedTuple):
    """`headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def items(self) -> list[Any]:
        items: list[Any] = self.json["items"]
        return items

    @property
    def code(self) -> str:
        """Of an error."""
        code: str = self.json["error"]["code"]
        return code

    @property
    def wrong_fields(self) -> dict[str, str]:
        """Path and code of each field that a 422 names."""
        return {field["path"]: field["code"] for field in self.json["error"]["details"]["fields"]}

    @property
    def without_trace(self) -> tuple[int, bytes]:
        """What may be the same for two requests."""
        return self.status, self.body.replace(self.headers["x-request-id"].encode(), b"")


class ServiceClient:
    """A subclass names its service and knows the requests that the service's tests often make."""

    service: ClassVar[str]

    def __init__(self, session: ClientSession, database: Database, clock: Clock | None = None) -> None:
        self.database = database
        self._session = session
        self._clock = clock or SystemClock()

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Principal | None,
        headers: dict[str, str] | None = None,
        raw: bytes | BinaryIO | None = None,
    ) -> Answer:
        """`body` is sent as JSON, `raw` as it is."""
        sent = {"content-type": "application/json", **(headers or {})}
        if who is not None:
            sent[HEADER] = mint_identity(who, self.service, INTERNAL_SECRET, self._clock.now())
        content = msgspec.json.encode(body) if body is not None else raw
        async with self._session.request(method, path, data=content, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read())

    async def create(self, path: str, body: Any, *, who: Principal) -> dict[str, Any]:
        answer = await self.send("POST", path, body, who=who)
        assert answer.status == 201, answer
        created: dict[str, Any] = answer.data
        return created

    async def events(self, who: Principal, topic: str) -> list[Envelope]:
        """What was published to a topic, oldest first."""
        return await EventLog(self.database).read(who.tenant_id, topic, 0, _LONGEST_TOPIC)


@asynccontextmanager
async def session_with(app: App) -> AsyncIterator[ClientSession]:
    """The app answers inside the block; the session's paths are relative to it."""
    port = free_port()
    async with serving([Served(app, "127.0.0.1", port)]), http_session(f"http://127.0.0.1:{port}") as session:
        yield session


@asynccontextmanager
async def started_bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
