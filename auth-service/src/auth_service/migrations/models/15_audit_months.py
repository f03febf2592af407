"""The audit log in months, personal fields sealed, signed ends of what was deleted.

Not in one transaction: the old table, however large, is checked and indexed while it is read and (but for the index)
written. Only the change of names at the end locks it, for as long as names take. Every step may be repeated.
"""

from tortoise import BaseDBAsyncClient

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
create index if not exists audit_logs_trace on audit_logs (tenant_id, trace_id);
create index if not exists audit_logs_plain on audit_logs (tenant_id, user_id) where form = 1;
"""
"""A default that is the same for all rows is not written into them; dropping a `not null` reads none."""

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
    if (select relkind from pg_class where oid = 'audit_logs'::regclass) = 'r' and not exists (
        select from pg_constraint where conrelid = 'audit_logs'::regclass and conname = 'audit_logs_before'
    ) then
        execute format(
            'alter table audit_logs add constraint audit_logs_before check (recorded_at < %L) not valid',
            (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'
        );
    end if;
end
$check$;
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
    create table audit_logs (like audit_logs_before including defaults including generated)
        partition by range (recorded_at);
    create index audit_logs_newest on audit_logs (tenant_id, created_at desc, id desc);
    create index audit_logs_actor on audit_logs (tenant_id, user_id, created_at desc, id desc);
    create index audit_logs_thing on audit_logs (tenant_id, thing, created_at desc, id desc);
    create index audit_logs_trace on audit_logs (tenant_id, trace_id);
    create index audit_logs_plain on audit_logs (tenant_id, user_id) where form = 1;
    execute format('alter table audit_logs attach partition audit_logs_before for values from (minvalue) to (%L)',
                   bound);
    alter table audit_logs_before drop constraint audit_logs_before;
    create table audit_logs_rest partition of audit_logs default;
    alter table audit_logs_rest add primary key (id), add unique (tenant_id, seq);
    perform audit_close('audit_logs_before');
    perform audit_close('audit_logs_rest');
    execute format('revoke all on audit_logs from %I, %I', prefix || '_app', prefix || '_system');
    execute format('grant select on audit_logs to %I', prefix || '_app');
    execute format('grant select, insert, update (ip, user_agent, request_body, form, attestation) on audit_logs to %I',
                   prefix || '_system');
    insert into audit_months (name, starts, ends) values ('audit_logs_before', 'epoch', bound);
    perform audit_add_month((now() at time zone 'UTC' + interval '1 month')::date);
    perform audit_add_month((now() at time zone 'UTC' + interval '2 months')::date);
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


def _policies() -> str:
    return "".join(_without_policies(table) + system_only_policy(table) for table in _NEW_TABLES)


def _without_policies(table: str) -> str:
    """So that making them may be repeated."""
    return "".join(f"drop policy if exists {name} on {table};\n" for name in ("tenant_isolation", "system_work"))


async def upgrade(db: BaseDBAsyncClient) -> str:
    for step in (COLUMNS, TABLES + FUNCTIONS + _policies() + RIGHTS, ERASED_BEFORE, CHECK, VALIDATE):
        await db.execute_script(step)
    return SWAP + _without_policies("audit_logs") + tenant_policy("audit_logs")


async def downgrade(db: BaseDBAsyncClient) -> str:
    """Not back to the old form: what was sealed would have to be opened."""
    raise RuntimeError("the audit log cannot go back to one table")


MODELS_STATE = (
    "eJztXWtz47bV/isYfWk6o3p27d31dtvpjL3rpG58ydjaN0nTDA2RkISYIhiAsleT9r+/OK"
    "Ao8aYlBYISJeOLx+INxHNAnOdccPBHD8+iydEZ4dSd9D6gP3p4KCKO3Uj+GGFfkD7q4TCU"
    "v9SVPflziN3HZ8w9Z/TojCjxPSHP/vJr+gw7ZrlTHo5w6tAfPZcF0BANIqHaneIvjk+CcQ"
    "Sv8frVq//BTUPHZf5sGqjm5VvExzwywjMf3rDnODe3A+f+YuA4i5OqDSeahyR+Llz1f2d3"
    "H/95dveNfOyf4TImO+gTOHOzOHUcn1ONLp8ezHxfHRAup2FEWZA6yFz5+jQYrw6tWoYnf5"
    "xg/i0cgQbHJCAcR8RLoUoDj3zJHAnwlKR6Co/FQ/WeyRXhPJqwYNmGfAO4cBbQ32fLy2Qf"
    "KtA9fvu2gO4T4QI62BBh+ei1CKtz3UA41VuDKBdAlecjEkS6oP7r/vYGTk+F+N1PY/nN9d"
    "lPeZg/Xt2ew6GQiWjM1VPUA85NQg4P1IQ8hUU15B51I/Rf5FMRlUD/6ybvn5+j4jdc/pwe"
    "T3MXTHGAx6oLi0csP8vUTAnYF+a4cNGWEmD+CxzDM/5y/PrN6Zv3J+/evJfXKwSWR04Lw4"
    "d6uiPn8mZgUuyXQVQq9YjPskJfHEgQiztQLW4aZMUMj4HXjxa39fAS9fgaJ2JjEk0IV9DD"
    "pbFwQvo9mW9VjcmnMSdgz+l2Focc7KU/hMrJghOA1cHa88Xg8vrifnB2/UNm0vh0NriAM8"
    "fq6Dx39Jt3uYlk+RD04+Xgnwh+on/f3lzk55bldYN/mxxqnyQGEZ0S3VkmA2KNiWbR3FHy"
    "z5qZ3pyYyZeQSgitmJuIOQtiSsyLCWjnUvaxiJyZsJ9zMznnYeygpDl5Yo9Wzs3knAXRmJ"
    "SrZOfRMRHacjtfMO6lyCQ7P7+8Obv7ecnPl3K7ur357ryEoZ//PLg4MymIcxpgPtcUwwqP"
    "as05nEeyC3q4q/Z0v5aLnwZfN4oyoCeX5y0lg5APyJdyelwNeAJEm0ZoyMmIfrFwZ6BoE3"
    "DhsjD+NHQB/+VXk4CdcY51Z4RVX6oRW2Ot14EsIgEOIkff4FUj8iRWiun59fPny08msYTn"
    "aUKZ6WM1mrMZ9Y7U6+tBKlkTPyxAc86FVAeboVl0J/XOUKwKEQv8uXxzhh7JHFGBRMQ48Y"
    "56ua7VusG4Kyr2dvQ3dUUZ9DNtMEp6fx/NAhcARkoY8OfNP3o7GDjNxkzRNxVSRwo7xYXW"
    "eaeiiEzD6Ef5Ysrw2EcnFQk867rYyNTJDb4UgOa8UwZ8zWBkd9zbXK1ik05s7nFeqwk+Bz"
    "4byzn4A8K+jzgJfepigVw2CyJEA0SjPsKBh/AoIhxh5HIsJoiNkPz+EXyIQyxIfLnsslQH"
    "mEdC3kGei0qk5baM65/MfLaxGsrGJN+9KQzJx1i5NQlHvnuzNhoJp3YTjMzNCItubm6RFD"
    "VRLBDnWUmkhkKaeTSSL06DPdVGnLiMe9b51tT5lkGxbbX01+Pjk5PT41cn796/fXN6+vb9"
    "q6V+Kp4qKipBftd22F1+B6oqIzrDuuucjvXV16JrutqrjlU4kRrD+jsTwBM09L2dJYzhRz"
    "nPEqWSXZhaQT9jFBv/CNhfUe/XusO49l5N/hur7p36b7pjSBrx6BS1OAjGUSOhtgon7mPI"
    "YFbYTz0u6DiwWryZFs9gaHW41eFWhxuMWMLXhaMZ1w5bHh7wGUiMMqiBZEKQ+SHJT8TnMR"
    "2KmVE0wRHiBBJJQf97xJf/iw+IRgIt3wccH5I1oRHj6BlueMYCDYn8SYrcq+W2WmJtS31v"
    "qVsXqVsinpr87YJjAd/RfpI3CbrNc2uaz5jGsItZqyMaUDGxYm4m5hyKRvLcSqPXIeFCTr"
    "KMrxwJzxMmCIp9fQJN8BOBKHV8IfZRPDcgHMzRVCqvv6GH1Ms+QESbxzeBm4L5XhzrJiXe"
    "jK233oqOTebk5gpWzIa/EffFadhstw2rWBJLp6Z+tWtCXvSs29aakMrESzW7HVYOViGjMt"
    "3H9pPaBMG+lGSDyPAB2uEZTAyHMqRFy0ISCKV48+paGstSCS8O/0ks1TuEMOTxWPX3UfyC"
    "aCZ7wNH3Fz87Fzcf737+YXB5eyPF9fHuYlAWEtlSy/8J/hOAD0Cl6wXZTAoq0DdLQ7GPlm"
    "P9z33JZ6g7QQPGI0Yh5wIHAYuQwPP2GImZXD9r7pvmIl/J/fslOz+u3uLXHEO5YmPLUCxD"
    "6a79bzNt9jDT5uT49N0yLgc/ipG4EeNTXYHeX59dXRVjb6+10b2fYt/XD70lfTEYe6sPpI"
    "hwNBPygKcdIlqDZ6MB2xDSXK/MI9swkMyJbEZEzpLTHmJIudDJzonBxvObxPOxosjaavWQ"
    "FmiuoGhzgSYeS5owli9lMc+jURmSaIB6vE7qsP1h2U5WotnUHwYZ/6CjG8wfh+cQy4FSKY"
    "QmeUEk8JaJGC9+JkmD0eb8bRPgtp8AR7WLbx7UEKf5ypymteSUyAdpa8iDwnoFRZuTCZtF"
    "LrPlaEgOizYhT6I5dg7PhlFjRFrlKyEnT5TNhGN1aAb/PCztKtOlR4d52oHsg5p48oC0qG"
    "Dl+AvlJcSZajsMP91+Pr+6QD/cXXy8vL9c1Ghehi7USTgkD9BIve3dxdmVSaS/9RnWhzrT"
    "/+qBPoLGNMEWRECd7cO2+bOdbN3mt7WyzEM6gW7YiTiFRJv8D1IcSIMBfFiIp8BoE3RVLg"
    "2PG2xHcFCwZ+FokW8cXh2+UigNKL+SBMTLAIWYRxR+CzSco4dUCsVDH2E0ZUE0QQS7kyME"
    "u1NA0t7Db9KYkmchJU/9P3yIl+1FcrzABfBMyCFUK/YorEeApQbFLMTtN99K5iBkl/Vtlc"
    "DdVglUuYI+G9dcs3ANA6u3nzmBULNEW8nYLLEEvi7mAcY15axw9ct0LAE0I97y5X+J0kqK"
    "A8p5pw/6C96idMVe5Q2tKKZ4kttYNeUqB54URmmT+vLL0oEn60sHnnSkdKB++fg1+knRmW"
    "oNJb8BfPElZHxfCw7ZrHUDU1n3s9btXksaYs4XLF631ZLZlPV1S/1k72bTBk6Lw4tVlQDT"
    "brTq8DwYW9xJANYWJqJS+wFULklUJZ4fSRipokIYeXgO6w2hRCR5InyeFIaGRYfyf+whGp"
    "XXNdpSu6apYYpdbEwNrdfCqNdCUTCiZFHNCi+DJ7pIu9xPVohdVw5/Swub0cIcipUu4e3T"
    "Qsv+DYjZsv8XIea26L85Mc9Cz37NTcWcBbE1K09nZxrJPUWD9S0mFyjrLyNMdaIa3PqrNz"
    "OO0NfvStI9mSrCxZnf2CH6Oj/iVw5ROLUbh2gxkTPbYXOB/UqsXwzGJdg2zVbJgnv8trgZ"
    "EJliqp0wnsArH7wWX3WuGwAv+7p9hB3qQb3jqPHOS/sEdabTrWFessNVxB5J4DTbhXqftr"
    "rK91c7blVnUf3CCh1qD+UOOi7X2trDemnzTRNlKbh4Dh3UbCfbzz5OOMtBudjXETObJN/F"
    "JPnSLJJkR+M4IwQUJfGQmsLVLsdf2wT5a7eYDhek3M59Gy7YabiALkVRHS24ok9kQN1Hsq"
    "85JNa92Nvc79SR5AKXE0X5sX/YKqLQz/bZTDNr5vDSNTaxdppkaVjGY3woH17iS72lO2YI"
    "5HeMeSqVBCpyT2CXrAl+JOiZwhpDJIhE3xN9hAVsDgIZJvLfRxLfQqMjtGKTpWTT/ONNE9"
    "MUw7HEdLfE1JeicCIli2pmeg3e1/3kpDazQYOT7l9mgyfHrhWxvtmxwq9TkW4oXDgN9ZdX"
    "FUPdr7QB1g91p3vRWqz75LiEAE9Dv0FR1ySQcnK8NpACp7oRt0p31mDEak0WvrXmssn3za"
    "y5Eq58R1waUkjVhiRsn8hPSPJV2F5WtfcB4eTgFM+RizmfwyEaPMbb1MY75eAAYddls6Ak"
    "H7yVFkwz5utF3Nty5R1yZfDa1yPJA3DsW6b8cmjU/jFl66Rvzpa35KSvTmaccYnVy8ixS/"
    "W1TXp3eB7OLS7ty3gQP8B+xnGkG1bbRYyXFRSqd0sbtCrW1Rtzq8oUtpeTvGYgbS1Lshwl"
    "+xpUi0yHhIsJDS3XejlKeP+4ll2IY0DMdiFOHZD3biGOXRxikLVSaYu4EX3SRvT89vYqM8"
    "WcX+ZLlX6+Pr+QkCvEV4W8i2N4QRI0XZFMooUD3TzlNAw13JGyMWsm7KYCSI3dxRevULm3"
    "eKHKh8FnGzc8Vsx1Y8tjpwlO3XHutrNz+XQpmPVbl2daTj6Q1Mbl1yMs9YQPWo/09tMwsd"
    "5BDca6Je+gOSmHWIhnJseWO8FyrFoDpZGBsgbNTlkqNpHCZmzbjO1d8Oq6GdvtrPqzdopJ"
    "NJ+l5IT8zR5pFyztpJe7MLXzUGhb2yX24T2bEtj3DLaBQGLCnmNbjtPxJEKJtlVZO+yZCI"
    "SRy7ySIt76jzFu9aUNg77N5tltNs8IA1OLpVEj1jTCFwFnvqosu59GnTw/onxqeX7DeFMO"
    "xkrlbes47qecW4orlptxfz0+Pjk5PX518u792zenp2/fv1rac8VTRcPOxyJyJAnyHBER7R"
    "3Jzy+/A3qREWKRbzQ0QMb6hl+xl5Ufn771tygnLogcCNYIzFdZX8FiNN8b/Pbxo+vV5j5C"
    "P1LZ1ixCD+l5+QHRCJY1ChQwxf1U5e5grnZxLI8WbKXVFhjlipU0Z5TbMxO7QysNWI6l3J"
    "IkcqnFLe+Iy6CW/Edpe+wpvVTzsmUcTVJchHlSaX2c2/dxbhjrXsxA/UUKrLlA96YPbkE7"
    "ZeY1q6C6pKD4QjQO+LvWR7tXH0RJqPuOCBLdEXmX2FuviLWVu2krl8yi30o+DXsDx1VLPE"
    "9iItAzFmhMn0jwATblgYELNBycvatFmTAd+oxBmZNZiGB9MO8j4O9sBAQdyPqfJPEHl3Bx"
    "it1aq6bn38zXufHkawsjl2Z1GKiLXJiOOQhKTshKUtX2wr0cgPu7mZCdcDs64doFpp0Tc/"
    "dzyJRLVhASWEE3EXQexi6KmpMn4DJW0E0EnQWxg7FDziKrnhtLOQPi1px5C+NEW3AXPw0y"
    "MksIeLkzL7k8Rdg/gn/PoBgG5It2kugKizaXXMWpTw23Kjk8N2oBlspvoEnCqDvjXBpkVg"
    "p5KRRwaTdxN5TajbKZsILIrw0oAtPqB5GwDGklCv2FyQelD4qQVEpAXyu85Az2lpKuVfQB"
    "jxeJDi9+OGfhaJPh2LUDDdY43wYEHPwB8f5CA+RJLeDKh0KyuWCqQPsIT6k/h4gAJyMJzS"
    "QufCSO0CelKsQGRZTabsx0fCLxY/dtKvxOU+FFLIfagYd9Lm9p3dK97rqlbbJSNxdkLiaI"
    "g2YB2T62z2etiWBXueqx/m1sSwQ0Ekhkya5BkGYI75FsZrn4cOJq6Po7FbXVYkukVbNsqG"
    "WubTDXugVD7+UYk936nsz3lL3a3BkD7LX7uTNcNsOtmJtG2tMgdjDSDhpPOCPOplbK2lLO"
    "grg9UzScDX3qOo9EO+/18MzRLCZtm6RqGWrI6ZN8PyuHkiW6OWyMr2daPB+FmNdcN/s3hN"
    "FiWlaLlgJCVea8+ohRIDn8E+FUIgFZ9HM0Zbyknst2mzZuPqwo6MbGQ+WeA/rGxD7tN1DX"
    "hqhMuxexLOADqbYdBsqX0bN2w4ulGt23G+xGAwbEbDcaqAPy3m00EFHCm2rHjTYa6I04If"
    "o+tiZ7oC66ajArpJJ6CH82fgnkI+mnNv2oNm1UU7rz9yHlOCVA6I7jot3ylZc2zPMXdHFj"
    "jm8DBEYDBHEEsprdfxbqyD5yexywYD6ltvpOQ95XwLGDLmPXZ1bOTc24NIZdlLG11V+Cra"
    "5W/PpsTO3K6eYrp9M4dvCTthutmJR46xutWIdcp+RtHXJ1QO62Q25t+aimPqOOVo0qZMwn"
    "fW3NJ2cLdBkv0FWj4MKTtOu5M+Pa4/igHHZZOCqJmP6aRI+K0Mdzx7pKlytBsoC0iH38gS"
    "2yJbSdkwey/1ERjBppNvr7DY8ol9aOHfUL9LNwGFStRS+83Vm7AEOrI122JCe0aMT4VNpc"
    "U6rNsQ9koinFo1UJKMeKnWrSbqZtzDRL78YEi4mFvgyRVuHnZEQ4CVyiXUbtX/e3N18HP4"
    "9zP+uGgQfkwU9FaIcz6kc0EEcedaMGQVpoRlckWZRq+GTkq6L/Ip+KMvfBLgP1KvLbt2H6"
    "nYbpYXVnvSD9PYmiuEf7GKu3sb1ec39w92N71u1vQMzW7V8H5G67/UvycF35gmPGG3ujN8"
    "rF3ZXbP93ZbWbjNlgO1+lk3Dy+tZe22VKOtk7LPtZpqQPnE/Zn1kmTQcJcxnjvdqTK00zJ"
    "dBhXoIFf8QfzAY3hB1SsUXVp4mvEhIZH6EG9ywMsTn34TbDgoY9gqz31//DhA3okIdSugU"
    "2jXPn2JcUct9duGyZ1Yqf1rWW9c8vaEbEw1m/yl+YpC52a0Qmprf/+9/9Qr7Vi"
)
