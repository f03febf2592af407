"""How what waited in the former table `leavings` became jobs, and back. Parts of migrations."""

from shared.db.schema import NO_TENANT, tenant_policy


def leavings_to_jobs() -> str:
    """The owner of the tables sees the rows of all tenants while their policies do not bind it."""
    return """
alter table leavings no force row level security;
alter table jobs no force row level security;
insert into jobs (id, kind, tenant_id, concurrency_key, payload, status, due_at, created_at)
select id, 'member.leaving', tenant_id, user_id::text,
       json_build_object('tenant_id', tenant_id, 'user_id', user_id, 'project_id', project_id, 'left_at', left_at),
       'queued', now(), now()
from leavings l order by l.due_at, l.id;
alter table jobs force row level security;
drop table leavings;
"""


def jobs_to_leavings(constraints: str = "", condition: str = "true") -> str:
    """`constraints` of the table, each after a comma. Jobs that do not fulfil the `condition` are left out."""
    return f"""
create table leavings (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    left_at timestamptz not null,
    due_at timestamptz not null{constraints}
);
create unique index leavings_once on leavings (tenant_id, user_id, coalesce(project_id, '{NO_TENANT}'::uuid));
create index leavings_in_order on leavings (due_at, id);
alter table jobs no force row level security;
insert into leavings (id, tenant_id, user_id, project_id, left_at, due_at)
select distinct on (tenant_id, payload ->> 'user_id', payload ->> 'project_id')
       id, tenant_id, (payload ->> 'user_id')::uuid, (payload ->> 'project_id')::uuid,
       (payload ->> 'left_at')::timestamptz, now()
from jobs where kind = 'member.leaving' and ({condition})
order by tenant_id, payload ->> 'user_id', payload ->> 'project_id', (payload ->> 'left_at')::timestamptz desc;
delete from jobs where kind = 'member.leaving';
alter table jobs force row level security;
{tenant_policy("leavings")}
"""  # noqa: S608 - made of constants
