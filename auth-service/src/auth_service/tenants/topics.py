"""Who may follow the live topics kept here: `user:{id}` its user, `tenant:{id}` its members."""

from datetime import datetime

from auth_service.tenants.repository import is_member, joined_at
from shared.db.unit_of_work import Work
from shared.events.topics import Topic
from shared.principal import Principal


async def can_follow(work: Work, principal: Principal, topic: Topic) -> bool:
    own = {"user": principal.user_id, "tenant": principal.tenant_id}.get(topic.kind)
    return topic.rest == str(own) and await is_member(work, principal.tenant_id, principal.user_id)


async def admitted_at(work: Work, principal: Principal, topic: Topic) -> datetime | None:
    """Former names and addresses of others are shown by no address."""
    return await joined_at(work, principal.tenant_id, principal.user_id) if topic.kind == "tenant" else None
