"""HTTP requests to addresses that users chose: to the public internet only, with every size and time bounded.

A name is resolved once, each of its addresses is judged, and the connection goes to an address that was judged: a
name that answers differently a moment later gains nothing. The HTTP library follows no redirect; a caller who wants
some says how many, and each is judged like the first.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from project_service.outbound.addresses import is_public, literal
from project_service.outbound.destinations import DestinationRefused, HostPort, Reason, check_destination

_CONNECT_SECONDS = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class OutboundAnswer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of repeated ones the last."""
    body: bytes
    """As it came over the wire, at most as much as was asked for."""
    is_cut: bool
    """There was more."""
    url: str
    """That answered, after redirects."""


class OutboundFailed(Exception):
    """No answer: not resolved, not connected, broken off or out of time. The text holds no address."""


class OutboundClient:
    """`resolver` is the system's unless a test brings its own."""

    def __init__(
        self, allowed: frozenset[HostPort], *, user_agent: str, resolver: AbstractResolver | None = None
    ) -> None:
        self._allowed = allowed
        self._user_agent = user_agent
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        resolver = _PublicResolver(self._resolver or ThreadedResolver(), self._allowed)
        self._session = aiohttp.ClientSession(
            # no kept connections and no remembered names: each request is judged anew
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small answer may unpack to gigabytes
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self, url: str, *, seconds: float, most_bytes: int, redirects: int = 0, headers: Mapping[str, str] | None = None
    ) -> OutboundAnswer:
        """Raises DestinationRefused and OutboundFailed. `seconds` bounds everything together."""
        async with _within(seconds):
            answer = await self._send("GET", url, None, headers or {}, most_bytes)
            while answer.status in _REDIRECTS and "location" in answer.headers and redirects > 0:
                redirects -= 1
                url = _joined(answer.url, answer.headers["location"])
                answer = await self._send("GET", url, None, headers or {}, most_bytes)
            return answer

    async def post(
        self, url: str, body: bytes, *, seconds: float, most_bytes: int, headers: Mapping[str, str]
    ) -> OutboundAnswer:
        """Raises DestinationRefused and OutboundFailed. `seconds` bounds everything together."""
        async with _within(seconds):
            return await self._send("POST", url, body, headers, most_bytes)

    async def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], most_bytes: int
    ) -> OutboundAnswer:
        assert self._session is not None
        target = check_destination(url, self._allowed)
        try:
            async with self._session.request(
                method, target, data=body, headers=headers, allow_redirects=False
            ) as answer:
                content, is_cut = await _read(answer.content, most_bytes)
                names = {name.lower(): value for name, value in answer.headers.items()}
                return OutboundAnswer(answer.status, names, content, is_cut, url)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _NotPublic):
                raise DestinationRefused(Reason.NOT_PUBLIC) from None
            raise OutboundFailed("The connection failed.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OutboundFailed(f"There was no usable answer ({type(error).__name__}).") from None


class _NotPublic(OSError):
    """An OSError because that is what the client expects of a resolver."""


class _PublicResolver(AbstractResolver):
    def __init__(self, resolver: AbstractResolver, allowed: frozenset[HostPort]) -> None:
        self._resolver = resolver
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if HostPort(host, port) not in self._allowed and not all(_leads_outside(one) for one in found):
            raise _NotPublic("an address of this name is not public")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _leads_outside(result: ResolveResult) -> bool:
    address = literal(result["host"].partition("%")[0])
    return address is not None and is_public(address)


def _joined(base: str, location: str) -> str:
    try:
        return str(URL(base).join(URL(location)))
    except ValueError:
        raise DestinationRefused(Reason.MALFORMED) from None


async def _read(content: aiohttp.StreamReader, most_bytes: int) -> tuple[bytes, bool]:
    """At most so many bytes, and whether there was more."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), True
    return bytes(body), False


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise OutboundFailed("The answer took too long.") from None
