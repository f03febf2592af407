"""A client of the running service: over a real socket, with the identity the gateway would attach."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientSession
from auth_builders import INTERNAL_SECRET, PASSWORD, Member, principal_in, registration
from auth_fakes import SettableClock

from shared.email_address import email_identity
from shared.identity import HEADER, mint_identity
from shared.principal import Principal


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """The `Set-Cookie` lines."""

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def code(self) -> str:
        """Of an error."""
        return self.json["error"]["code"]

    @property
    def wrong_fields(self) -> dict[str, str]:
        """Path and code of each field that a 422 names."""
        return {field["path"]: field["code"] for field in self.json["error"]["details"]["fields"]}


class AuthClient:
    """`prove` makes the address with this identity a proven one, as its owner does by a mailed link. `wake_jobs` has
    the service look for due jobs now, as after the clock was set.
    """

    def __init__(
        self,
        address: str,
        session: ClientSession,
        clock: SettableClock,
        prove: Callable[[str], Awaitable[None]],
        wake_jobs: Callable[[], None],
    ) -> None:
        self._address = address
        self._session = session
        self._clock = clock
        self._prove = prove
        self.wake_jobs = wake_jobs

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Principal | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if who is not None:
            sent[HEADER] = mint_identity(who, "auth", INTERNAL_SECRET, self._clock.now())
        async with self._session.request(method, self._address + path, json=body, headers=sent) as response:
            lower = {name.lower(): value for name, value in response.headers.items()}
            cookies = tuple(response.headers.getall("Set-Cookie", ()))
            return Answer(response.status, lower, await response.read(), cookies)

    async def register(self, **changes: Any) -> Member:
        """Somebody whose address is proven."""
        member = await self.register_unproven(**changes)
        await self._prove(email_identity(member.email))
        return member

    async def register_unproven(self, **changes: Any) -> Member:
        body = registration(**changes)
        answer = await self.send("POST", "/api/v1/auth/register", body)
        assert answer.status == 201, answer
        return await self.member(body["email"], answer.data["tokens"])

    async def login(self, email: str, password: str = PASSWORD, **more: Any) -> Answer:
        return await self.send("POST", "/api/v1/auth/login", {"email": email, "password": password, **more})

    async def refresh(self, refresh_token: str) -> Answer:
        return await self.send("POST", "/api/v1/auth/refresh", {"refresh_token": refresh_token})

    async def member(self, email: str, tokens: dict[str, str]) -> Member:
        keys = (await self.send("GET", "/.well-known/jwks.json")).body
        principal = await principal_in(tokens["access_token"], keys, self._clock)
        return Member(principal, email, tokens["refresh_token"])


RunAuth = Callable[..., AbstractAsyncContextManager[AuthClient]]
"""`async with run_auth(database, registration_mode=...) as client`: one replica."""
