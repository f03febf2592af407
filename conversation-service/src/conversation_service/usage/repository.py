"""Every query on what models were used for."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from conversation_service.conversations.domain import Owner
from conversation_service.runs.schemas import RunUsage
from conversation_service.usage.schemas import UsageQuery, UsageView
from shared.db.unit_of_work import Work
from shared.pagination import PageOf, decode_cursor, encode_cursor

Name = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
"""As it can stand in a cursor that somebody else has made."""

_BETWEEN = "tenant_id = $1 and user_id = $2 and ($3::date is null or day >= $3) and ($4::date is null or day <= $4)"


async def count(work: Work, owner: Owner, provider: str, model: str, spent: RunUsage, now: datetime) -> None:
    await work.execute(
        """
        insert into usage_days as u (tenant_id, user_id, day, provider, model, answers, prompt_tokens,
                                     completion_tokens)
        values ($1, $2, $3, $4, $5, 1, $6, $7)
        on conflict (tenant_id, user_id, day, provider, model) do update
        set answers = u.answers + 1, prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = u.completion_tokens + excluded.completion_tokens
        """,
        owner.tenant_id,
        owner.user_id,
        now.date(),
        provider,
        model,
        spent.prompt_tokens,
        spent.completion_tokens,
    )


async def forget(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """What somebody used and when. What the tenant has used this month is counted apart."""
    await work.execute("delete from usage_days where tenant_id = $1 and user_id = $2", tenant_id, user_id)


async def find_page(work: Work, owner: Owner, query: UsageQuery) -> PageOf[UsageView]:
    """Newest day first."""
    filters = (owner.tenant_id, owner.user_id, query.from_, query.to)
    behind = decode_cursor(query.cursor, tuple[date, Name, Name]) if query.cursor else (None, None, None)
    rows = await work.rows(
        f"""
        select user_id, day, provider, model, answers, prompt_tokens, completion_tokens,
               prompt_tokens + completion_tokens as total_tokens
        from usage_days where {_BETWEEN}
          and ($5::date is null or day < $5 or (day = $5 and (provider, model) > ($6::text, $7::text)))
        order by day desc, provider, model limit $8 offset $9
        """,  # noqa: S608 - made of constants
        *filters,
        *behind,
        query.size + 1,
        query.offset,
    )
    items = msgspec.convert(rows[: query.size], list[UsageView])
    total = await _count_rows(work, filters) if query.include_total else None
    last = items[-1] if len(rows) > query.size else None
    return PageOf(
        items=items,
        total=total,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(last.day, last.provider, last.model) if last else None,
    )


async def _count_rows(work: Work, filters: tuple[object, ...]) -> int:
    [row] = await work.rows(f"select count(*) from usage_days where {_BETWEEN}", *filters)  # noqa: S608
    found: int = row["count"]
    return found
