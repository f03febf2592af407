"""A client that knows conversation-service's paths, and how to fill them."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientResponse

from shared.identity import HEADER, mint_identity
from shared.principal import Principal
from shared.testing.callers import INTERNAL_SECRET
from shared.testing.service_client import Answer, ServiceClient

CONVERSATIONS = "/api/v1/conversations"


class ConversationClient(ServiceClient):
    service = "conversation"

    @property
    def base_url(self) -> str:
        """For clients of other libraries."""
        return str(self._session._base_url).rstrip("/")

    async def begin(self, who: Principal, **fields: Any) -> dict[str, Any]:
        return await self.create(CONVERSATIONS, {"title": "Moon", **fields}, who=who)

    async def say(
        self, who: Principal, conversation: dict[str, Any], content: str = "Hello", **more: Any
    ) -> dict[str, Any]:
        return await self.create(messages_of(conversation), {"role": "user", "content": content, **more}, who=who)

    async def ask(
        self, who: Principal, conversation: dict[str, Any], content: str | None = "Hello", **more: Any
    ) -> Answer:
        body = {"content": content, **more} if content is not None else more
        return await self.send("POST", f"{path_of(conversation)}/completions", body, who=who)

    def open(
        self, method: str, path: str, *, who: Principal, last_event_id: str | None = None
    ) -> AbstractAsyncContextManager[ClientResponse]:
        """An answer to be read piece by piece."""
        headers = {HEADER: mint_identity(who, self.service, INTERNAL_SECRET, datetime.now(UTC))}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        return self._session.request(method, path, headers=headers)


def path_of(conversation: dict[str, Any]) -> str:
    return f"{CONVERSATIONS}/{conversation['id']}"


def messages_of(conversation: dict[str, Any]) -> str:
    return f"{path_of(conversation)}/messages"
