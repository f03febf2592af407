"""What a tenant's own work reads to count: identities of its members' addresses, and links that wait for a browser."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# The address itself has been readable before: its identity says nothing more. Nor does the id of a link without its
# secret.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (email_identity) on users to %I', app);
    execute format('grant select (id) on session_tokens to %I', app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return GRANTS.replace("grant select", "revoke select").replace(" to %I", " from %I")


MODELS_STATE = ""
