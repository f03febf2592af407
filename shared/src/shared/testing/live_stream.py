"""A reference client of server-sent events: comes back with `Last-Event-ID` and checks what it hears."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from shared.testing.http_session import http_session
from shared.testing.live_reader import LOST, Followed, LiveReader, SubscriptionRefused, TokenSource, place_in

_PATH = "/api/v1/events/stream"
_ENDLESS = ClientTimeout(total=None, sock_connect=5.0, sock_read=60.0)  # pings come more often
_NOTICES = ("degraded", "healthy", "going_away")


class LiveStream(LiveReader):
    def __init__(self, url: str, token: TokenSource, topics: Sequence[str]) -> None:
        """`url` of the gateway, without a path."""
        super().__init__(token)
        self._url = url
        self._answer: ClientResponse | None = None
        self._last_id = ""
        self._followed = {topic: Followed(topic) for topic in topics}

    async def drop_connection(self) -> None:
        if self._answer is not None:
            self._answer.close()

    async def _converse(self) -> int:
        headers = {"Authorization": f"Bearer {await self._fresh_token()}"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        try:
            async with http_session(self._url) as session:
                await self._read(session, headers)
        except (ClientError, TimeoutError) as error:
            raise ConnectionError from error
        finally:
            self._answer = None
        return LOST

    async def _read(self, session: ClientSession, headers: dict[str, str]) -> None:
        query = {"topics": ",".join(self._followed)}
        async with session.get(_PATH, params=query, headers=headers, timeout=_ENDLESS) as answer:
            if answer.status >= 500:  # the service behind the door is not there yet
                raise ConnectionError
            if answer.status != 200:
                self._end(SubscriptionRefused((await answer.json())["error"]["code"]))
                await asyncio.Event().wait()  # nothing more happens until the client is closed
            self._answer = answer
            async for fields in _events(answer):
                self._hear(fields)

    def _hear(self, fields: dict[str, str]) -> None:
        """Raises BrokenPromise."""
        self._hear_anything()
        self._last_id = fields.get("id", self._last_id)
        if "retry" in fields:
            self._hint = int(fields["retry"]) / 1000
        if "data" not in fields:
            return
        name, frame = fields["event"], json.loads(fields["data"])
        if name == "subscribed":
            self._hear_place(place_in(frame))
        elif name == "failed":
            self._hear_failure(frame)
        elif name in _NOTICES:
            self._hear_notice(name, frame.get("retry_after_ms"))
        elif "offset" in frame:
            self._hear_frame(self._followed[frame["topic"]], frame)

    def _hear_failure(self, frame: dict[str, Any]) -> None:
        if not frame["temporary"] and frame.get("topic") in self._followed:
            self._hear_refusal(frame["topic"], frame["code"])


async def _events(answer: ClientResponse) -> AsyncIterator[dict[str, str]]:
    """Blocks of fields, without comments."""
    fields: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if not text and fields:
            yield fields
            fields = {}
        elif text and not text.startswith(":"):
            name, _, value = text.partition(": ")
            fields[name] = value
