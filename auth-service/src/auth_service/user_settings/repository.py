"""Every query about settings."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.user_settings.domain import Category
from auth_service.user_settings.schemas import SettingView
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.principal import Principal


class StoredSetting(NamedTuple):
    id: UUID
    view: SettingView


async def lock_settings(work: Work, owner: Principal) -> None:
    """Until the end of the transaction nobody else writes this member's settings, absent ones included."""
    await work.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"settings:{owner.tenant_id}:{owner.user_id}"
    )


async def find(work: Work, owner: Principal, category: Category, key: str) -> StoredSetting | None:
    row = await work.row(f"{_SELECT} and category = $3 and key = $4", owner.tenant_id, owner.user_id, category, key)
    return None if row is None else _stored(row)


async def list_values(work: Work, owner: Principal, category: Category | None) -> dict[str, dict[str, msgspec.Raw]]:
    """By category and key; categories without settings are absent. All of them would take long to parse."""
    sql = f"{_SELECT} and ($3::text is null or category = $3) order by category, key"
    found: dict[str, dict[str, msgspec.Raw]] = {}
    for row in await work.rows(sql, owner.tenant_id, owner.user_id, category):
        found.setdefault(row["category"], {})[row["key"]] = msgspec.Raw(row["value"].encode())
    return found


class Taken(NamedTuple):
    """`size` in bytes of JSON."""

    number: int
    size: int


async def taken(work: Work, owner: Principal, *, beside: UUID | None) -> Taken:
    """By all settings but one."""
    [row] = await work.rows(
        """
        select count(*)::int as number, coalesce(sum(octet_length(value::text)), 0)::int as size
        from user_settings where tenant_id = $1 and user_id = $2 and id is distinct from $3::uuid
        """,
        owner.tenant_id,
        owner.user_id,
        beside,
    )
    return Taken(**row)


async def put(work: Work, owner: Principal, category: Category, key: str, value: Any, now: datetime) -> StoredSetting:
    text = msgspec.json.encode(value).decode()
    row = await work.row(_PUT, new_id(), owner.tenant_id, owner.user_id, category, key, text, now)
    assert row is not None  # an upsert without a condition returns its row
    return _stored(row)


async def remove(work: Work, owner: Principal, setting_id: UUID) -> None:
    await work.execute("delete from user_settings where tenant_id = $1 and id = $2", owner.tenant_id, setting_id)


def _stored(row: dict[str, Any]) -> StoredSetting:
    return StoredSetting(row["id"], msgspec.convert({**row, "value": msgspec.json.decode(row["value"])}, SettingView))


_COLUMNS = "id, category, key, value, version, created_at, updated_at"
_SELECT = f"select {_COLUMNS} from user_settings where tenant_id = $1 and user_id = $2"  # noqa: S608 - constants

_PUT = f"""
insert into user_settings as s (id, tenant_id, user_id, category, key, value, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $7)
on conflict (tenant_id, user_id, category, key) do update
set value = excluded.value, version = s.version + 1, updated_at = excluded.updated_at
returning {_COLUMNS}
"""  # noqa: S608 - constants
