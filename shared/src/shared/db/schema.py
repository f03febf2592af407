"""SQL that every service's migrations share: the tables of messaging and idempotency, and row-level security.

A migration runs as `<prefix>_owner`; its policies name the sibling roles `<prefix>_app` and `<prefix>_system`.
The prefix is read once, from the migrating role, and never from the name of the database: a copy of the
database under another name keeps working with the same roles.
"""

CURRENT_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
"""NULL where no tenant is set; after its first use in a session the setting is '' and not NULL."""

NO_TENANT = "00000000-0000-0000-0000-000000000000"
"""Stands in a key column for work that belongs to no tenant."""

_TABLES = f"""
create table outbox (
    id uuid primary key,
    seq bigint not null generated always as identity,
    partition smallint not null,
    type text not null,
    subject text not null,
    tenant_id uuid,
    actor_id uuid,
    time timestamptz not null,
    traceparent text,
    schema_version smallint not null,
    data json not null,
    topics json not null,
    has_topics boolean not null,
    sent_at timestamptz
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_unsent on outbox (partition, seq) where sent_at is null;
create index outbox_without_topics on outbox (time) where not has_topics;

create table outbox_topics (
    tenant_id uuid not null,
    topic text not null,
    "offset" bigint not null,
    event_id uuid not null,
    stored_at timestamptz not null default now(),
    primary key (tenant_id, topic, "offset")
);
create index outbox_topics_event on outbox_topics (event_id);

create table topic_offsets (
    tenant_id uuid not null,
    topic text not null,
    last_offset bigint not null,
    primary key (tenant_id, topic)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

create table event_log_epoch (
    is_only_row boolean primary key default true check (is_only_row),
    epoch text not null
);
insert into event_log_epoch (epoch) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 12));

create table inbox (
    consumer text not null,
    event_id uuid not null,
    tenant_id uuid not null default coalesce({CURRENT_TENANT}, '{NO_TENANT}'),
    applied_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_applied on inbox (applied_at);

create table idempotency_keys (
    tenant_id uuid not null,
    user_id uuid not null,
    key text not null,
    fingerprint bytea not null,
    status smallint not null,
    headers json not null,
    body bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);
"""  # noqa: S608 - made of constants

_TENANT_TABLES = ("outbox", "outbox_topics", "topic_offsets", "inbox", "idempotency_keys")

UNPROTECTED_TABLES = """
select c.relname as table
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
  and not (c.relrowsecurity and c.relforcerowsecurity
           and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_isolation'))
order by c.relname
"""
"""Lists tables with a tenant_id and without its wall: every service tests that there are none."""


def messaging_tables() -> str:
    """Outbox, event log, inbox and idempotency keys. Part of each service's first migration."""
    return _TABLES + "".join(tenant_policy(table) for table in _TENANT_TABLES)


def outbox_sizes() -> str:
    """How large each event is, so that what a relay or a replay may take is decided without reading the events."""
    return "alter table outbox add column size integer;\n"


def drop_outbox_sizes() -> str:
    return "alter table outbox drop column size;\n"


def outbox_backlog() -> str:
    """Which events of the outbox a full queue has not got yet, in the order in which it has to get them.

    Only the relay's system work touches it. Rows go when the queue has taken the event.
    """
    return f"""
create table outbox_backlog (
    queue text not null,
    partition smallint not null,
    seq bigint not null,
    event_id uuid not null,
    primary key (queue, partition, seq)
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_backlog_event on outbox_backlog (event_id);
{system_only_policy("outbox_backlog")}
"""


def drop_outbox_backlog() -> str:
    return "drop table if exists outbox_backlog;\n"


MILESTONE_EVERY = 500
"""Offsets between two milestones of a topic: an index entry for each 500 events costs their writers nothing."""

KEPT_PER_TOPIC = 1_000
"""At least this many events of a topic stay until they reach the age limit of the event log."""


def is_milestone(every: int = MILESTONE_EVERY, kept: int = KEPT_PER_TOPIC) -> str:
    """The condition on `outbox_topics` of the index that finds topics with more events than are kept for their number.

    A query uses the index when it repeats this text.
    """
    return f'"offset" % {every} = 0 and "offset" > {kept}'


MESSAGING_INDEXES = {
    "outbox_topics_milestones": f'outbox_topics (tenant_id, topic, "offset") where {is_milestone()}',
    "outbox_subject": "outbox (subject) where not redacted",
    "idempotency_keys_events": "idempotency_keys using gin (event_ids)",
}
"""What pruning of the event log walks: topics with few events are not in it, however many there are. And what redaction
finds events and kept answers by: rows that are rewritten leave the index. Tables of running services are large, so
`shared.db.indexes` makes these.
"""


def redaction_tables() -> str:
    """What must not be read of the event log any more. Rewrites no row of the outbox.

    `before_seq`: events that were stored earlier are redacted. `after_*`: how far a topic, or everything of a tenant,
    has been rewritten. A kept answer knows the events of its request.
    """
    return f"""
alter table outbox add column redacted boolean not null default false;
create table redactions (
    tenant_id uuid not null,
    kind text not null check (kind in ('subject', 'topic', 'author')),
    key text not null,
    before_seq bigint not null,
    after_topic text not null default '',
    after_offset bigint not null default 0,
    created_at timestamptz not null default now(),
    primary key (tenant_id, kind, key)
);
create index redactions_created on redactions (kind, created_at);
alter table idempotency_keys add column event_ids uuid[] not null default '{{}}';
{tenant_policy("redactions")}
"""


def drop_redaction_tables() -> str:
    return """
alter table idempotency_keys drop column event_ids;
drop table redactions;
alter table outbox drop column redacted;
"""


def member_admissions() -> str:
    """Since when somebody is a member, for those who come from now on."""
    return "alter table tenant_members add column joined_at timestamptz;\n"


def drop_member_admissions() -> str:
    return "alter table tenant_members drop column joined_at;\n"


def tenant_closures() -> str:
    """Which tenants are closed or deleted: kept by `shared.tenant_closures`, asked by the inbox."""
    return f"""
create table tenant_closures (
    tenant_id uuid primary key,
    state text not null
        constraint tenant_closures_state_check check (state in ('open', 'closed', 'deleted', 'erased')),
    as_of timestamptz not null
);
create index tenant_closures_by_state on tenant_closures (state, as_of);
{tenant_policy("tenant_closures")}
"""


def drop_tenant_closures() -> str:
    return "drop table tenant_closures;\n"


def drop_messaging_tables() -> str:
    return "".join(f"drop table if exists {table};\n" for table in (*_TENANT_TABLES, "event_log_epoch", "redactions"))


def tenant_policy(table: str) -> str:
    """The second wall: `<prefix>_app` sees and writes the rows of the current tenant, `<prefix>_system` all rows.

    The table has a column `tenant_id uuid`.
    """
    return _policies(table, app_condition=f"tenant_id = {CURRENT_TENANT}")


def system_only_policy(table: str) -> str:
    """For tables that belong to no tenant and that only system work may touch."""
    return _policies(table, app_condition="false")


def _policies(table: str, app_condition: str) -> str:
    return f"""
alter table {table} enable row level security;
alter table {table} force row level security;
do $policy$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
begin
    execute format($create$
        create policy tenant_isolation on {table} to %I using ({app_condition}) with check ({app_condition})
    $create$, prefix || '_app');
    execute format('create policy system_work on {table} to %I using (true) with check (true)', prefix || '_system');
end
$policy$;
"""
