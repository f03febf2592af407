"""When a session was last proven and what its cookie replaced; mail is counted by the work that leaves it."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# Nullable and without defaults: no row is rewritten. A cookie of before counts as set when its session was opened.
COLUMNS = """
alter table sessions
    add column stepped_up_at timestamptz, add column previous_cookie_digest bytea, add column cookie_set_at timestamptz;
"""

# A tenant's own work looks whether a session is still good. It leaves mail and counts it: keys are digests under a
# secret, and none but those of mail can be seen: counters of guesses stay closed to it.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (stepped_up_at) on sessions to %I', app);
    execute format('grant select, insert, update on attempt_windows to %I', app);
    execute format($sql$
        create policy mail_is_counted on attempt_windows to %I using (key like 'mail %%') with check (key like 'mail %%')
    $sql$, app);
end
$grants$;
"""

REVOKES = """
drop policy mail_is_counted on attempt_windows;
do $grants$
begin
    execute format('revoke all on attempt_windows from %I', regexp_replace(current_user, '_owner$', '') || '_app');
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return COLUMNS + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return REVOKES + COLUMNS.replace("add column", "drop column").replace(" timestamptz", "").replace(" bytea", "")
