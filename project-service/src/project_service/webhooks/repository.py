"""Every query on webhooks themselves. Each is found by those who may manage it, and by nobody else."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.projects.access import membership_join, reachable
from project_service.webhooks.errors import WebhookNotFound
from project_service.webhooks.schemas import CreateWebhook, DisabledReason, WebhookQuery, WebhookView
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {"created_at": SortKey("created_at", datetime)}
_COLUMNS = """
    w.id, w.tenant_id, w.project_id, w.url, w.events, w.active, w.disabled_at, w.disabled_reason, w.created_by,
    w.version, w.created_at, w.updated_at
"""


class Readiness(NamedTuple):
    """Where a webhook leads, and whether anything is sent there."""

    url: str
    active: bool
    paused_until: datetime | None


async def find_page(work: Work, principal: Principal, query: WebhookQuery) -> PageOf[WebhookView]:
    arguments = Arguments()
    tables, condition = _managed(principal, arguments)
    if query.project_id is not None:
        condition += f" and w.project_id = {arguments.add(query.project_id)}"
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "w",
        columns=_COLUMNS,
        tables=tables,
        condition=condition,
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, [_view(row) for row in rows], total)


async def get(work: Work, principal: Principal, webhook_id: UUID, locking: str = "") -> WebhookView:
    """Raises WebhookNotFound."""
    arguments = Arguments()
    tables, condition = _managed(principal, arguments)
    row = await work.row(
        f"select {_COLUMNS} from {tables} where {condition} and w.id = {arguments.add(webhook_id)} {locking}",
        *arguments,
    )
    if row is None:
        raise WebhookNotFound
    return _view(row)


async def lock(work: Work, principal: Principal, webhook_id: UUID) -> WebhookView:
    """The same, and nobody else writes it until this transaction ends."""
    return await get(work, principal, webhook_id, "for no key update of w")


async def count_alone(work: Work, tenant_id: UUID) -> int:
    """Until this transaction ends nobody else adds one."""
    await work.execute(_ALONE, tenant_id)
    [row] = await work.rows("select count(*) as number from webhooks where tenant_id = $1", tenant_id)
    number: int = row["number"]
    return number


async def add(
    work: Work, principal: Principal, webhook_id: UUID, new: CreateWebhook, sealed: bytes, now: datetime
) -> WebhookView:
    row = await work.row(
        _ADD,
        webhook_id,
        principal.tenant_id,
        new.project_id,
        new.url,
        list(new.events),
        new.active,
        sealed,
        principal.user_id,
        principal.role,
        now,
    )
    assert row is not None
    return _view(row)


async def update(
    work: Work, tenant_id: UUID, webhook_id: UUID, changes: Mapping[str, Any], now: datetime
) -> WebhookView:
    """`changes` maps columns to values."""
    arguments = Arguments([tenant_id, webhook_id, now])
    columns = ", ".join(f"{column} = {arguments.add(value)}" for column, value in changes.items())
    row = await work.row(
        f"""
        update webhooks w set {columns}, version = w.version + 1, updated_at = $3
        where w.tenant_id = $1 and w.id = $2 returning {_COLUMNS}
        """,
        *arguments,
    )
    assert row is not None
    return _view(row)


async def rotate_secret(
    work: Work, tenant_id: UUID, webhook_id: UUID, sealed: bytes, overlap_until: datetime, now: datetime
) -> WebhookView:
    row = await work.row(_ROTATE, tenant_id, webhook_id, now, sealed, overlap_until)
    assert row is not None
    return _view(row)


async def remove(work: Work, tenant_id: UUID, webhook_id: UUID) -> None:
    """With its deliveries; with the last webhook also what was to be sent to them all."""
    await work.execute("delete from webhooks where tenant_id = $1 and id = $2", tenant_id, webhook_id)
    await work.execute(
        """
        delete from webhook_bodies
        where tenant_id = $1 and not exists (select from webhooks where tenant_id = $1)
        """,
        tenant_id,
    )


async def hold(work: Work, tenant_id: UUID, webhook_id: UUID) -> Readiness | None:
    """Until this transaction ends nobody changes or deletes it. None when it is deleted."""
    row = await work.row(_HOLD, tenant_id, webhook_id)
    return None if row is None else Readiness(**row)


async def pause(work: Work, tenant_id: UUID, webhook_id: UUID, until: datetime) -> None:
    """Notes it. What waits is held back by a pause of the jobs; see `holding`."""
    await work.execute(
        "update webhooks set paused_until = $3 where tenant_id = $1 and id = $2", tenant_id, webhook_id, until
    )


async def disable(
    work: Work, tenant_id: UUID, webhook_id: UUID, reason: DisabledReason, now: datetime
) -> WebhookView | None:
    """None when it is not active any more."""
    row = await work.row(_DISABLE, tenant_id, webhook_id, now, reason)
    return None if row is None else _view(row)


async def disable_made_by(
    work: Work, tenant_id: UUID, user_id: UUID, reason: DisabledReason, until: datetime
) -> list[UUID]:
    """Those that this user has made until then; answers which were active."""
    rows = await work.rows(_DISABLE_MADE_BY, tenant_id, user_id, until, reason)
    return [row["id"] for row in rows]


async def lock_of_maker(
    work: Work,
    tenant_id: UUID,
    user_id: UUID,
    project_id: UUID | None,
    made_until: datetime,
    written_until: datetime,
) -> list[WebhookView]:
    """Those of one project, or all; nobody else writes them until this transaction ends."""
    rows = await work.rows(_OF_MAKER, tenant_id, user_id, project_id, made_until, written_until)
    return [_view(row) for row in rows]


async def end_of_maker(
    work: Work, tenant_id: UUID, webhook_ids: Collection[UUID], now: datetime
) -> dict[UUID, UUID | None]:
    """Whether they were active or not: none comes back by itself. Those that have ended so before stay as they are.

    Answers those that ended, each with the owner of its project.
    """
    rows = await work.rows(_END_OF_MAKER, tenant_id, list(webhook_ids), now, DisabledReason.MAKER_LEFT)
    return {row["id"]: row["owner_id"] for row in rows}


def _managed(principal: Principal, arguments: Arguments) -> tuple[str, str]:
    """Tables and condition of what they may manage: of their own projects, or everything for those who own all."""
    project = "left join projects p on p.id = w.project_id and p.deleted_at is null"
    tables = f"webhooks w {project} {membership_join(principal, arguments)}"
    condition = f"w.tenant_id = {arguments.add(principal.tenant_id)}"
    return tables, f"{condition} and {reachable(principal, ProjectRole.OWNER, arguments)}"


def _view(row: Mapping[str, Any]) -> WebhookView:
    return msgspec.convert(row, WebhookView)


# A statement of its own: one that has begun to wait would count what it saw before.
_ALONE = "select pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1::uuid::text, 0))"

_ADD = f"""
insert into webhooks as w (id, tenant_id, project_id, url, events, active, secret, created_by, creator_role,
                           created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) returning {_COLUMNS}
"""

_ROTATE = f"""
update webhooks w set previous_secret = w.secret, previous_secret_until = $5, secret = $4, version = w.version + 1,
                      updated_at = $3
where w.tenant_id = $1 and w.id = $2 returning {_COLUMNS}
"""

_HOLD = "select url, active, paused_until from webhooks where tenant_id = $1 and id = $2 for no key update"

_DISABLE_MADE_BY = """
update webhooks set active = false, disabled_at = $3, disabled_reason = $4, version = version + 1, updated_at = $3
where id in (
    select id from webhooks
    where tenant_id = $1 and created_by = $2 and created_at <= $3 and active order by id for no key update
) returning id
"""

_DISABLE = f"""
update webhooks w set active = false, disabled_at = $3, disabled_reason = $4, version = w.version + 1, updated_at = $3
where w.tenant_id = $1 and w.id = $2 and w.active returning {_COLUMNS}
"""

_OF_MAKER = f"""
select {_COLUMNS} from webhooks w
where w.tenant_id = $1 and w.created_by = $2 and ($3::uuid is null or w.project_id = $3)
  and w.created_at <= $4 and w.updated_at <= $5
order by w.id for no key update of w
"""

_END_OF_MAKER = """
update webhooks w set active = false, disabled_at = $3, disabled_reason = $4, version = w.version + 1, updated_at = $3
where w.tenant_id = $1 and w.id = any($2::uuid[]) and w.disabled_reason is distinct from $4
returning w.id, (select p.owner_id from projects p where p.tenant_id = $1 and p.id = w.project_id) as owner_id
"""
