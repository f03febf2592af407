"""What tasks have beside their fields: labels, dependencies, attachments; and places that no two of them share."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

LABELS = f"""
create table task_labels (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    name text not null constraint task_label_name_length check (length(name) between 1 and 50),
    name_key text not null,
    color text,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint task_label_once unique (project_id, name_key),
    constraint task_label_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index task_labels_by_creation on task_labels (project_id, created_at, id);
{tenant_policy("task_labels")}

create table task_label_uses (
    task_id uuid not null references tasks on delete cascade,
    label_id uuid not null references task_labels on delete cascade,
    tenant_id uuid not null,
    primary key (task_id, label_id)
);
create index task_label_uses_by_label on task_label_uses (label_id, task_id);
{tenant_policy("task_label_uses")}
"""

DEPENDENCIES = f"""
create table task_dependencies (
    task_id uuid not null references tasks on delete cascade,
    depends_on_id uuid not null references tasks on delete cascade,
    tenant_id uuid not null,
    primary key (task_id, depends_on_id),
    constraint task_depends_on_another check (task_id <> depends_on_id)
);
create index task_dependencies_of on task_dependencies (depends_on_id, task_id);
{tenant_policy("task_dependencies")}
"""

# An object outlives its row, whatever took the row away: what is left behind is remembered until it is deleted, too.
# Rows that go with their task are deleted in the name of the tables' owner, who therefore may remember them.
ATTACHMENTS = f"""
alter table tasks add column attachment_count int not null default 0;

create table task_attachments (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    task_id uuid not null references tasks on delete cascade,
    kind text not null constraint task_attachment_kind check (kind in ('file', 'link')),
    name text not null,
    url text,
    size bigint,
    media_type text,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index task_attachments_by_creation on task_attachments (task_id, created_at, id);
{tenant_policy("task_attachments")}

create table attachment_leftovers (
    id uuid primary key,
    tenant_id uuid not null,
    size bigint not null,
    since timestamptz not null
);
create index attachment_leftovers_by_age on attachment_leftovers (since);
{tenant_policy("attachment_leftovers")}
create policy cascades on attachment_leftovers for insert to current_user with check (true);

create function leave_objects() returns trigger language plpgsql as $$
begin
    insert into attachment_leftovers (id, tenant_id, size, since)
    select id, tenant_id, size, now() from removed where kind = 'file';
    return null;
end $$;

create trigger leave_objects after delete on task_attachments referencing old table as removed
    for each statement execute function leave_objects();
"""

# Two tasks may have had one position: such projects are numbered anew, in the order they had. The owner of a table
# under forced row-level security sees no row of it.
POSITIONS = """
alter table tasks no force row level security;
update tasks t set position = places.place from (
    select id, row_number() over (partition by project_id order by position, id) as place from tasks
    where project_id in (
        select project_id from tasks group by project_id
        having count(*) <> count(distinct position) or max(abs(position)) > 1e12
    )
) as places where places.id = t.id;
alter table tasks force row level security;
drop index tasks_by_position;
create unique index tasks_by_position on tasks (project_id, position);
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return POSITIONS + LABELS + DEPENDENCIES + ATTACHMENTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop table attachment_leftovers, task_attachments, task_dependencies, task_label_uses, task_labels;
        drop function leave_objects;
        alter table tasks drop column attachment_count;
        drop index tasks_by_position;
        create index tasks_by_position on tasks (project_id, position, id);
    """
