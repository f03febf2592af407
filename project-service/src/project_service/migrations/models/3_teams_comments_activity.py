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
    "eJztXW1zm7gW/isaf9nsjG+mTV/S23vnztipu5vdJO4kTvelk6EyyLZuMPIiOam3t//9So"
    "AxYKcmAhlMzoftbABL6Dni6HmODoevrZnP/ktscdghPrUnrbfoawsPufCxLeQfI+xy0kYt"
    "PJvJv5YXt+SRIbZv77HvWKNba0SJ63B5waeb5Bl2xDKnHCxw4tDXls081Rf1BA+6nuIvlk"
    "u8sVB38vzZs2/qR0PLZu586qk7UDcSHnPICM9ddZMty7roD6yr3sCyopNBH5ZYzEjYrrrq"
    "Y+fy5OfO5YFs9kd1GZNjdIk6cxGdOgrPBZ3GrXtz1w0OcNunM0GZlzjIbHn71BuvDq16Vi"
    "2fTLD/Xh1RHY6JR3wsiJMAlnoO+ZI64uEpSYxUNYuHwX0ur5gtxIR5cR/yDtSFc4/+NY8v"
    "k2PYgu7Rq1dr6N4Rn6sBFkRYNv0gwsG5eiCcGG2JKK+BKs8L4gldUH+56l+o01PO/3KTWB"
    "6cd37Pwnxy1u+qQzPGxdgPWgka6JYJuWpQE/IEFtshd6gt0P+QS7nYAP3NY+4/66PCO4z/"
    "nB5NMxdMsYfHwRCiJpYjyPhLBf+am5tF3QU2zD6EY9XMP46evzx++ebF65dv5PUBCPGR47"
    "UZRB3dyXN6MSjT8qee2Gh44c/Tdo8OLEELB7Dd4tRLW1o1o25fRD9r4Rj18BpLsDERE+IH"
    "0KtLY/sIge3JVE62MzIS7C64ZKdrG54LZnnsPtlVdMjCTvLp2OZBOPVsojsFBqfnvatB5/"
    "xDyom86wx66sxRcHSROXrwOuNY4kbQb6eDn5H6E/3Zv+hlfU183eDPMufdOznPBJ0STa8T"
    "45fD50Q9HS7/J+fSGj7V/zw6evHi+OjZi9dvXr08Pn715ln8eK+fWn/OOf1b28zd05/Uw5"
    "6yWslPf5eOH3IAeWzwd04TZJ1A/pVWLi3YE5a+uwyW1Rfh5E9O6+vr03dlIqna08QxNcbt"
    "YM7n1DkMbj/PCtrqeIgNlRtEYoIF8hjCsR9FPhlJxoQEe4uYR+R/iAqO7vECUa+NmB8cvZ"
    "8wTpK/ohyN5YnDVgYY032ZWPPX15RHr/8lLu6PmK2tf4/mnq2sjIIZof55+Z/WLiawJhXY"
    "PHHXCUFsEqlsQpvwPPSg67Lh/hICweb2hDgW1lYVwAoyIJqmBo8i/EWIwI4ofz1W/ILauh"
    "vJ5fgBkNK6e3rRufwjFtfxU3DWv/ipu0Fed/8Y9Drl0iwP+4tSBXbkgzOwDxeCcE3gb8lM"
    "WMNFg4lWYoRbkfwey8qDJp/go1evtX157/fB9yNEqUm8vDwbNioR9gH5ou01YihMxuRAKR"
    "RWCihyNZKNS3WNZsRHYY+H6Ff56CxPczTBdwR9jh6nz/9CTBEyxeWpZP4MDUlI9olsxQmo"
    "fXiQ38tfbFANu+vXgIIIaCdohmo1w1Aa4SGR8CnhgFYP0E1KO5ywqRIcrb2VD7ZPFPQgH4"
    "rIhzSI5cmH8sxMHApWLmjlFIZbeeDubTyfOfAoFzVyGsRaRQLU/OPlhQKeaUOsHweIh1Bi"
    "IEAHyoLJDetgPq8AzEflLOjHVaQ3mjC/2fooNcZi+igPpEPmaIdLGqXwl0CY1PeSnlOxaP"
    "b8TY3R/PyNuguag2m8hofJ2Uy5xNol6s40ke/2+2cp5LunWWivz7u9y4PngRnkRZL2bl71"
    "lqPTDG4z5hLsaWKeBmI75EPZmybmSuHLoUlWOOdErRLaLEw9c59uypy1Hd/HuhsEm8e1Hc"
    "oHsvDyQDnDPml6sDU1RuP7BVFsqeGQpgZpHFPYEii4JbDT9NtlDLYNsfRKY+l2aIdcOTeR"
    "zXoO3ePYuU9mLrYh4lYs4pZB0VjIDVR4lSo8cg7NXlPTgzSvw4GnFE1d+E2lG2MUGQ5xTB"
    "00JCPmE8TZlKgnA4X7PohuyEB4/M/N8Z9gLQUOVAsOZMUbHTmJ0JXAe/xSEiQRlMCDTCUR"
    "wMoMK3PdV+Y8kEYxygYDmhhhEwIywZoGhKQehIRLYzyc6Jh2j8t5mE51fE+DFoGiAEWpb5"
    "4j5MCVYOYa58DB23CQBFdFEpyLvfFcsh6IF2fA2LoXqx8ynmExAbwTQJiMz6s+rFsCGyJZ"
    "MIyC/qRzNwzFCeAFWniBts6xroqDM4GMb0NUptKozEgaIdf2kLLWyUTyrZ2HXkCsPSjWNh"
    "Pd/dJqFaG5I7mmnq9mL0iJEZqnVKB+2ztXv0y7uHWj0GZlV76GMEOlYQZQvOW7Z1C831e8"
    "ZbtmELwlpV1GbBA51FEVl1QdV+WEHsyz/N71hqRyJL7amrXdC1aB1p9i1daA3lkR+IAG24"
    "GNHs5uWC5sab+8lCLrWQ4Dn+yj3A6xYHP9Gpj1KBKSHkfTNkmrQNSM6i7HxQkmsGuZL3ev"
    "j3uhWvfp4ZmMeQArKcpK+l5YQzJy7mEt+glW5SMdFIRs5Qo0Icgj94SLJRv5gcthTofEby"
    "PsKV4iDc7XKUzZjRviO8Ha92i2U63Oq882QTnKbzPLEdIyufYMPkTcBHI1n3ISX/1zNaPy"
    "LWDmImZOg7g16AEZuXtp5Rpn5EIWaX6Kjn17Qu+efOmuJAzb4S5QuCs5OF3n06ToeAYPgy"
    "HyoEeAfAWEyU01du81/dXI5BDNb6hBKKV0SO8op0Mq1yPIMF+HQ9c5VJxK+mEVQoBs0gqz"
    "SSN7PCY41JE43KnZt7dBImbbc98HYVlMWGZQNKYs16WQLRpfVD4xxK1Uu+j6Gu6BO8uHrc"
    "AaW5/6xOtj2j4/C9QmhkLxpc9KKBS/Ef4lHpBpWXA67zrTEoRh+ZCCb4hwL+gUNiQ0fKbO"
    "Z0R5kFdA7qTz+WFDYsJDF5kTjLH4aINwrINwtHDCIDkF5Ht8x/xwd2FPBSRkGbSK68eqil"
    "YCuwF2sw/sBopW7ktdhOy6BtykHtxkFBnkO693pNzk5uKVkXXPicqlBc4CnKXWmZGQM1eC"
    "mSFnLg/Itc+ZA6ZvgJb6zIWgWxIIk5F4kFUgqx6/ejVLVkXEuw2iqhaiahqYoxRJNcDjFu"
    "ipp0y0q/twkct8YDFJJCCjvxkZ/SB6YHujah5eD+Ko6AWwxnqwRoHHuXLMr4T03GNyzXee"
    "HWCkQo2kv4bLcFVUm2Y5MN3w3YaMo+5CEI7YCGHXRbdkJpA0iVBfhQ8OotA/rSchPeJ3Bn"
    "xNYsIW9zW7XGbq43JKWXjWPA8PDWPNOcnjeAaY3+7a5YAYfRJitMSyJ3IGg4mLlDyJAdwq"
    "d2Hrdi8tXOOtWywEtifBx1IbUGpz02hK3MyFvXHD9WQ4p2OPNPxTF5lRbnX6hV+ljCjEUL"
    "tUwR6Amh6k+eAblOLJkJidleKRE5AWgf1d/7p71kMfLnsnp1en/Ys0AQlOqkOrYlOXvc5Z"
    "mSi/dxnW/qZFYvDbJ/lI9aQdsqcqTxXKm2TBgH2Sgq56558TEVjMC5UQaMw8XkEBCWLFJv"
    "Gu3yqmAjIcSQoJ3Rlc8T5gENNtww5gpTuAQhoh19afslYnDiq0IBb/lMN49Y/FQ7S2BDPX"
    "OFoLwcRtcBbMjTD/3Z5CM7tQekT5X36GUOMuuP+tvBWg/gkgTGrXKXEoDtsByLNwQDo2pG"
    "PvjZveeTq2lIrNRjQxQshu38Mg4tx3wcWucNBczWoQP0xEpNoQSaw8kmit0o5yBxVPgvSk"
    "JrxOUChtrO6a2UQWGdAx2PWFXd+9nMRmv9f8q3pPaLhQrwf5dDwm/iEaTAjy2X3w1hBTX1"
    "yOvrasPp4cmhVhnyDB0JAg7DjEQfPZW8QJCeofT+lYDk42v/6GkunODFGfk6VDfhzrKWep"
    "05/b1a5zEQUqzImyS9xmNhSsmbmJ0BkeEnfXRAg2Vmu14wYbq0/CzLCxmgfkum2sbhB8UK"
    "cG6tQ0cmNE9WHdEkh6z4IBu1HL9vYk/AFqfJ+KA62EUBvi+dXH811lioerSSYdY+K5TpeT"
    "HASTc98L9GNusRFIHm3JE+NnTO2smcyhfObihQXEcflqagYQg2SdTDGFPfYUEqbRBrqeRH"
    "wDXy8bdcrD7+vp50n3+2cp1LunWVivz7u9y4PngQlWL2KXHTBnzCXY04Q7BcN27z6UnekD"
    "Po3LjT9pwFcwGAU8eJAm2HPglUuyAQ/DwS5APhOC2Qny8AWVh7+gUjbW8LWPIlkSKktBsh"
    "xEvSDrQInfIeZEffL5II4ItVF0Cz+20f2E2hM0YL5gVF5nY89jAnG8WE+KKLltE5GiZFih"
    "DcVdtWJGZoq7Rq1u+xZJqvPNnyL5GG3k7W3YCLIiWsVjRzv6DolW1UiV/KVr2pJVRYFqkc"
    "tRlLhbroOmQ1wiGoBnYhwVIzqiLim7nmlFoKaHUjGuUQbP3oOaGEfFiJaeeFQRonUu6iCY"
    "wK7V5NIO6RGaTP6ShHDCGq5eU2M0n6oB9R12Wt+Bc6mwAe80FgajXZDeBeldTzy96+OKHE"
    "FyV4XJXRFJzfud4CWnvbn59u3/XGfBUw=="
)
