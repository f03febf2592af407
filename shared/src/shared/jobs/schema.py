"""The table `jobs` of a service: work that a transaction wants done behind it."""

from shared.db.schema import tenant_policy

WAITING = ("scheduled", "queued", "blocked")
ENDED = ("failed", "cancelled")
UNFINISHED = f"status in {(*WAITING, 'running')}"


def job_tables() -> str:
    """Part of a migration of each service. Every run rewrites a row, so that pages keep room and are swept early.

    `lane` is the tenant and the concurrency key: taking jobs steps from lane to lane and reads no backlog. `line` is
    the tenant and the order key. A lane that is paused is stepped over.
    `due_at`: of a scheduled job not before, of a queued one since when, of a running one when its lease ends.
    `claim` counts how often it was taken, and is part of every write of whoever has it: it never counts back.
    `next_at`: it was added again, under its unique key, while it ran.
    """
    return f"""
create table jobs (
    id uuid primary key,
    seq bigint not null generated always as identity,
    kind text not null,
    tenant_id uuid,
    order_key text,
    line text generated always as (coalesce(tenant_id::text, '') || '/' || order_key) stored,
    concurrency_key text,
    unique_key text,
    lane text not null
        generated always as (coalesce(tenant_id::text, '') || '/' || coalesce(concurrency_key, '')) stored,
    payload json not null,
    priority smallint not null default 0,
    repeats text,
    status text not null
        constraint jobs_status_check check ({UNFINISHED} or status in {ENDED}),
    due_at timestamptz not null,
    next_at timestamptz,
    attempts int not null default 0,
    claim int not null default 0,
    worker uuid,
    cancel_requested boolean not null default false,
    progress real,
    log text not null default '',
    error text,
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index jobs_queued on jobs (kind, lane, priority desc, seq) where status = 'queued';
create index jobs_scheduled on jobs (due_at) where status = 'scheduled';
create index jobs_running on jobs (kind, lane) where status = 'running';
create index jobs_running_in_order on jobs (kind, line) where line is not null and status = 'running';
create index jobs_in_order on jobs (kind, line, seq) where line is not null and {UNFINISHED};
create unique index jobs_once on jobs (kind, unique_key) where unique_key is not null and {UNFINISHED};
create index jobs_ended on jobs (ended_at) where ended_at is not null;
create index jobs_of_tenant on jobs (tenant_id);
create index jobs_by_kind on jobs (kind, status, seq);
{tenant_policy("jobs")}
create table job_pauses (
    kind text not null,
    tenant_id uuid,
    concurrency_key text not null,
    lane text not null
        generated always as (coalesce(tenant_id::text, '') || '/' || concurrency_key) stored,
    until timestamptz not null,
    primary key (kind, lane)
);
create index job_pauses_until on job_pauses (until);
create index job_pauses_of_tenant on job_pauses (tenant_id);
{tenant_policy("job_pauses")}
"""


def drop_job_tables() -> str:
    return "drop table job_pauses; drop table jobs;\n"
