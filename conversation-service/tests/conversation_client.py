"""A client of the running service: over a real socket, with the identity the gateway would attach."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientSession
from conversation_builders import INTERNAL_SECRET

from shared.db.databases import Database
from shared.events.envelope import Envelope
from shared.identity import HEADER, mint_identity
from shared.messaging.event_log import EventLog
from shared.principal import Principal

CONVERSATIONS = "/api/v1/conversations"


class Answer(NamedTuple):
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
        return self.json["items"]

    @property
    def code(self) -> str:
        """Of an error."""
        return self.json["error"]["code"]

    @property
    def wrong_fields(self) -> dict[str, str]:
        """Path and code of each field that a 422 names."""
        return {field["path"]: field["code"] for field in self.json["error"]["details"]["fields"]}

    @property
    def without_trace(self) -> tuple[int, bytes]:
        return self.status, self.body.replace(self.headers["x-request-id"].encode(), b"")


class ConversationClient:
    def __init__(self, address: str, session: ClientSession, database: Database) -> None:
        self._address = address
        self._session = session
        self._database = database

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Principal | None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        sent = {"content-type": "application/json", **(headers or {})}
        if who is not None:
            sent[HEADER] = mint_identity(who, "conversation", INTERNAL_SECRET, datetime.now(UTC))
        content = msgspec.json.encode(body) if body is not None else raw
        async with self._session.request(method, self._address + path, data=content, headers=sent) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read())

    async def begin(self, who: Principal, **fields: Any) -> dict[str, Any]:
        answer = await self.send("POST", CONVERSATIONS, {"title": "Moon", **fields}, who=who)
        assert answer.status == 201, answer
        return answer.data

    async def say(
        self, who: Principal, conversation: dict[str, Any], content: str = "Hello", **more: Any
    ) -> dict[str, Any]:
        body = {"role": "user", "content": content, **more}
        answer = await self.send("POST", messages_of(conversation), body, who=who)
        assert answer.status == 201, answer
        return answer.data

    async def events(self, who: Principal, topic: str) -> list[Envelope]:
        """What was published to a topic, oldest first."""
        return await EventLog(self._database).read(who.tenant_id, topic, 0, 1000)


def path_of(conversation: dict[str, Any]) -> str:
    return f"{CONVERSATIONS}/{conversation['id']}"


def messages_of(conversation: dict[str, Any]) -> str:
    return f"{path_of(conversation)}/messages"
