"""Who belongs to the tenants, favourites, tags, comments with stars, and what happened in a project."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# A copy of what auth-service tells. A row of somebody who left says nothing but that they left, and when.
MEMBERS = f"""
create table tenant_members (
    tenant_id uuid not null,
    user_id uuid not null,
    is_member boolean not null,
    is_active boolean not null,
    role text,
    email text,
    display_name text,
    email_key text,
    mail_handle text,
    name_handle text,
    as_of timestamptz not null,
    primary key (tenant_id, user_id)
);
create index tenant_members_by_email on tenant_members (tenant_id, email_key);
create index tenant_members_by_mail_handle on tenant_members (tenant_id, mail_handle);
create index tenant_members_by_name_handle on tenant_members (tenant_id, name_handle);
{tenant_policy("tenant_members")}

alter table project_members add column version int not null default 1;
alter table project_members add column updated_at timestamptz not null default now();
"""

FAVOURITES_AND_TAGS = f"""
create table project_favorites (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint project_favorite_once unique (project_id, user_id),
    constraint project_favorite_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index project_favorites_by_user on project_favorites (user_id, project_id);
{tenant_policy("project_favorites")}

create table project_tags (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    name text not null constraint project_tag_name_length check (length(name) between 1 and 50),
    color text,
    created_at timestamptz not null,
    name_key text not null generated always as (lower(name)) stored,
    constraint project_tag_once unique (project_id, name_key),
    constraint project_tag_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
{tenant_policy("project_tags")}
"""

COMMENTS = f"""
create table comments (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid,
    entity_type text not null,
    entity_id uuid not null,
    parent_id uuid references comments (id) on delete cascade,
    author_id uuid not null,
    body text not null,
    mentioned_user_ids uuid[] not null,
    edits int not null default 0,
    edited_at timestamptz,
    is_deleted boolean not null default false,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint comment_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index comments_of_project on comments (project_id, created_at, id);
create index comments_of_entity on comments (entity_id, entity_type, created_at, id);
create index comments_by_parent on comments (parent_id) where parent_id is not null;
{tenant_policy("comments")}

create table comment_edits (
    id uuid primary key,
    tenant_id uuid not null,
    comment_id uuid not null references comments (id) on delete cascade,
    body text not null,
    replaced_at timestamptz not null
);
create index comment_edits_of_comment on comment_edits (comment_id, replaced_at);
{tenant_policy("comment_edits")}

create table comment_stars (
    id uuid primary key,
    tenant_id uuid not null,
    comment_id uuid not null references comments (id) on delete cascade,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint comment_star_once unique (comment_id, user_id)
);
create index comment_stars_by_user on comment_stars (user_id, comment_id);
{tenant_policy("comment_stars")}
"""

# `id` is the event's: the same event is never told twice.
ACTIVITY = f"""
create table project_activity (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    actor_id uuid,
    type text not null,
    entity_type text not null,
    entity_id uuid not null,
    changed_fields text[] not null,
    occurred_at timestamptz not null,
    constraint activity_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index project_activity_by_time on project_activity (project_id, occurred_at, id);
{tenant_policy("project_activity")}

create index projects_by_deletion on projects (deleted_at) where deleted_at is not null;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return MEMBERS + FAVOURITES_AND_TAGS + COMMENTS + ACTIVITY


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop index projects_by_deletion;
        drop table project_activity, comment_stars, comment_edits, comments, project_tags, project_favorites;
        alter table project_members drop column version, drop column updated_at;
        drop table tenant_members;
    """


MODELS_STATE = ""
