"""Mail and requests for a new password wait as jobs: what waits in the tables of before becomes jobs, and those go."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import system_only_policy

RUN_IN_TRANSACTION = True

# The owner of a table under forced row-level security sees no row of it, and adds none.
UNFORCED = "".join(
    f"alter table {table} no force row level security;\n" for table in ("jobs", "mails", "reset_requests")
)

# A mail that was tried for the last time when its sender died is tried once more. Base64 comes in lines.
MAILS = """
insert into jobs (id, kind, payload, priority, status, due_at, attempts, created_at)
select id, 'mail.letter',
       json_build_object('mail_id', id, 'template', template,
                         'sealed', replace(encode(sealed, 'base64'), E'\\n', '')),
       case template when 'reset_password' then 1 else 0 end, 'scheduled', due_at, least(attempts, 7), created_at
from mails order by created_at, id;
"""

RESET_REQUESTS = """
insert into jobs (id, kind, payload, unique_key, status, due_at, created_at)
select gen_random_uuid(), 'password.reset_request', json_build_object('email_identity', email_identity),
       email_identity, 'queued', created_at, created_at
from reset_requests order by created_at;
"""

END = """
drop table mails, reset_requests;
alter table jobs force row level security;
"""

TABLES_BEFORE = """
create table mails (
    id uuid primary key,
    template varchar(32) not null,
    sealed bytea not null,
    attempts integer not null default 0,
    due_at timestamptz not null,
    created_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index mails_due on mails (due_at);
create table reset_requests (
    email_identity varchar(254) primary key,
    created_at timestamptz not null
);
alter table jobs no force row level security;
insert into mails (id, template, sealed, attempts, due_at, created_at)
select (payload ->> 'mail_id')::uuid, payload ->> 'template', decode(payload ->> 'sealed', 'base64'), attempts, due_at,
       created_at
from jobs where kind = 'mail.letter' and ended_at is null;
insert into reset_requests (email_identity, created_at)
select payload ->> 'email_identity', created_at from jobs where kind = 'password.reset_request' and ended_at is null;
delete from jobs where kind in ('mail.letter', 'password.reset_request');
alter table jobs force row level security;
"""

RIGHTS_BEFORE = """
do $rights$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on mails, reset_requests from %I', app);
    execute format('grant insert on mails to %I', app);
    execute format('create policy anybody_leaves_mail on mails for insert to %I with check (true)', app);
end
$rights$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return UNFORCED + MAILS + RESET_REQUESTS + END


async def downgrade(db: BaseDBAsyncClient) -> str:
    return TABLES_BEFORE + system_only_policy("mails") + system_only_policy("reset_requests") + RIGHTS_BEFORE
