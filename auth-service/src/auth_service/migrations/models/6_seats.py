"""A tenant's own work counts who of the invited is a member already, by the identity of their addresses."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# The address itself has been readable before: its identity says nothing more.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (email_identity) on users to %I', app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return GRANTS.replace("grant select (email_identity) on users to", "revoke select (email_identity) on users from")


MODELS_STATE = ""
