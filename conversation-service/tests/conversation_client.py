"""A client that knows conversation-service's paths, and how to fill them."""

from typing import Any

from shared.principal import Principal
from shared.testing.service_client import Answer, ServiceClient

CONVERSATIONS = "/api/v1/conversations"


class ConversationClient(ServiceClient):
    service = "conversation"

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


def path_of(conversation: dict[str, Any]) -> str:
    return f"{CONVERSATIONS}/{conversation['id']}"


def messages_of(conversation: dict[str, Any]) -> str:
    return f"{path_of(conversation)}/messages"
