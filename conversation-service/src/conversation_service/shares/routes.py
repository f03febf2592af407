"""HTTP for shared branches."""

from uuid import UUID

from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.routes import CONVERSATION
from conversation_service.messages.errors import MessageNotFound
from conversation_service.shares.errors import ShareNotFound
from conversation_service.shares.schemas import CreatedShare, CreateShare, SharedConversation, SharedQuery, ShareView
from conversation_service.shares.service import ShareService
from shared.errors import LimitReached
from shared.http.answers import Created, WithHeaders
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

SHARES = CONVERSATION + "/shares"
_UNSEEN = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}

routes = Routes("shares", resource="conversations")
public_routes = Routes("shared")


@routes.post(
    CONVERSATION + "/share",
    summary="Share one branch of a conversation by a link",
    errors=[ConversationNotFound, MessageNotFound, LimitReached],
    confidential=True,
)
async def add_share(
    principal: Principal, shares: ShareService, conversation_id: UUID, body: CreateShare
) -> Created[CreatedShare]:
    return Created(await shares.add(principal, conversation_id, body))


@routes.delete(CONVERSATION + "/share", summary="Revoke all links to a conversation", errors=[ConversationNotFound])
async def remove_shares(principal: Principal, shares: ShareService, conversation_id: UUID) -> None:
    await shares.remove(principal, conversation_id)


@routes.get(SHARES, summary="List the links to a conversation", errors=[ConversationNotFound])
async def list_shares(principal: Principal, shares: ShareService, conversation_id: UUID) -> PageOf[ShareView]:
    found = await shares.find(principal, conversation_id)
    return PageOf(items=found, total=len(found), page=1, page_size=len(found), next_cursor=None)


@routes.delete(SHARES + "/{share_id}", summary="Revoke a link", errors=[ConversationNotFound, ShareNotFound])
async def remove_share(principal: Principal, shares: ShareService, conversation_id: UUID, share_id: UUID) -> None:
    await shares.remove(principal, conversation_id, share_id)


@public_routes.get("/api/v1/shares/{token}", summary="Read what a link shows", errors=[ShareNotFound], public=True)
async def read_share(shares: ShareService, token: str, query: SharedQuery) -> WithHeaders[SharedConversation]:
    return WithHeaders(await shares.read(token, query), _UNSEEN)
