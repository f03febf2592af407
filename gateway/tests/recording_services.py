"""Servers that stand behind the gateway in tests: they record what reaches them and answer as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.access_tokens import mint_access_token
from shared.introspection import CredentialKind, Introspect, Introspected, Refusal
from shared.principal import Principal, Role

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Recorded:
    """One request as it came over the wire; `body` is the payload without chunk framing."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    @property
    def target(self) -> bytes:
        return self.line.split(b" ")[1]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name]


Answer = Callable[[Recorded, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer_ok(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


def answer_bytes(data: bytes) -> Answer:
    async def answer(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


@dataclass
class RecordingService:
    """Answers over raw sockets, so that a test decides every byte. `reads_body=False` leaves bodies to `answer`."""

    answer: Answer = answer_ok
    reads_body: bool = True
    requests: list[Recorded] = field(default_factory=list)
    begun: list[bytes] = field(default_factory=list)
    """The request lines that came, whatever became of the rest."""
    open_connections: int = 0
    accepted: int = 0
    port: int = 0

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["RecordingService"]:
        self._writers: set[asyncio.StreamWriter] = set()
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.drop_connections()
            await server.wait_closed()

    def drop_connections(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.accepted += 1
        self._writers.add(writer)
        try:
            while True:
                request = await self._read(reader)
                self.requests.append(request)
                await self.answer(request, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open_connections -= 1
            self._writers.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Recorded:
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        self.begun.append(lines[0])
        headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines[1:])]
        request = Recorded(lines[0], headers)
        if self.reads_body:
            request.body = await read_body(request, reader)
        return request


async def read_body(request: Recorded, reader: asyncio.StreamReader) -> bytes:
    if request.all(b"content-length"):
        return await reader.readexactly(int(request.all(b"content-length")[0]))
    if not request.all(b"transfer-encoding"):
        return b""
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


class Issuer:
    """Signs access tokens as auth-service would, and publishes the key."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.tenant_id = uuid4()

    def jwks(self) -> bytes:
        key = jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return msgspec.json.encode({"keys": [{**key, "kid": "one", "use": "sig", "alg": "EdDSA"}]})

    def forged(self, headers: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        """A token signed like ours, but with other claims or headers; `...` leaves one out."""
        claims = {**jwt.decode(self.token(), options={"verify_signature": False}), **changes}
        head = {"typ": "at+jwt", "kid": "one", **(headers or {})}
        return jwt.encode(_kept(claims), key or self._key, algorithm="EdDSA", headers=_kept(head))

    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def principal(self, session_id: UUID | None = None) -> Principal:
        return Principal(
            user_id=uuid4(), tenant_id=self.tenant_id, session_id=session_id or uuid4(), role=Role.DEVELOPER
        )

    def token(self, principal: Principal | None = None, *, now: datetime | None = None, life: int = 900) -> str:
        moment = now or datetime.now(UTC)
        return mint_access_token(principal or self.principal(), self._key, "one", moment, life)


def _kept(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


@dataclass
class AuthDouble(RecordingService):
    """auth-service as far as the gateway asks it itself; everything else is recorded like at any service."""

    issuer: Issuer = field(default_factory=Issuer)
    revocations: list[dict[str, object]] = field(default_factory=list)
    snapshot_status: int = 200
    known: dict[str, Introspected] = field(default_factory=dict)
    """Opaque credentials by kind and text, with a space between."""
    single_use: set[str] = field(default_factory=set)
    """Those of `known` that the first question uses up."""
    introspections: list[str] = field(default_factory=list)
    answers_introspection: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.elsewhere = self.answer  # to what clients ask
        self.answer = self._answer_known
        self.asked_directly: list[Recorded] = []
        self.answers_introspection.set()

    def issue(self, kind: CredentialKind, text: str, **changes: object) -> Principal:
        """An opaque credential that is good from now on."""
        principal = msgspec.structs.replace(self.issuer.principal(), **changes)
        self.known[f"{kind} {text}"] = Introspected(principal=principal)
        return principal

    async def _answer_known(
        self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if request.target == b"/internal/introspect":
            self.requests.remove(request)
            await self._introspect(request, writer)
        elif request.target.startswith(b"/internal/"):
            self.requests.remove(request)
            self.asked_directly.append(request)
            body = msgspec.json.encode({"data": {"sessions": self.revocations, "as_of": 0}})
            writer.write(json_answer(body, self.snapshot_status))
        elif request.target == b"/.well-known/jwks.json":
            writer.write(json_answer(self.issuer.jwks()))
        else:
            await self.elsewhere(request, reader, writer)

    async def _introspect(self, request: Recorded, writer: asyncio.StreamWriter) -> None:
        assert request.all(b"content-type") == [b"application/json"]
        question = msgspec.json.decode(request.body, type=Introspect)
        name = f"{question.kind} {question.credential}"
        self.introspections.append(name)
        answer = self.known.get(name, Introspected(refusal=Refusal.INVALID))
        if name in self.single_use:
            self.known.pop(name, None)
        await self.answers_introspection.wait()
        writer.write(json_answer(msgspec.json.encode({"data": answer})))


def json_answer(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )
