"""The audit log in months, personal fields sealed, signed ends of what was deleted.

Not in one transaction: the old table, however large, is checked and indexed while it is read and written. Only the change of names at the end locks it, for as long as names take. Every step may be repeated.
"""

from tortoise import BaseDBAsyncClient

from shared.db.indexes import create_indexes
from shared.db.schema import system_only_policy, tenant_policy

RUN_IN_TRANSACTION = False

COLUMNS = """
begin;
alter table audit_logs
    add column if not exists recorded_at timestamptz not null default now(),
    add column if not exists form smallint not null default 1,
    add column if not exists personal bytea,
    add column if not exists aggregate json,
    add column if not exists attestation bytea,
    alter column ip drop not null;
alter table audit_chains add column if not exists recorded_at timestamptz not null default 'epoch';
commit;
"""
"""A default that is the same for all rows is not written into them; dropping a `not null` reads none."""

INDEXES = {
    "audit_logs_trace": "audit_logs (tenant_id, trace_id)",
    "audit_logs_plain": "audit_logs (user_id) where form = 1",
    "audit_logs_plain_tenant": "audit_logs (tenant_id) where form = 1",
}
"""The last two find what one erasure is about, in one look: it leaves them with the personal fields."""

TABLES = """
create table if not exists audit_keys (
    tenant_id uuid not null,
    person_id uuid not null,
    sealed_key bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, person_id)
);
create index if not exists audit_keys_person on audit_keys (person_id);

create table if not exists audit_erasures (
    subject_id uuid primary key,
    erased_at timestamptz not null,
    finished_at timestamptz
);
create index if not exists audit_erasures_open on audit_erasures (erased_at) where finished_at is null;

create table if not exists audit_checkpoints (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null,
    signed_at timestamptz not null,
    signature bytea not null
);

create table if not exists audit_months (
    name varchar(63) primary key,
    starts timestamptz not null,
    ends timestamptz not null
);
"""

_NEW_TABLES = ("audit_keys", "audit_erasures", "audit_checkpoints", "audit_months")

# A partition is reached through `audit_logs` alone: no role has rights on it, and its own wall is closed to everybody.
FUNCTIONS = """
create or replace function audit_add_month(day date) returns boolean
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $function$
declare
    begun timestamptz := date_trunc('month', day::timestamp) at time zone 'UTC';
    ended timestamptz := (date_trunc('month', day::timestamp) + interval '1 month') at time zone 'UTC';
    month text := 'audit_logs_' || to_char(day, 'YYYY_MM');
    columns text;
begin
    perform pg_advisory_xact_lock(hashtext('audit_add_month'));
    if exists (select from audit_months m where m.starts < ended and begun < m.ends) then
        return false;
    end if;
    execute format('create table %I (like audit_logs including all, primary key (id), unique (tenant_id, seq))', month);
    execute format('alter table %I enable row level security', month);
    execute format('alter table audit_logs_rest no force row level security');
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns from pg_attribute
    where attrelid = 'audit_logs'::regclass and attnum > 0 and not attisdropped and attgenerated = '';
    execute format(
        'with moved as (delete from audit_logs_rest where recorded_at >= %2$L and recorded_at < %3$L returning *)
         insert into %1$I (%4$s) select %4$s from moved', month, begun, ended, columns
    );
    execute format('alter table audit_logs_rest force row level security');
    execute format('alter table audit_logs attach partition %I for values from (%L) to (%L)', month, begun, ended);
    perform audit_close(month);
    insert into audit_months (name, starts, ends) values (month, begun, ended);
    return true;
end
$function$;

create or replace function audit_close(partition text) returns void
language plpgsql set search_path = public, pg_temp as $function$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
begin
    execute format('alter table %I enable row level security', partition);
    execute format('alter table %I force row level security', partition);
    execute format('drop policy if exists tenant_isolation on %I', partition);
    execute format('drop policy if exists system_work on %I', partition);
    execute format('create policy tenant_isolation on %I to %I using (false) with check (false)',
                   partition, prefix || '_app');
    execute format('revoke all on %I from %I, %I', partition, prefix || '_app', prefix || '_system');
end
$function$;

create or replace function audit_drop_month(month text) returns boolean
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $function$
begin
    delete from audit_months m where m.name = month and m.ends < now() - interval '180 days';
    if not found then
        return false;
    end if;
    execute format('drop table %I', month);
    return true;
end
$function$;

do $rights$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
begin
    revoke all on function audit_add_month(date), audit_close(text), audit_drop_month(text) from public;
    execute format('grant execute on function audit_add_month(date), audit_drop_month(text) to %I',
                   prefix || '_system');
end
$rights$;
"""
"""The roles of the service own no table, so what makes and ends months is done for them, and nothing else is: a month
that ended within the last 180 days cannot be dropped through them, whatever the service asks for.
"""

ERASED_BEFORE = """
alter table users no force row level security;
alter table audit_erasures no force row level security;
insert into audit_erasures (subject_id, erased_at)
select id, anonymised_at from users where anonymised_at is not null on conflict do nothing;
alter table users force row level security;
alter table audit_erasures force row level security;
"""
"""Whose account was anonymised before: their records lose the personal fields as well."""

CHECK = """
do $check$
begin
    if (select relkind from pg_class where oid = 'audit_logs'::regclass) = 'r' then
        alter table audit_logs drop constraint if exists audit_logs_before;
        execute format(
            'alter table audit_logs add constraint audit_logs_before check (recorded_at < %L) not valid',
            (date_trunc('month', now() at time zone 'UTC') + interval '2 months') at time zone 'UTC'
        );
    end if;
end
$check$;
"""
"""It binds new rows at once, so it ends a month and more from now, and a migration that goes on later renews it: until
the tables are swapped no record may come to lie behind it.
"""

VALIDATE = """
do $validate$
begin
    if (select relkind from pg_class where oid = 'audit_logs'::regclass) = 'r' then
        alter table audit_logs validate constraint audit_logs_before;
    end if;
end
$validate$;
"""
"""Reads the whole table while others read and write it; afterwards attaching it needs to read nothing."""

SWAP = """
do $swap$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
    bound timestamptz;
begin
    if (select relkind from pg_class where oid = 'audit_logs'::regclass) <> 'r' then
        return;
    end if;
    select substring(pg_get_constraintdef(oid) from '''([^'']+)''')::timestamptz into bound
    from pg_constraint where conrelid = 'audit_logs'::regclass and conname = 'audit_logs_before';
    alter table audit_logs rename to audit_logs_before;
    alter index audit_logs_newest rename to audit_logs_before_newest;
    alter index audit_logs_actor rename to audit_logs_before_actor;
    alter index audit_logs_thing rename to audit_logs_before_thing;
    alter index audit_logs_trace rename to audit_logs_before_trace;
    alter index audit_logs_plain rename to audit_logs_before_plain;
    alter index audit_logs_plain_tenant rename to audit_logs_before_plain_tenant;
    create table audit_logs (like audit_logs_before including defaults including generated)
        partition by range (recorded_at);
    create index audit_logs_newest on audit_logs (tenant_id, created_at desc, id desc);
    create index audit_logs_actor on audit_logs (tenant_id, user_id, created_at desc, id desc);
    create index audit_logs_thing on audit_logs (tenant_id, thing, created_at desc, id desc);
    create index audit_logs_trace on audit_logs (tenant_id, trace_id);
    create index audit_logs_plain on audit_logs (user_id) where form = 1;
    create index audit_logs_plain_tenant on audit_logs (tenant_id) where form = 1;
    execute format('alter table audit_logs attach partition audit_logs_before for values from (minvalue) to (%L)',
                   bound);
    alter table audit_logs_before drop constraint audit_logs_before;
    create table audit_logs_rest partition of audit_logs default;
    alter table audit_logs_rest add primary key (id), add unique (tenant_id, seq);
    perform audit_close('audit_logs_before');
    perform audit_close('audit_logs_rest');
    execute format('grant select (recorded_at) on audit_logs_rest to %I', prefix || '_system');
    execute format('create policy rest_is_measured on audit_logs_rest for select to %I using (true)', prefix || '_system');
    execute format('revoke all on audit_logs from %I, %I', prefix || '_app', prefix || '_system');
    execute format('grant select on audit_logs to %I', prefix || '_app');
    execute format('grant select, insert, update (ip, user_agent, request_body, form, attestation) on audit_logs to %I',
                   prefix || '_system');
    insert into audit_months (name, starts, ends) values ('audit_logs_before', 'epoch', bound);
    perform audit_add_month((now() at time zone 'UTC' + interval '1 month')::date);
    perform audit_add_month((now() at time zone 'UTC' + interval '2 months')::date);
    perform audit_add_month((now() at time zone 'UTC' + interval '3 months')::date);
end
$swap$;
"""

RIGHTS = """
do $rights$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
begin
    execute format('revoke all on audit_keys, audit_erasures, audit_checkpoints, audit_months from %I, %I',
                   prefix || '_app', prefix || '_system');
    execute format('grant select, insert, delete on audit_keys to %I', prefix || '_system');
    execute format('grant select, insert, update, delete on audit_erasures to %I', prefix || '_system');
    execute format('grant select, insert, update on audit_checkpoints to %I', prefix || '_system');
    execute format('grant select on audit_months to %I', prefix || '_system');
    execute format('drop policy if exists owner_work on audit_months');
    execute format('create policy owner_work on audit_months to %I using (true) with check (true)', current_user);
end
$rights$;
"""

_IS_ONE_TABLE = "select from pg_class where oid = 'audit_logs'::regclass and relkind = 'r'"


def _policies() -> str:
    return "".join(_without_policies(table) + system_only_policy(table) for table in _NEW_TABLES)


def _without_policies(table: str) -> str:
    """So that making them may be repeated."""
    return "".join(f"drop policy if exists {name} on {table};\n" for name in ("tenant_isolation", "system_work"))


async def upgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_script(COLUMNS)
    if await db.execute_query_dict(_IS_ONE_TABLE):
        await create_indexes(db, INDEXES)
    for step in (TABLES + FUNCTIONS + _policies() + RIGHTS, ERASED_BEFORE, CHECK, VALIDATE):
        await db.execute_script(step)
    return SWAP + _without_policies("audit_logs") + tenant_policy("audit_logs")


async def downgrade(db: BaseDBAsyncClient) -> str:
    """Not back to the old form: what was sealed would have to be opened."""
    raise RuntimeError("the audit log cannot go back to one table")
