"""A free account that sends raw bytes, counts the kinds of answers and keeps none of them in memory."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from deploy.api_client import ApiClient

MIB = 1024 * 1024
_JSON = "application/json"
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Attacker(ApiClient):
    """`answers` counts statuses with their error codes; `no answer` stands for a connection that ended without one."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        super().__init__(session, url)
        self.answers: Counter[str] = Counter()

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    async def send(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json"
    ) -> int:
        """Reads the answer to its end and returns how many bytes it had."""
        headers = {"Authorization": f"Bearer {self.access_token}", "Content-Type": media_type}
        url = f"{self.url}/api/v1{path}"
        size = 0
        try:
            async with self._session.request(method, url, data=body, headers=headers, timeout=_TIMEOUT) as answer:
                self.answers[await _kind(answer)] += 1
                async for chunk in answer.content.iter_chunked(MIB):
                    size += len(chunk)
        except (aiohttp.ClientError, TimeoutError):
            self.answers["no answer"] += 1
        return size

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A plain connection to the gateway."""
        return await asyncio.open_connection(*self.address)


async def _kind(answer: aiohttp.ClientResponse) -> str:
    if answer.status < 400 or answer.content_type != "application/json":
        return str(answer.status)
    body: Mapping[str, Mapping[str, str]] = await answer.json()
    return f"{answer.status} {body['error']['code']}"
