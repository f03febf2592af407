"""The second wall: what the database itself refuses to a tenant's own work."""

import asyncpg
import pytest
from auth_client import AuthClient

from shared.db.databases import Database
from shared.db.schema import UNPROTECTED_TABLES


async def test_every_table_of_tenants_has_its_wall(database: Database) -> None:
    assert await database.system_rows(UNPROTECTED_TABLES) == []


async def test_a_tenant_sees_itself_and_its_members_and_nobody_else(auth: AuthClient, database: Database) -> None:
    member, _ = await auth.register(), await auth.register()

    async with database.unit_of_work(member.tenant_id) as work:
        tenants = await work.rows("select id from tenants")
        users = await work.rows("select id from users")
        sessions = await work.rows("select user_id from sessions")

    assert [row["id"] for row in tenants] == [member.tenant_id]
    assert [row["id"] for row in users] == [member.principal.user_id]
    assert [row["user_id"] for row in sessions] == [member.principal.user_id]


async def test_a_tenant_changes_no_user_of_another(auth: AuthClient, database: Database) -> None:
    member, stranger = await auth.register(), await auth.register()

    async with database.unit_of_work(member.tenant_id) as work:
        changed = await work.execute("update users set first_name = 'x' where id = $1", stranger.principal.user_id)

    assert changed == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select password_hash from users",
        "select current_digest from sessions",
        "select previous_digest from sessions",
        "select * from signing_keys",
        "update users set is_platform_admin = true",
        "update users set password_hash = ''",
        "update users set is_active = true",
        "update memberships set user_id = tenant_id",
        "insert into memberships default values",
        "select * from mail_tokens",
        "select token_digest from invitations",
        "update invitations set accepted_at = null",
        "update tenants set tier = 'premium'",
        "update sessions set expires_at = now()",
        "insert into users default values",
        "delete from sessions",
        "delete from users",
    ],
)
async def test_a_tenants_own_work_may_not(auth: AuthClient, database: Database, statement: str) -> None:
    member = await auth.register()

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.unit_of_work(member.tenant_id) as work:
            await work.execute(statement)
