"""Limits: parts of a tenant's storage that other services fill, and how much text the tasks of a project have."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# `storage_use` counts them in.
ALLOTMENTS = f"""
create table storage_allotments (
    tenant_id uuid not null,
    holder text not null,
    size bigint not null constraint storage_allotments_size_check check (size >= 0),
    primary key (tenant_id, holder)
);
{tenant_policy("storage_allotments")}
"""

_BYTES = "octet_length(title) + coalesce(octet_length(description), 0)"

# As tasks are counted by status since the first migration, so now are the bytes of their texts: in the same rows.
TEXT_OF_TASKS = f"""
alter table task_counts add column bytes bigint not null default 0;
alter table tasks no force row level security;
alter table task_counts no force row level security;
insert into task_counts (tenant_id, project_id, status, count, bytes)
select tenant_id, project_id, status, 0, sum({_BYTES}) from tasks group by tenant_id, project_id, status;
alter table tasks force row level security;
alter table task_counts force row level security;

create or replace function fold_task_counts(project uuid) returns void language sql as $$
    with folded as (
        delete from task_counts where id = any(array(
            select id from task_counts where project_id = project for update skip locked
        )) returning tenant_id, status, count, bytes
    )
    insert into task_counts (tenant_id, project_id, status, count, bytes)
    select tenant_id, project, status, sum(count), sum(bytes) from folded group by tenant_id, status
    having sum(count) <> 0 or sum(bytes) <> 0
$$;

create or replace function count_added_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count, bytes)
    select tenant_id, project_id, status, count(*), sum({_BYTES}) from added group by tenant_id, project_id, status;
    if random() < 0.02 then
        perform fold_task_counts(project_id) from (select distinct project_id from added) as touched;
    end if;
    return null;
end $$;

create or replace function count_changed_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count, bytes)
    select tenant_id, project_id, status, sum(change), sum(size) from (
        select tenant_id, project_id, status, 1 as change, {_BYTES} as size from after_change
        union all
        select tenant_id, project_id, status, -1, -({_BYTES}) from before_change
    ) as changes
    group by tenant_id, project_id, status having sum(change) <> 0 or sum(size) <> 0;
    if random() < 0.02 then
        perform fold_task_counts(project_id) from (select distinct project_id from after_change) as touched;
    end if;
    return null;
end $$;

create or replace function count_removed_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count, bytes)
    select tenant_id, project_id, status, -count(*), -sum({_BYTES}) from removed
    group by tenant_id, project_id, status;
    return null;
end $$;
"""

FORMER_COUNTS = """
create or replace function fold_task_counts(project uuid) returns void language sql as $$
    with folded as (
        delete from task_counts where id = any(array(
            select id from task_counts where project_id = project for update skip locked
        )) returning tenant_id, status, count
    )
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project, status, sum(count) from folded group by tenant_id, status having sum(count) <> 0
$$;

create or replace function count_added_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project_id, status, count(*) from added group by tenant_id, project_id, status;
    if random() < 0.02 then
        perform fold_task_counts(project_id) from (select distinct project_id from added) as touched;
    end if;
    return null;
end $$;

create or replace function count_changed_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project_id, status, sum(change) from (
        select tenant_id, project_id, status, 1 as change from after_change
        union all
        select tenant_id, project_id, status, -1 from before_change
    ) as changes
    group by tenant_id, project_id, status having sum(change) <> 0;
    if random() < 0.02 then
        perform fold_task_counts(project_id) from (select distinct project_id from after_change) as touched;
    end if;
    return null;
end $$;

create or replace function count_removed_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project_id, status, -count(*) from removed group by tenant_id, project_id, status;
    return null;
end $$;
alter table task_counts drop column bytes;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return ALLOTMENTS + TEXT_OF_TASKS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"""
{FORMER_COUNTS}
alter table storage_use no force row level security;
alter table storage_allotments no force row level security;
update storage_use u set used = u.used - a.size
from (select tenant_id, sum(size) as size from storage_allotments group by tenant_id) a where a.tenant_id = u.tenant_id;
alter table storage_use force row level security;
drop table storage_allotments;
"""


MODELS_STATE = ""
