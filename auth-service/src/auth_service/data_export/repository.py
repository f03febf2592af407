"""Every query about data exports, and what is held about a user: system work, for a user is in several tenants."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.db.unit_of_work import Work


class Export(NamedTuple):
    id: UUID
    created_at: datetime
    expires_at: datetime


async def collect(work: Work, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """By section. Nothing that lets anybody in: no hash, no digest, no sealed secret."""
    held = {section: await work.rows(sql, user_id) for section, sql in SECTIONS.items()}
    held["settings"] = [{**row, "value": msgspec.Raw(row["value"].encode())} for row in held["settings"]]
    return held


async def tenants_of(work: Work, user_id: UUID) -> list[UUID]:
    """Those that somebody belongs to, and those that they have left or were signed in to before."""
    rows = await work.rows(
        """
        select tenant_id from memberships where user_id = $1 union select tenant_id from sessions where user_id = $1
        union select tenant_id from former_memberships where user_id = $1
        order by tenant_id
        """,
        user_id,
    )
    return [row["tenant_id"] for row in rows]


async def replace(work: Work, user_id: UUID, export: Export, sealed_document: bytes) -> None:
    """A user has one export at a time."""
    await work.execute("delete from data_exports where user_id = $1", user_id)
    await work.execute(
        "insert into data_exports (id, user_id, sealed_document, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        export.id, user_id, sealed_document, export.created_at, export.expires_at,
    )  # fmt: skip


async def find(work: Work, user_id: UUID, export_id: UUID, now: datetime) -> Export | None:
    sql = "select id, created_at, expires_at from data_exports where id = $1 and user_id = $2 and expires_at > $3"
    row = await work.row(sql, export_id, user_id, now)
    return None if row is None else Export(**row)


async def find_document(work: Work, user_id: UUID, export_id: UUID, now: datetime) -> bytes | None:
    """Sealed."""
    sql = "select sealed_document from data_exports where id = $1 and user_id = $2 and expires_at > $3"
    row = await work.row(sql, export_id, user_id, now)
    return None if row is None else row["sealed_document"]


SECTIONS = {
    "account": """
        select id, email, first_name, last_name, display_name, avatar_url, preferences, is_active, email_verified,
               is_platform_admin, password_changed_at, last_login_at, version, created_at, updated_at
        from users where id = $1
    """,
    "memberships": """
        select m.tenant_id, t.name as tenant_name, t.slug as tenant_slug, m.role, m.created_at, m.updated_at
        from memberships m join tenants t on t.id = m.tenant_id where m.user_id = $1 order by m.created_at
    """,
    "former_memberships": """
        select tenant_id, left_at from former_memberships where user_id = $1 order by left_at, tenant_id
    """,
    "sessions": """
        select id, tenant_id, user_agent, address, created_at, last_seen_at, expires_at, revoked_at, revoked_reason
        from sessions where user_id = $1 order by created_at
    """,
    "settings": """
        select tenant_id, category, key, value, version, created_at, updated_at
        from user_settings where user_id = $1 order by tenant_id, category, key
    """,
    "api_keys": """
        select id, tenant_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at
        from api_keys where user_id = $1 order by created_at
    """,
    "invitations": """
        select i.id, i.tenant_id, i.email, i.role, i.project_id, i.project_role, i.invited_by, i.expires_at,
               i.accepted_at, i.created_at
        from invitations i join users u on u.id = $1 and (i.email_identity = u.email_identity or i.invited_by = u.id)
        order by i.created_at
    """,
    "second_factor": """
        select e.confirmed_at, e.created_at,
               (select count(*) from mfa_recovery_codes c where c.user_id = e.user_id and c.used_at is null)
                   as recovery_codes_left
        from mfa_enrolments e where e.user_id = $1
    """,
}
"""What auth-service holds about a user, by section of the document; `$1` is the user."""
