"""SQL that the repositories of gift planning share."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.listing import Arguments
from shared.db.row_limits import RowLimit, require_within
from shared.db.unit_of_work import Work

_IN_JSON = ("sizes", "shares")


async def insert(
    work: Work, table: str, values: Mapping[str, Any], returning: str, limit: RowLimit, owner: Sequence[str]
) -> dict[str, Any]:
    """`values` maps columns to values, `returning` are columns of `t`.

    As many rows as `limit` says may have the same values in the columns of `owner`. Raises LimitReached.
    """
    arguments = Arguments()
    places = ", ".join(arguments.add(_sent(column, value)) for column, value in values.items())
    [row] = await work.rows(
        f"insert into {table} as t ({', '.join(values)}) values ({places}) returning {returning}", *arguments
    )
    condition = " and ".join(f"{column} = ${number}" for number, column in enumerate(owner, start=1))
    counting = f"select count(*) from {table} where {condition}"
    await require_within(work, limit, counting, *(values[column] for column in owner))
    return row


async def update(
    work: Work, table: str, tenant_id: UUID, row_id: UUID, changes: Mapping[str, Any], now: datetime, returning: str
) -> dict[str, Any]:
    """Of a row that is locked; its version rises."""
    arguments = Arguments([tenant_id, row_id, now])
    columns = ", ".join(f"{column} = {arguments.add(_sent(column, value))}" for column, value in changes.items())
    [row] = await work.rows(
        f"""
        update {table} t set {columns}, version = t.version + 1, updated_at = $3
        where t.tenant_id = $1 and t.id = $2 returning {returning}
        """,
        *arguments,
    )
    return row


async def delete(work: Work, table: str, tenant_id: UUID, row_id: UUID) -> None:
    await work.execute(f"delete from {table} where tenant_id = $1 and id = $2", tenant_id, row_id)


async def held(work: Work, table: str, tenant_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Which of these exist; nobody deletes them before this transaction ends."""
    sql = f"select id from {table} where tenant_id = $1 and id = any($2::uuid[]) for key share"
    return {row["id"] for row in await work.rows(sql, tenant_id, list(ids))}


def part_of(text: str, column: str, arguments: Arguments) -> str:
    """The condition that `text` is a part of the column, in any case."""
    return f"position(lower({arguments.add(text)}) in {column}) > 0"


def _sent(column: str, value: Any) -> Any:
    """jsonb goes in as text."""
    return msgspec.json.encode(value).decode() if column in _IN_JSON else value
