"""Every query on shared branches."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from conversation_service.conversations.domain import Owner
from conversation_service.shares.schemas import ShareView
from shared.db.unit_of_work import Work
from shared.tenant_closures.repository import is_closed

_COLUMNS = "id, conversation_id, message_id, expires_at, created_at"
BY_DIGEST = f"""
    select s.tenant_id, s.conversation_id, s.message_id, s.expires_at, s.created_at, s.user_id, c.title
    from shares s join conversations c on c.tenant_id = s.tenant_id and c.id = s.conversation_id
    where s.digest = $1 and not {is_closed("s.tenant_id")} and (s.expires_at is null or s.expires_at > now())
      and (c.expires_at is null or c.expires_at > now())
      and not exists (
          select from tenant_members t
          where t.tenant_id = s.tenant_id and t.user_id = s.user_id and not t.is_active
      )
"""  # noqa: S608 - made of constants
"""For system work: a link says nothing about tenants. It rests while its maker is suspended."""


class FoundShare(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: UUID
    user_id: UUID
    conversation_id: UUID
    message_id: UUID
    title: str
    expires_at: datetime | None
    created_at: datetime


def found(row: dict[str, Any]) -> FoundShare:
    """Of a row of BY_DIGEST."""
    return msgspec.convert(row, FoundShare)


async def add(work: Work, owner: Owner, share: ShareView, digest: bytes) -> None:
    await work.execute(
        """
        insert into shares (tenant_id, user_id, digest, id, conversation_id, message_id, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        owner.tenant_id,
        owner.user_id,
        digest,
        *msgspec.structs.astuple(share),
    )


async def find(work: Work, owner: Owner, conversation_id: UUID) -> list[ShareView]:
    """Those that still work, newest first."""
    rows = await work.rows(
        f"""
        select {_COLUMNS} from shares where tenant_id = $1 and conversation_id = $2
          and (expires_at is null or expires_at > now())
        order by created_at desc, id desc
        """,  # noqa: S608 - made of constants
        owner.tenant_id,
        conversation_id,
    )
    return msgspec.convert(rows, list[ShareView])


async def remove(work: Work, owner: Owner, conversation_id: UUID, share_id: UUID | None) -> int:
    """One of them, or all."""
    return await work.execute(
        "delete from shares where tenant_id = $1 and conversation_id = $2 and ($3::uuid is null or id = $3)",
        owner.tenant_id,
        conversation_id,
        share_id,
    )


async def remove_all_of(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
    """Every link that they had made in the tenant by then."""
    sql = "delete from shares where tenant_id = $1 and user_id = $2 and created_at <= $3"
    await work.execute(sql, tenant_id, user_id, until)
