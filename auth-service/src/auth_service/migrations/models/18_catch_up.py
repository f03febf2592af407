"""What was deleted, and who had left, before it was noted. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import redact_earlier_events, rows_of_all_tenants

RUN_IN_TRANSACTION = False

DELETIONS = ("auth.membership.removed", "auth.setting.removed")

PAIRS_AT_MOST = 200_000
"""Of the audit log, with an index probe for each: some seconds, in which nobody waits."""

# What tells of those who left before: sessions and links of theirs, records of what they did, and what was told when
# they left. Of accounts that are erased too: their former tenants are told of it then.
FORMER = f"""
with recursive acted as (
    (
        select tenant_id, user_id from audit_logs where tenant_id is not null and user_id is not null
        order by tenant_id, user_id limit 1
    ) union all
    select next.tenant_id, next.user_id from acted cross join lateral (
        select a.tenant_id, a.user_id from audit_logs a
        where (a.tenant_id, a.user_id) > (acted.tenant_id, acted.user_id) and a.user_id is not null
        order by a.tenant_id, a.user_id limit 1
    ) next
), traces as (
    (select tenant_id, user_id, null::timestamptz as left_at from acted limit {PAIRS_AT_MOST})
    union all select tenant_id, user_id, null from sessions
    union all select tenant_id, accepted_by, null from invitations where accepted_by is not null
    union all select tenant_id, subject::uuid, time from outbox where type = 'auth.membership.removed'
)
insert into former_memberships (tenant_id, user_id, left_at, is_account_erased)
select t.tenant_id, t.user_id, max(t.left_at), bool_or(u.anonymised_at is not null)
from traces t join users u on u.id = t.user_id join tenants on tenants.id = t.tenant_id
where not exists (select from memberships m where m.tenant_id = t.tenant_id and m.user_id = t.user_id)
group by t.tenant_id, t.user_id
on conflict do nothing
"""

_TABLES = ("users", "tenants", "memberships", "sessions", "invitations", "audit_logs", "outbox", "former_memberships")

NOTHING_MORE = "select 1;"


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, *_TABLES):
        await db.execute_script(FORMER)
    await redact_earlier_events(db, DELETIONS)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return NOTHING_MORE
