"""Every query on tickets of support. Each is its user's alone."""

from datetime import datetime
from uuid import UUID

from conversation_service import limits
from conversation_service.support.schemas import Source
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.principal import Principal


async def add(
    work: Work,
    principal: Principal,
    question: str,
    answer: str | None,
    source: Source,
    article_id: str | None,
    now: datetime,
) -> UUID:
    """Raises LimitReached."""
    ticket_id, who = new_id(), (principal.tenant_id, principal.user_id)
    await work.execute(_ADD, ticket_id, *who, question, answer, source, article_id, now)
    await require_within(work, limits.TICKETS_OF_USER, _COUNT_OF_USER, *who)
    return ticket_id


async def forget(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """What somebody asked may say who they are."""
    await work.execute("delete from support_tickets where tenant_id = $1 and user_id = $2", tenant_id, user_id)


_COUNT_OF_USER = "select count(*) from support_tickets where tenant_id = $1 and user_id = $2"

_ADD = """
insert into support_tickets (id, tenant_id, user_id, question, answer, source, article, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
