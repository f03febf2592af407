"""What the gateway itself asks: keys, revocations, credentials at auth-service; state and document of each service."""

from collections.abc import Mapping

import aiohttp
import msgspec

from gateway.breaker import Breaker
from gateway.denylist import Revocation
from gateway.route_table import Service
from gateway.settings import Address
from shared.clock import Clock
from shared.errors import UpstreamError
from shared.identity import HEADER, mint_service_identity
from shared.introspection import CredentialKind, Introspect, Introspected

_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_LARGEST_ANSWER = 16 * 1024 * 1024  # bytes


class _Revocations(msgspec.Struct):
    sessions: list[Revocation]
    as_of: int


class _RevocationsAnswer(msgspec.Struct):
    data: _Revocations


class _IntrospectedAnswer(msgspec.Struct):
    data: Introspected


class ServiceClient:
    def __init__(
        self, addresses: Mapping[Service, Address], breakers: Mapping[Service, Breaker], secret: str, clock: Clock
    ) -> None:
        self._addresses = addresses
        self._breakers = breakers
        self._secret = secret
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def signing_keys(self) -> bytes:
        """The JWK set of auth-service. Raises UpstreamError."""
        status, body = await self._get(Service.AUTH, "/.well-known/jwks.json", {})
        if status != 200:
            raise UpstreamError
        return body

    async def revocations(self, since: int) -> list[Revocation]:
        """Sessions ended at or after `since` (unix seconds). Raises UpstreamError."""
        status, body = await self._get(Service.AUTH, f"/internal/revocations?since={since}", self._identity())
        try:
            if status != 200:
                raise UpstreamError
            return msgspec.json.decode(body, type=_RevocationsAnswer).data.sessions
        except msgspec.DecodeError as error:
            raise UpstreamError from error

    async def introspect(self, kind: CredentialKind, credential: str) -> Introspected:
        """Whose the credential is, as auth-service says. Raises UpstreamError, or Unavailable without asking."""
        self._breakers[Service.AUTH].check()
        question = msgspec.json.encode(Introspect(kind=kind, credential=credential))
        headers = {**self._identity(), "Content-Type": "application/json"}
        status, body = await self._send("POST", Service.AUTH, "/internal/introspect", headers, question)
        try:
            if status != 200:
                raise UpstreamError
            return msgspec.json.decode(body, type=_IntrospectedAnswer).data
        except msgspec.DecodeError as error:
            raise UpstreamError from error

    async def description(self, service: Service) -> bytes:
        """The OpenAPI document of a service. Raises UpstreamError."""
        status, body = await self._get(service, "/openapi.json", {})
        if status != 200:
            raise UpstreamError
        return body

    async def readiness(self, service: Service) -> dict[str, str]:
        """The states a service tells of its own parts; empty when it does not answer."""
        try:
            _, body = await self._get(service, "/health/ready", {})
            return msgspec.json.decode(body, type=dict[str, str])
        except (UpstreamError, msgspec.DecodeError):
            return {}

    def _identity(self) -> dict[str, str]:
        return {HEADER: mint_service_identity("gateway", Service.AUTH, self._secret, self._clock.now())}

    async def _get(self, service: Service, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        return await self._send("GET", service, path, headers)

    async def _send(
        self, method: str, service: Service, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise UpstreamError
        url = self._addresses[service].url + path
        try:
            sent = self._session.request(method, url, headers=headers, data=body, allow_redirects=False)
            async with sent as response:
                if (response.content_length or 0) > _LARGEST_ANSWER:
                    raise UpstreamError
                answer = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._breakers[service].failed()
            raise UpstreamError from error
        self._breakers[service].answered()
        return answer
