"""A reader of server-sent events that shows each as it came."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
from realtime_client import SECRET, WAIT_SECONDS

from shared.identity import HEADER, REFUSAL_HEADER, mint_identity, mint_refusal
from shared.principal import Principal


@dataclass(frozen=True)
class Told:
    name: str
    data: dict[str, Any]
    id: str | None


def as_gateway(principal: Principal) -> dict[str, str]:
    return {HEADER: mint_identity(principal, "realtime", SECRET, datetime.now(UTC))}


def as_refused(code: str) -> dict[str, str]:
    """As the gateway passes on whom it does not take for who they say they are."""
    return {REFUSAL_HEADER: mint_refusal(code, "realtime", SECRET, datetime.now(UTC))}


class EventSource:
    def __init__(self, session: aiohttp.ClientSession, answer: aiohttp.ClientResponse) -> None:
        self._session = session
        self._answer = answer
        self.comments = 0
        self.retry_ms: int | None = None

    @classmethod
    async def open(
        cls,
        port: int,
        principal: Principal,
        topics: list[str],
        *,
        last_event_id: str | None = None,
        last_event_id_in_query: str | None = None,
        expires_at: int | None = None,
    ) -> Self:
        headers = as_gateway(principal)
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        if expires_at is not None:
            headers["X-Tessera-Token-Expires"] = str(expires_at)
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), max_field_size=16_384)
        url = f"http://127.0.0.1:{port}/api/v1/events/stream"
        query = {"topics": ",".join(topics)}
        if last_event_id_in_query is not None:
            query["last_event_id"] = last_event_id_in_query
        answer = await session.get(url, params=query, headers=headers)
        assert (answer.status, answer.content_type) == (200, "text/event-stream"), await answer.text()
        return cls(session, answer)

    async def read_line(self) -> str:
        """Empty at the end of the stream."""
        async with asyncio.timeout(WAIT_SECONDS):
            line = (await self._answer.content.readline()).decode()
        if line.startswith(":"):
            self.comments += 1
        elif line.startswith("retry: "):
            self.retry_ms = int(line.removeprefix("retry: "))
        return line

    async def next(self) -> Told:
        """Raises EOFError at the end of the stream."""
        fields: dict[str, str] = {}
        while line := await self.read_line():
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
            if line == "\n" and "data" in fields:
                return Told(fields["event"], json.loads(fields["data"]), fields.get("id"))
        raise EOFError

    async def until(self, name: str, times: int) -> list[Told]:
        told: list[Told] = []
        while sum(one.name == name for one in told) < times:
            told.append(await self.next())
        return told

    async def until_end(self) -> list[Told]:
        told: list[Told] = []
        try:
            while True:
                told.append(await self.next())
        except EOFError:
            return told

    async def close(self) -> None:
        self._answer.close()
        await self._session.close()
