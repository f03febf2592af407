"""Mail with its tokens, invitations, and what a member is beside their role."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import system_only_policy, tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
alter table memberships add column is_active boolean not null default true;
alter table memberships add column version integer not null default 1;

create table mails (
    id uuid primary key,
    template varchar(32) not null,
    sealed bytea not null,
    attempts integer not null default 0,
    due_at timestamptz not null,
    created_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index mails_due on mails (due_at);

create table mail_tokens (
    digest varchar(64) primary key,
    user_id uuid not null references users on delete cascade,
    purpose varchar(16) not null,
    expires_at timestamptz not null,
    created_at timestamptz not null
);
create index mail_tokens_user on mail_tokens (user_id, purpose);
create index mail_tokens_expiry on mail_tokens (expires_at);

create table reset_requests (
    email_identity varchar(254) primary key,
    created_at timestamptz not null
);

create table invitations (
    id uuid primary key,
    tenant_id uuid not null references tenants on delete cascade,
    email varchar(254) not null,
    email_identity varchar(254) not null,
    role varchar(16) not null
        constraint invitations_role_check check (role in ('owner', 'admin', 'manager', 'developer', 'viewer')),
    project_id uuid,
    project_role varchar(16)
        constraint invitations_project_role_check check (project_role in ('owner', 'editor', 'viewer')),
    invited_by uuid not null,
    token_digest varchar(64) not null constraint invitations_token_digest_key unique,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint invitations_project_with_role check ((project_id is null) = (project_role is null))
);
create index invitations_tenant on invitations (tenant_id, id);
create unique index invitations_waiting
    on invitations (tenant_id, email_identity, coalesce(project_id, '00000000-0000-0000-0000-000000000000'))
    where accepted_at is null;
"""

# A tenant's own work may leave mail and never look at it. It says what its members are and who is invited, and no token
# that was mailed can be read by it.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on mails, mail_tokens, reset_requests, invitations from %I', app);
    execute format('grant insert on mails to %I', app);
    execute format('create policy anybody_leaves_mail on mails for insert to %I with check (true)', app);
    execute format('grant update (role, is_active, version, updated_at), delete on memberships to %I', app);
    execute format('grant update (name, slug, version, updated_at) on tenants to %I', app);
    execute format($sql$
        grant select (id, tenant_id, email, email_identity, role, project_id, project_role, invited_by, expires_at,
                      accepted_at, version, created_at, updated_at), insert, delete on invitations to %I
    $sql$, app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    tenantless = "".join(system_only_policy(table) for table in ("mails", "mail_tokens", "reset_requests"))
    return TABLES + tenantless + tenant_policy("invitations") + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
drop table invitations, reset_requests, mail_tokens, mails;
alter table memberships drop column version, drop column is_active;
"""


MODELS_STATE = ""
