"""How tenants that were deleted, and not erased yet, got their jobs. Parts of migrations."""


def deleted_to_jobs() -> str:
    """The owner of the tables sees the rows of all tenants while their policies do not bind it."""
    return """
alter table tenant_closures no force row level security;
alter table jobs no force row level security;
insert into jobs (id, kind, tenant_id, unique_key, payload, status, due_at, created_at)
select gen_random_uuid(), 'tenant.erasure', tenant_id, tenant_id::text, json_build_object('tenant_id', tenant_id),
       'queued', now(), now()
from tenant_closures c where c.state = 'deleted' order by c.as_of, c.tenant_id;
alter table jobs force row level security;
alter table tenant_closures force row level security;
"""


def jobs_to_deleted() -> str:
    """The state of the closure says it."""
    return """
alter table jobs no force row level security;
delete from jobs where kind = 'tenant.erasure';
alter table jobs force row level security;
"""
