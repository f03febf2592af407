"""Messaging, projects with their members, tasks with their counts."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_messaging_tables, messaging_tables, tenant_policy

PROJECTS = f"""
create table projects (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null constraint project_name_length check (length(name) between 1 and 200),
    description text,
    owner_id uuid not null,
    visibility text not null constraint project_visibility check (visibility in ('private', 'tenant')),
    archived boolean not null default false,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    name_key text not null generated always as (lower(left(name, 100))) stored,
    constraint project_of_tenant unique (tenant_id, id)
);
create index projects_by_name on projects (tenant_id, name_key, id) where deleted_at is null;
create index projects_by_creation on projects (tenant_id, created_at, id) where deleted_at is null;
create index projects_by_update on projects (tenant_id, updated_at, id) where deleted_at is null;
{tenant_policy("projects")}

create table project_members (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    user_id uuid not null,
    role text not null constraint project_member_role check (role in ('owner', 'editor', 'viewer')),
    created_at timestamptz not null,
    constraint project_member_once unique (project_id, user_id),
    constraint project_member_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index project_members_by_user on project_members (user_id, project_id);
{tenant_policy("project_members")}
"""

# Sort keys that are not plain values are stored: under row-level security an index serves no expression. An index that
# is to be counted from alone includes the tenant, which every query has to check.
# `tasks_tenant_of_project` tells the planner that a project's tasks are all of one tenant; taking the two conditions
# for independent, it would expect a handful of rows and sort tens of thousands.
TASKS = f"""
create table tasks (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    title text not null constraint task_title_length check (length(title) between 1 and 300),
    description text,
    status text not null constraint task_status check (status in ('todo', 'in_progress', 'blocked', 'done')),
    priority text not null constraint task_priority check (priority in ('low', 'normal', 'high', 'urgent')),
    assignee_id uuid,
    due_at timestamptz,
    position float8 not null,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    due_key timestamptz not null generated always as (coalesce(due_at, timestamptz '9999-12-31 00:00:00+00')) stored,
    priority_rank smallint not null generated always as (
        case priority when 'low' then 0 when 'normal' then 1 when 'high' then 2 else 3 end
    ) stored,
    title_key text not null generated always as (lower(left(title, 100))) stored,
    constraint task_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index tasks_by_position on tasks (project_id, position, id);
create index tasks_by_creation on tasks (project_id, created_at, id);
create index tasks_by_update on tasks (project_id, updated_at, id);
create index tasks_by_due_date on tasks (project_id, due_key, id);
create index tasks_by_priority on tasks (project_id, priority_rank, id);
create index tasks_by_title on tasks (project_id, title_key, id);
create index tasks_by_status on tasks (project_id, status, position, id);
create index tasks_by_assignee on tasks (project_id, assignee_id, position, id) include (tenant_id)
    where assignee_id is not null;
create statistics tasks_tenant_of_project (dependencies) on tenant_id, project_id from tasks;
{tenant_policy("tasks")}
"""

# Counting tens of thousands of tasks for each list costs more than the list. One counter row per project would make
# all its writers wait for each other, so every statement appends what it changed; the rows of a project and status
# are added up by who reads them, and now and then by a writer, which takes only rows that nobody else holds.
TASK_COUNTS = f"""
create table task_counts (
    id bigint primary key generated always as identity,
    tenant_id uuid not null,
    project_id uuid not null,
    status text not null,
    count bigint not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index task_counts_by_project on task_counts (project_id);
{tenant_policy("task_counts")}

create function fold_task_counts(project uuid) returns void language sql as $$
    with folded as (
        delete from task_counts where id = any(array(
            select id from task_counts where project_id = project for update skip locked
        )) returning tenant_id, status, count
    )
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project, status, sum(count) from folded group by tenant_id, status having sum(count) <> 0
$$;

create function count_added_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project_id, status, count(*) from added group by tenant_id, project_id, status;
    if random() < 0.02 then
        perform fold_task_counts(project_id) from (select distinct project_id from added) as touched;
    end if;
    return null;
end $$;

create function count_changed_tasks() returns trigger language plpgsql as $$
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

create function count_removed_tasks() returns trigger language plpgsql as $$
begin
    insert into task_counts (tenant_id, project_id, status, count)
    select tenant_id, project_id, status, -count(*) from removed group by tenant_id, project_id, status;
    return null;
end $$;

create trigger count_added after insert on tasks referencing new table as added
    for each statement execute function count_added_tasks();
create trigger count_changed after update on tasks referencing old table as before_change new table as after_change
    for each statement execute function count_changed_tasks();
create trigger count_removed after delete on tasks referencing old table as removed
    for each statement execute function count_removed_tasks();
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return messaging_tables() + PROJECTS + TASKS + TASK_COUNTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"""
        drop table task_counts, tasks, project_members, projects;
        drop function count_added_tasks, count_changed_tasks, count_removed_tasks, fold_task_counts;
        {drop_messaging_tables()}
    """


MODELS_STATE = (
    "eJztW21P4zgQ/itWPrHSHoKWt1udTmpLd7d3tEUQ9la7QpGbuKmPxM4mDlBx+9/PdpM0Sc"
    "sV3ARKz18QGbsznmfGM+Nx8mAEIf0b2Wy3hUJsT4wP4MGAo4iF0Gb8YQy9CL0HBgwC/pRO"
    "NjhlBO2bOxg61vjGGmPkORGf8P06P0IbtDTkQAZzpAfDpkTIwoRFUrQP7y0PEZeJlezv7f"
    "0UPxpZNvVin4gViIXMaA4aw9gTizQsazA0rcuuaVnJoJRhsWmAZnzFrC+ti87n1sUOZ/tO"
    "TKNcRw+JkUEy1JiNSaEZdxJ7niREdogDhinJEanNl4+JOyfNJQvOnQkMPwqKEOgigkLIkJ"
    "MDFhMH3RcoBPoop6lgC0dynemMYMomlGQy+ArExJjgH3E2jeuwAt3G4eECurcojISCayLM"
    "WT+KsBzbDIRz2laI8gKofJwhwlRB/eNyOBDDfhT98PJY7vRbX8swd86GbUEKaMTcUHKRDN"
    "pVQi4YKkKew2I15A62GfgHeDhiS6C/fs76yzFqtsLs0W/4pQk+JNCVKiQsUg1K8VLAvxDm"
    "gkSctGF5E7qCzS+N/YPjg5Pm0cEJny9ByCjHCx6EHVXn6Q3MKi3fI2yp4VkYF+2eEFLQZg"
    "qstjgmRUsLNmL5LPmZATPUZ3MsRl3EJiiU0IupqX3Ok1T1wgkNxoxahN7lRSUkCzr5LbEy"
    "bIRIoGtB5chh9vrdS7PVPy+Ej9OW2RUjDUmdlqg7R6WQkjEBf/XMz0A8gm/DQbccZbJ55r"
    "cqPe6UY8Cwj1TjTQHEJ4ScRNxu+s8jMb86MzvIQ9rMa5q5CGLOzEkcenUrx4GjN/O6Vi6C"
    "WN1mriBDr1k4L6bp/cpzdMX1cDlVP70ehqE9wbdIuaZpD4dnhU3Q7pmlMviq3+7yg570fj"
    "4JM7Qc5VQ3NaTblHoIEtXzXQ6G1XCPuCxFvPPKqQaf7lfzv88gWew5Gw4+pdPLB5MKQ4mJ"
    "7lXdvITHymyhfvKTEjXkcyDqPGbTO74iS/2oJLFtzjJmPhdeXfVOq4RR8FOEMa/iaijjGD"
    "u7cvVqgPKDOiRsuxEt6Fg/pLc4wiPM89FUh4UFOFSDwys3gs7nLYTndYIqbPM8Y6cZv41j"
    "YguggPRm8efgd+MlNp9iU2j5pltoDSX2iJ7RHOojfyRHdYvo/3uqrKtFtMp4iV9td34tKl"
    "l/gg35iUyn1hwQdVbcukCs3H/jaNvPMDkN14NzM8q+pITQxd9GFH+WL83xWA34vZSPUl+8"
    "LhSHJoxudE2oa8LNvjbkrq1NvM6VYQagvi7cTgvr68KngLz514VRhF2C0HaXxSUtV8akdQ"
    "8aaYYbKXei3wCoRSXrP73pm9bXumnlDojXgf10eNU+64Lzi26nd9lLXrjN8qMcFKT5uwQX"
    "3dZZlSh/9ChUhTmv/GonHwtJyj1LTEN9e5V2AuZg1Nlm043iGkJ1xCCLI+3HBSh0s/hNNY"
    "sZZvq2AxWQeKPvEMiW43vdQ37VHjLjRnjS2wPCWh0akxf/uGR55+HXRqPZPG7sNY9ODg+O"
    "jw9P9rIWxOLQYi/Clpoo+k2790k0IwqBoeJvjtrYVe9RZMrV2aHQBZou0HSB9hacuMICbb"
    "FiMP5EAQOjKYA8t2DXReEuMCcIhPQuAnQMKEEg2UUAEgfMzApgiACjYIQAdBzkgDj4ACLE"
    "afynPna5cpz9rlFCpnZhNVU5nTQgK301u2aqU/ft181zL/Z5rSiBLJkzHy+Efv4L92QeTw"
    "=="
)
