"""Files, their versions, and their contents, which are stored once per tenant."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

# `kept_by` is the write that first referred to a content: whoever finds their own id there has added to what the
# tenant stores. A content that nothing refers to may be deleted; the foreign key of `file_changes` lets it be
# nothing else.
BLOBS = f"""
create table blobs (
    id uuid primary key,
    tenant_id uuid not null,
    sha256 text collate "C" not null constraint blob_sha256 check (length(sha256) = 64),
    size int not null,
    content bytea,
    kept_by uuid,
    touched_at timestamptz not null,
    constraint blob_once unique (tenant_id, sha256)
);
alter table blobs alter column content set storage external;
create index blobs_by_touch on blobs (touched_at);
{tenant_policy("blobs")}

create table storage_use (
    tenant_id uuid primary key,
    used bigint not null default 0
);
{tenant_policy("storage_use")}
"""

# Paths compare by bytes, the same on every server; a range of them is a prefix.
FILES = f"""
create table file_trees (
    project_id uuid primary key,
    tenant_id uuid not null,
    version int not null default 0,
    file_count int not null default 0,
    total_size bigint not null default 0,
    constraint file_tree_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
) with (fillfactor = 70);
{tenant_policy("file_trees")}

create table files (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    path text collate "C" not null constraint file_path_length check (length(path) between 1 and 512),
    path_key text collate "C" not null,
    size int not null,
    sha256 text collate "C" not null,
    language text,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint file_path_once unique (project_id, path_key),
    constraint file_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index files_by_path on files (project_id, path, id);
create index files_by_update on files (project_id, updated_at, id);
create statistics files_tenant_of_project (dependencies) on tenant_id, project_id from files;
{tenant_policy("files")}

create table versions (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid not null,
    version int not null,
    kind text not null constraint version_kind check (kind in ('write', 'restore', 'import', 'template')),
    message text,
    author_id uuid not null,
    added int not null,
    updated int not null,
    deleted int not null,
    file_count int not null,
    total_size bigint not null,
    created_at timestamptz not null,
    constraint version_once unique (project_id, version),
    constraint version_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
{tenant_policy("versions")}

create table file_changes (
    id bigint primary key generated always as identity,
    tenant_id uuid not null,
    project_id uuid not null,
    version int not null,
    path text collate "C" not null,
    op text not null constraint file_change_op check (op in ('added', 'updated', 'deleted')),
    file_id uuid not null,
    size int,
    sha256 text collate "C",
    language text,
    constraint file_change_once unique (project_id, path, version),
    constraint file_change_of_version foreign key (project_id, version)
        references versions (project_id, version) on delete cascade,
    constraint file_change_of_blob foreign key (tenant_id, sha256) references blobs (tenant_id, sha256)
);
create index file_changes_by_version on file_changes (project_id, version, path);
create index file_changes_by_blob on file_changes (tenant_id, sha256);
{tenant_policy("file_changes")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return BLOBS + FILES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table file_changes, versions, files, file_trees, storage_use, blobs;"
