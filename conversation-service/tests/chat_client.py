"""A client that knows the paths of chats, with people whom the service knows."""

from typing import Any
from uuid import UUID

from conversation_builders import person
from conversation_client import ConversationClient

from shared.members import repository as members
from shared.members.domain import member_of
from shared.principal import Principal, Role
from shared.testing.callers import ACME
from shared.testing.members import user

CHATS = "/api/v1/chats"


class ChatClient(ConversationClient):
    async def member(self, name: str = "Ben", role: Role = Role.DEVELOPER, tenant_id: UUID = ACME) -> Principal:
        """Somebody new of a tenant, known to the service."""
        who = person(role, tenant_id)
        told = user(who, f"{who.user_id}@example.com", name)
        async with self.database.unit_of_work(tenant_id) as work:
            await members.apply(work, [member_of(told, told.updated_at)])
        return who

    async def group(self, owner: Principal, *others: Principal, **fields: Any) -> dict[str, Any]:
        ids = [str(other.user_id) for other in others]
        return await self.create(CHATS, {"kind": "group", "participant_ids": ids, **fields}, who=owner)

    async def direct(self, one: Principal, other: Principal) -> dict[str, Any]:
        return await self.create(CHATS, {"kind": "direct", "participant_ids": [str(other.user_id)]}, who=one)

    async def write(self, who: Principal, chat: dict[str, Any], content: str = "Hello", **more: Any) -> dict[str, Any]:
        return await self.create(in_chat(chat, "messages"), {"content": content, **more}, who=who)

    async def read_up_to(self, who: Principal, chat: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
        answer = await self.send("POST", in_chat(chat, "read"), {"message_id": message["id"]}, who=who)
        assert answer.status == 200, answer
        marked: dict[str, Any] = answer.data
        return marked

    async def unread(self, who: Principal, chat: dict[str, Any]) -> int:
        """As the list of their chats says it."""
        items = (await self.send("GET", CHATS, who=who)).items
        [count] = [item["unread_count"] for item in items if item["id"] == chat["id"]]
        return int(count)

    async def messages(self, who: Principal, chat: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
        answer = await self.send("GET", in_chat(chat, "messages") + query, who=who)
        assert answer.status == 200, answer
        return answer.items


def in_chat(chat: dict[str, Any], *parts: str) -> str:
    return "/".join((CHATS, chat["id"], *parts))
