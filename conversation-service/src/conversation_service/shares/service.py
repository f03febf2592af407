"""The use cases of shared branches: whoever has the link reads one branch, as it was when it was shared."""

import secrets
from hashlib import sha256
from uuid import UUID

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages import lists, repository as messages
from conversation_service.messages.errors import MessageNotFound
from conversation_service.messages.schemas import MessageQuery
from conversation_service.shares import repository
from conversation_service.shares.errors import ShareNotFound
from conversation_service.shares.repository import FoundShare
from conversation_service.shares.schemas import (
    CreatedShare,
    CreateShare,
    SharedConversation,
    SharedMessage,
    SharedQuery,
    ShareView,
)
from shared.clock import Clock
from shared.db.databases import Database
from shared.errors import FieldError, LimitReached, ValidationFailed
from shared.ids import new_id
from shared.principal import Principal

TOKEN_BYTES = 32  # nobody guesses 256 bits
MAX_SHARES = 100  # of one conversation, so that their list needs no pages


class ShareService:
    """`web_url` is where the web app lives."""

    def __init__(self, database: Database, web_url: str, clock: Clock) -> None:
        self._database = database
        self._web_url = web_url.rstrip("/")
        self._clock = clock

    async def add(self, principal: Principal, conversation_id: UUID, new: CreateShare) -> CreatedShare:
        """Raises ConversationNotFound, MessageNotFound, ValidationFailed or LimitReached."""
        now, token = self._clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
        if new.expires_at is not None and new.expires_at <= now:
            raise ValidationFailed([FieldError("expires_at", "too_small", "Give a moment that is still to come.")])
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await conversations.lock(work, principal, conversation_id)
            leaf_id = new.message_id or await messages.newest_id(work, principal, conversation_id)
            if leaf_id is None or (await messages.get(work, principal, leaf_id)).conversation_id != conversation_id:
                raise MessageNotFound
            if len(await repository.find(work, principal, conversation_id)) >= MAX_SHARES:
                raise LimitReached("links to a conversation", MAX_SHARES)
            share = ShareView(
                id=new_id(),
                conversation_id=conversation_id,
                message_id=leaf_id,
                expires_at=new.expires_at,
                created_at=now,
            )
            await repository.add(work, principal, share, _digest(token))
            url = f"{self._web_url}/shares/{token}"
            return work.answer(CreatedShare(id=share.id, token=token, url=url, expires_at=share.expires_at))

    async def find(self, principal: Principal, conversation_id: UUID) -> list[ShareView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await conversations.get(work, principal, conversation_id)
            return await repository.find(work, principal, conversation_id)

    async def remove(self, principal: Principal, conversation_id: UUID, share_id: UUID | None = None) -> None:
        """One, which raises ShareNotFound where it is none of the conversation's, or all."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await conversations.get(work, principal, conversation_id)
            removed = await repository.remove(work, principal, conversation_id, share_id)
            if share_id is not None and not removed:
                raise ShareNotFound

    async def read(self, token: str, query: SharedQuery) -> SharedConversation:
        """One page of the branch. Raises ShareNotFound."""
        rows = await self._database.system_rows(repository.BY_DIGEST, _digest(token))
        if not rows:
            raise ShareNotFound
        share = repository.found(rows[0])
        async with self._database.unit_of_work(share.tenant_id) as work:
            try:
                branch = await lists.find_page(work, share, share.conversation_id, _of_branch(share, query))
            except ConversationNotFound:  # gone since
                raise ShareNotFound from None
        return SharedConversation(
            title=share.title,
            messages=[
                SharedMessage(role=one.role, content=one.content, model=one.model, created_at=one.created_at)
                for one in branch.items
            ],
            message_count=branch.total or 0,
            next_cursor=branch.next_cursor,
            created_at=share.created_at,
            expires_at=share.expires_at,
        )


def _of_branch(share: FoundShare, query: SharedQuery) -> MessageQuery:
    return MessageQuery(page=query.page, page_size=query.size, cursor=query.cursor, branch=share.message_id)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
