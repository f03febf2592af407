from tortoise import BaseDBAsyncClient

from shared.db.schema import CURRENT_TENANT, drop_messaging_tables, messaging_tables, system_only_policy, tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
create table users (
    id uuid primary key,
    email varchar(254) not null,
    email_identity varchar(254) not null constraint users_email_identity_key unique,
    password_hash text not null,
    password_changed_at timestamptz not null,
    first_name text not null,
    last_name text not null,
    display_name text,
    avatar_url text,
    preferences jsonb not null default '{}',
    is_active boolean not null default true,
    email_verified boolean not null default false,
    is_platform_admin boolean not null default false,
    last_login_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
) with (fillfactor = 90);

create table tenants (
    id uuid primary key,
    name text not null,
    slug varchar(64) not null constraint tenants_slug_key unique,
    tier varchar(16) not null default 'free' constraint tenants_tier_check check (tier in ('free', 'pro', 'premium')),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table memberships (
    tenant_id uuid not null references tenants on delete cascade,
    user_id uuid not null references users on delete cascade,
    role varchar(16) not null
        constraint memberships_role_check check (role in ('owner', 'admin', 'manager', 'developer', 'viewer')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, user_id)
);
create index memberships_user on memberships (user_id);

create table sessions (
    id uuid primary key,
    tenant_id uuid not null references tenants on delete cascade,
    user_id uuid not null references users on delete cascade,
    current_digest bytea not null,
    previous_digest bytea,
    rotated_at timestamptz,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text,
    user_agent text not null,
    address text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null
) with (fillfactor = 80);
create index sessions_user on sessions (user_id);
create index sessions_tenant on sessions (tenant_id);
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;

create table signing_keys (
    id varchar(64) primary key,
    sealed_private_key bytea not null,
    public_key bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz
);
"""

# Users, tenants and signing keys belong to no tenant. A tenant's own work sees the tenant itself and the users who are
# members of it (the inner query passes the wall of `memberships`), by columns: no password hash, no token digest, and
# nothing written but profiles and the end of sessions.
GRANTS = f"""
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on users, tenants, memberships, sessions, signing_keys from %I', app);
    execute format($sql$
        grant select (id, email, first_name, last_name, display_name, avatar_url, preferences, is_active, email_verified,
                      is_platform_admin, last_login_at, version, created_at, updated_at),
              update (first_name, last_name, display_name, avatar_url, preferences, version, updated_at) on users to %I
    $sql$, app);
    execute format('grant select on tenants, memberships to %I', app);
    execute format($sql$
        grant select (id, tenant_id, user_id, expires_at, revoked_at, revoked_reason, user_agent, address, created_at, last_seen_at),
              update (revoked_at, revoked_reason) on sessions to %I
    $sql$, app);
    execute format($sql$
        create policy members_of_the_tenant on users to %I
        using (exists (select from memberships m where m.user_id = users.id))
    $sql$, app);
    execute format($sql$create policy the_tenant_itself on tenants to %I using (id = {CURRENT_TENANT})$sql$, app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    tenantless = "".join(system_only_policy(table) for table in ("users", "tenants", "signing_keys"))
    owned = "".join(tenant_policy(table) for table in ("memberships", "sessions"))
    return TABLES + messaging_tables() + tenantless + owned + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_messaging_tables() + "drop table signing_keys, sessions, memberships, tenants, users;\n"


MODELS_STATE = (
    "eJztXG1z0zgQ/isafyozpdOWUhju5maSNnfkoAmTuhyFYTyKrcSa2lKQ5LYZ4L+fpNiJX0"
    "NsktZJ/QXq1a6tPCt5n921/d2AgXAPrjhixhvw3SDQR/KPmHRfHkwmkUwdCjj0tFIgx7lW"
    "GHLBoC2kcAQ9jqTIQdxmeCIwJVJKAs9TQmpLRUzGC1FA8LcAWYKOkXD1JL58lWJMHHSPeH"
    "Q4ubFGGHlOYo7YUdfWcktMJ1p2ddU9/1trqssNLZt6gU8W2pOpcCmZqwcBdg6UjRobI4IY"
    "FMiJ/Qw1y/DnRqLZjKVAsADNp+osBA4awcBTYBh/jgJiKwyAvpL65+SvcGoxNcvq9U3rsm"
    "NallECO5sShTsmQgH1/efsvAtAtNRQFzh72xrsvTh9piGgXIyZHtRwGT+1IRRwZqpBX6CM"
    "fIi9LNBnLmT5QM8NUljLqVZBORIsYF4ssQjACKINgGr48N7yEBnLtf8GHL88WYLyx9ZAAy"
    "21NNJU7onZTumFQ8ezMYV4CmELO4gILKaloU5YrgfzX6/s7UZ8Ajm/o8yxXMjdLOAmuhf5"
    "gGcMd2KNLwHY7Hwy1Zl9zr95cVz3LlqfNOT+NBx53+/9E6nH/HD2vt8ugt92IRkjx4Ii64"
    "RziZ/APvqFI5KnSLnDCc9xEP2xY87pXnQuzdbFh4SHzltmR40cJ7wTSfdOUxtlfhLwX9d8"
    "C9Qh+NzvddKhYq5nfjbUnCQboBahdxZ04phE4kiUcPwIMy4sfVRi0yWtmh1XYcd5sALuCa"
    "MG9gqwO5hPPDgtjXzarhL4Ycx+qtjDW8lomRWwHPJajHzSqsG9QnBnaIQYIjbiWeD/vez3"
    "CgJ60iwdyLEtwA/gYS42dduJ5WrDAHsCE36gLvsY6ZqCablj0j5IBWt1grRjMLdkio5vc+"
    "5EbUo9BElB4hy3S/llKA035ZAo53hY6Nv9/vsE9O1uetFfXbQ7g70j7QephIUWd3tmbl53"
    "ixiWF8qpVSxFPWv8gNDPJVuLvVy0MoKKEWW+JKg+JuUXfda+8UAJD2j26NExJhXSu4zxGh"
    "K7LYrL25bXydsUVz8/4+UuKeBZMYuUayU+m9pURxtypZys/O/58dHJq5PXL05PXksVPcu5"
    "5NUSb2e3js2Q+uUV9k3SsqmG1HrXBBOnopuTlo2ba+dm1bMa3cT6KUowhPbNHWSOlRmhx7"
    "RINzvkH/tpCSRwrJ2k0Azn6R5cIs5nuKf6etHAfnFrj89UVuvuGX2CAMdjgpznmAAH3WJb"
    "akHiAE4BlYMj6GNvCugIyDRPYusCQW+QzLDAOR4jLrjU8qZy/nQ2ADAHXFCGnAMjtWA2fr"
    "GmI/kQ2/g3OpICEUiEVQ7shNE6Ma/vnfKXEMdCEUesJKAxk83C+ZC9x/WgaQeMIbnYHH27"
    "yck8MYFsWsDgMrbprHMqZiWy3Vmo7bCCNY/mH1uDdrfXGlznFyLbORWv9rXZaWVLkbeYBr"
    "ySI3KMK3piexLPTTmCUVGR6SYtmypA3Yhuot55P8HydBW8nLRs8plau1neFyVrrrSZE5bN"
    "Zt4GLzMEeV5lr7iFmrVs2qjl26iaXsusnuTssmLsk1bNMxtVnhtwHLmNcnrXSx4aWJg0kF"
    "eAvKl3P4mQopt6HKHKDcGYbePq2rm6HjVvPCYS5HdoamTL3oux/SWV75mWdYOmK1a/TReB"
    "CcO3cqmBCWRC15MR9JADArmUGHjXubY6vbPB9Qez2+/JhXI26Jh/AAiYXKtMqslr6ZI2Vz"
    "VpnzKUrXpv6iJrrnYXv6uQWyrc/vcTTld5PeG0+O2E0/DlhOJy98zLVuh8tS7LFbLy7Zuq"
    "YpqrrFxVDIYetsv7IWnX4F8V/4Yt7iyFSBYgdNiqVGaKWzZlprp5uRZE8QL5Q8S4iydZoh"
    "gbW0IU/blWCZ6oSBgmQFItoAL+EHKkmNzevD29D8LG6rN9cOdi2wUmZYJiqWdDQqgAHE7z"
    "6eEaz53DCr8kW+hR+/frqmyxXl37p/GkRNPWX2dbn1Ev592J4own0t+JmmAy6zk6XSHrOU"
    "oHlkXWo4YaVvdE4n3zzOuTcHMtaJ2pCUOW0oXyJXRuRjWaz9nsOCUq+yp28/77bzT2uBeM"
    "yzCmSL+pEhdUiWPpFJ59m2tVaCP9h1vHxoghtKmbw6bpaPNGm9G80fbo9+RtoH0Nu38Sbq"
    "4Fu28hhm3XyLD7UL6E3cOFRm3IfWEoyeX2OVEk5DP15UBriSLFXL4wSBfToOIovZ2MPv2x"
    "xJcrECGpteRjiS/TVEhtqRIIh+o7iO7R4eEqNPPwsJhnqrEUM6JE5D7kW/yppJjJw38m6X"
    "FC5No+iPSoYezn/x/olXg="
)
