"""When an address was proven, who is added as a member by invitation, and addresses without compatibility folding."""

from tortoise import BaseDBAsyncClient

from shared.email_address import email_identity

RUN_IN_TRANSACTION = True

TABLES = """
alter table users add column email_verified_at timestamptz;
alter table invitations add column first_name text;
alter table invitations add column last_name text;
"""

# A tenant's own work renews what it has sent. It still reads no token.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (email_verified_at) on users to %I', app);
    execute format($sql$
        grant select (first_name, last_name),
              update (email, role, project_role, invited_by, token_digest, expires_at, first_name, last_name, version,
                      updated_at) on invitations to %I
    $sql$, app);
end
$grants$;
"""

# Addresses of other characters than ASCII only: few, and the identity of all others stays.
_OTHERS = "select id, email, email_identity from {table} where email ~ '[^[:ascii:]]'"


async def upgrade(db: BaseDBAsyncClient) -> str:
    for table in ("users", "invitations"):
        await _fold_anew(db, table)
    return TABLES + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
alter table invitations drop column last_name, drop column first_name;
alter table users drop column email_verified_at;
"""


async def _fold_anew(db: BaseDBAsyncClient, table: str) -> None:
    """The owner of a table under forced row-level security sees no row of it."""
    await db.execute_query(f"alter table {table} no force row level security")
    for row in await db.execute_query_dict(_OTHERS.format(table=table)):
        identity = email_identity(row["email"])
        if identity != row["email_identity"]:
            await db.execute_query(
                f"update {table} set email_identity = $2 where id = $1",
                [row["id"], identity],
            )
    await db.execute_query(f"alter table {table} force row level security")
