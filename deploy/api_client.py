"""A small client of the public API for the demo, the end-to-end tests, chaos and benchmarks."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

import aiohttp
from multidict import CIMultiDictProxy

from shared.testing.http_session import http_session

TIMEOUT = aiohttp.ClientTimeout(total=15)


class Answer(NamedTuple):
    status: int
    headers: CIMultiDictProxy[str]
    body: Any
    """The parsed JSON, None where there is none."""

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def code(self) -> str | None:
        """The error code, None for a success."""
        return self.body["error"]["code"] if self.body and "error" in self.body else None


class Unexpected(AssertionError):
    def __init__(self, what: str, answer: Answer) -> None:
        super().__init__(f"{what} answered {answer.status} {answer.code or ''}".rstrip())
        self.answer = answer


class ApiClient:
    """Speaks to one gateway, as one user once `register` or `log_in` has been called."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url
        self.tokens: dict[str, Any] = {}
        self.user: dict[str, Any] = {}

    @property
    def access_token(self) -> str:
        token: str = self.tokens["access_token"]
        return token

    async def call(
        self, method: str, path: str, json: Any = None, *, headers: dict[str, str] | None = None, data: Any = None
    ) -> Answer:
        """`path` below /api/v1, or from the root when it begins with `//`."""
        target = path[1:] if path.startswith("//") else f"/api/v1{path}"
        identity = {"Authorization": f"Bearer {self.access_token}"} if self.tokens else {}
        async with self._session.request(
            method, self.url + target, json=json, data=data, headers={**identity, **(headers or {})}, timeout=TIMEOUT
        ) as answer:
            is_json = answer.content_type == "application/json"
            body = await answer.json() if is_json and answer.status != 304 and method != "HEAD" else None
            return Answer(answer.status, answer.headers, body)

    async def expect(self, status: int, method: str, path: str, json: Any = None, **options: Any) -> Answer:
        """Raises Unexpected for any other status."""
        answer = await self.call(method, path, json, **options)
        if answer.status != status:
            raise Unexpected(f"{method} {path}", answer)
        return answer

    async def register(self, name: str = "Ada", password: str = "correct horse battery") -> Self:  # noqa: S107
        email = f"{name.lower()}.{secrets.token_hex(5)}@example.com"
        body = {"email": email, "password": password, "first_name": name, "last_name": "Example"}
        answer = await self.expect(201, "POST", "/auth/register", body)
        self.user, self.tokens = answer.data["user"], answer.data["tokens"]
        return self

    async def log_in(self, email: str, password: str = "correct horse battery") -> Self:  # noqa: S107
        answer = await self.expect(200, "POST", "/auth/login", {"email": email, "password": password})
        self.user, self.tokens = answer.data["user"], answer.data["tokens"]
        return self


@asynccontextmanager
async def api_client(url: str) -> AsyncIterator[ApiClient]:
    async with http_session(limit=200) as session:
        yield ApiClient(session, url)
