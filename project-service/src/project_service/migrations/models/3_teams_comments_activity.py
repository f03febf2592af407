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


MODELS_STATE = (
    "eJztXWFz2jgQ/Ssavlw7k8ukJG16nZubgZT2uEtCJ6HXTjsdV9gCdDESteWkTK///SRjG1"
    "vYDqIBbLpfkiDtM86TtPt2kcy3xtTj/xJbHL6Z/27Zgt5SMWu8QN8aDE+I/KPQ5gA18HSa"
    "slAtAg/cNMrCafOBLzzZIPuH2PWJbHKIb3t0KihnCvWZOp8R9ZEYE0RuCRO/+IcK6XBbQi"
    "kblRkFjH4JiCX4iMguT5p+/CSbKXPIV+LHL6c31pAS18n8j9RRFwjbLTGbhm1v33Zfvgot"
    "1Q0MLJu7wYQtrKczMeYsMQ8C6hwqjOobEUY8LIiT+ldZ4LoRO3HT/I5lg/ACktyqs2hwyB"
    "AHriKs8fswYLbiCYXvpH6c/BHdWsrMsi57feu607esxhK/6hY0NqMmmzM1NpQJRdS37/Pr"
    "LggJWxvqDc7+bF09On72OKSA+2LkhZ0hXY3vIRALPIeGpC9YFoRhJiwzsjOgh+Q8bliQvp"
    "iUMZ0xYRWjeGlxGnKaRQGpGqnSRXHPkNI05gcIjdb9fvEZErHEZZ98FQVLPrLXeJQ3tl9T"
    "st9531dXnvj+F1c1XP7Tugp5vWi9D4mdzKKe897l69icyxg6D7KXZ+e9tka2jIcy3FqmnG"
    "swoH596s0cRwYErlij1B5jNiJOLCeWeG15Hp7lE7sM1dh1qS/2i1g1TT9+0ijkth14niQC"
    "i2X+Xsr/W9AJyadQg2r8ORH2MP5jz8jsXnSu+62LNxk/8bLV76ieZsZHxK2P5pN64SaSi6"
    "B33f6fSL1EH3qXHX3qJ3b9Dw11TzgQ3GL8zsJOmpO4OW76rjKa4U1KbauGAbZv7rAnp77e"
    "w5u8yHa5a9Kc6C2Y4VE4SIpNdZ9xcnjGJxPpyRp5iWPcd1CaMNpzK3+lRLF4fCEJrIQHhy"
    "Rwi0Fyx0ngXuYsIKNBRlecfBMPgT1i7HQzIPAPWo0okHwYF4nSIJikGqUD7sxMfG1sD052"
    "DSertLa8RZnbBT5RU9Isuc6H732CrWbtUoJNHCpy2OuyIo0Q22t0UbYxto42RJW8Wfnr1+"
    "aTk9OT58fPTp5Lk/Auk5bTEja7l/0cKteqVGSAD1CnqE/MqkWZIj3G1Jf8uERRvzTIbc5d"
    "gllBxp0BaoM8kMhNrZ6kZbsj2+71zjOD2u7qjv3tRbtz9ehJOJrSSK6B/HV1Szxf3djqTi"
    "qF2J6belITN2V7BK/np7JIKKhW2lMFU2fNYc4iYZgrN8wVq5t3pHxplNTOw/6DVernVqIu"
    "799t9W6MBcIoQiIfUwcNyJB7BPl8QlR+hebCClGxvA/LHA7F+Uqk3FCc3zjFKa0QrUszTr"
    "MoIBVKRbsrFXlk6mJ7LR2kQUEIgRAqF0LXAntlQijsX00I+dJ0A7sJPmq+Oap/Nj6BkgEl"
    "Uz8nBUpmt6TG7sOA0RQE6ITKHCiV7SqVfhgkLshkQPKlSsagXKtEAWcS2q5YtemPCbohM0"
    "RZeAJORcAB9ok6EfcoCWAHKPISjw/Q3ZjaY9TnnuBU2tmYMa7KNbPlks4DXztXPmWCrLF6"
    "qlZc/zm0FMSoB41R1I8W/DKh933+ucBt8ePP3RD6gJ9+SuLCY8g5OznvI3yBA8JXJ9yTpJ"
    "qU52L7tcpzNdqqsZHdshNMXROyEwCwbc62Q/2pi2dW+NqAdB0H3K850y0pT41newwC1tfY"
    "KKr4G2PmmLl0DQbMmzOvfq/BvAYD5s2Zx77Fh6YFpAQEtSOoHRXUjqJnKDVKnq90T8Uoao"
    "Njsntec6lWnau67seg7mKq2X9Iq9eIws0kSqnbNOBcg4F4MWee3zHjcm0aA35DPzxBfTqg"
    "bvQQw1VnchYFPmQdGe7ZY3prfE4oDYNTQnBKCE4J1cqT1CGfhFNCP90wR0dP1xjmLBIOJ1"
    "dtlCtWHHqFb7k3j9GFRaLE5mClh3API/ONbIfOPkcKtkNDOanGYak+T13bT1Jhqxlsh945"
    "waBazFVLyX7orMVqisVkRzToFdAroFdAr4BeqT2dW904XCMKN/LxCpT7G1Du3/nMroPWhn"
    "L/TzHMFUup+njUKMmnVPfBSsmUwCPYLwgJEyRMkDDtnFTYhLlFhS9p5DmnjIvZTgCw8XIN"
    "tiEBAGW44WePYP8mVxOGHeVqUEgTkIEgA0EGggzcOamCCrNKbwIAIQincWrEvC+wCHK+Ha"
    "iY9AUCpvoahE89qvY6Gp3VSWOA9LUOzPt0xAgx/T68LAy+Y1Dz2lJqr7HdPEHBVvOq5ZEZ"
    "R8V9mh+QX7kcF3mqFEgb3qFC7Zevetl72z7voDdXnbPudbd3mR3EsFM1Lc60XXVa5wVVmU"
    "FORCh5anEGBfIdtg7A1oGqzdfaeXzYOrC3w1ylAvEZD1j+I4YWvQf3lorl7AvYqt8k9jeZ"
    "CjSYISwFIx2NiHeI1KOkPX7nIz5EnBEUvQ/CzEHzFBdhjyDB0YAgyS5xUDB9gXxCwkdPT+"
    "hITl95+eWHVG/6zR64yN2mo8KomJv35ATESIb/WH17g8s3Coi/NZvHx6fNo+Nnz5+enJ4+"
    "fX6URMblrrIQ2e6+VlEys4TjsAnF7y0KPSh+b4BUqAmWRPvN7IOIYt7qnjmBbC9b2Qv/XB"
    "Uh1CIetce5KijqKpdAeGFUmY/LfxYZ8YN5dbFAKCxbnI2xZ1q3qKfrlUvmq+USNhJqcTSf"
    "Pi0hNPa80kpLp2Kn3Jz3aR8GyFVlwHBkvofsPjk6WoFdaVXIbtinxzImJWtONPvrundZFM"
    "sSiF46oDJJ+g+51K9jVCshV5FRLiN0xaDJNnWB9q7j2ff/AWIwtOE="
)
