"""What protects and what ends an account: second factors, counted attempts, exports, closing; settings; key rotation."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import system_only_policy, tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
create unlogged table attempt_windows (
    key varchar(64) primary key,
    used integer not null,
    ends_at timestamptz not null
) with (fillfactor = 70);
create index attempt_windows_ends on attempt_windows (ends_at);

create table mfa_enrolments (
    user_id uuid primary key references users on delete cascade,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    last_used_step bigint,
    created_at timestamptz not null
);

create table mfa_recovery_codes (
    user_id uuid not null references mfa_enrolments on delete cascade,
    digest bytea not null,
    used_at timestamptz,
    primary key (user_id, digest)
);

create table mfa_challenges (
    id uuid primary key,
    digest bytea not null,
    user_id uuid not null references users on delete cascade,
    tenant_id uuid,
    password_changed_at timestamptz not null,
    wants_cookie boolean not null default false,
    attempts integer not null default 0,
    expires_at timestamptz not null
);
create index mfa_challenges_user on mfa_challenges (user_id);
create index mfa_challenges_expiry on mfa_challenges (expires_at);

create table data_exports (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    sealed_document bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index data_exports_user on data_exports (user_id);
create index data_exports_expiry on data_exports (expires_at);

create table user_settings (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    category varchar(16) not null,
    key varchar(64) not null,
    value json not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint user_settings_name_key unique (tenant_id, user_id, category, key),
    foreign key (tenant_id, user_id) references memberships on delete cascade
);

alter table users add column closed_at timestamptz, add column anonymised_at timestamptz;
create index users_closed on users (closed_at) where closed_at is not null and anonymised_at is null;

alter table signing_keys add column signs_from timestamptz;
update signing_keys set signs_from = created_at;
alter table signing_keys alter column signs_from set not null;
"""

_SYSTEM_TABLES = ("attempt_windows", "mfa_enrolments", "mfa_recovery_codes", "mfa_challenges", "data_exports")

GRANTS = f"""
do $grants$
begin
    execute format('revoke all on {", ".join(_SYSTEM_TABLES)} from %I',
                   regexp_replace(current_user, '_owner$', '') || '_app');
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    policies = "".join(system_only_policy(table) for table in _SYSTEM_TABLES)
    return TABLES + policies + tenant_policy("user_settings") + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
alter table signing_keys drop column signs_from;
alter table users drop column closed_at, drop column anonymised_at;
drop table user_settings, data_exports, mfa_challenges, mfa_recovery_codes, mfa_enrolments, attempt_windows;
"""


MODELS_STATE = (
    "eJztXW1z2zYS/isYfbl0RvU4duKkuZubsR01dRPbHVu5Nu1kaJiEJNQUwAKgbE3a/34ARE"
    "p8N0lLMiThS2KBWJF6FsQ++8Lltw4MxWjvM0es8w586xA4RvKPxGhXfgiCeEx9FPDW15NC"
    "eZzrCbdcMOgKOTiAPkdyyEPcZTgQmBI5SkLfV4PUlRMxGS6GQoL/CpEj6BCJkb6IP77KYU"
    "w89IB4/DG4cwYY+V7qGrGnzq3HHTEN9Njnz2fvf9Qz1eluHZf64ZgsZgdTMaJkPj0Msben"
    "ZNSxISKIQYG8xM9QVxn93HhodsVyQLAQzS/VWwx4aABDX4HR+c8gJK7CAOgzqX9e/Te6tM"
    "Q0x7m47DvXvb7jdBpg51KicMdEKKC+/TP73gUgerSjTnD60/HVi8Oj7zQElIsh0wc1XJ1/"
    "tCAUcCaqQV+gjMYQ+3mgT0eQFQM9F8hgLS+1DcrxwALmxRKLAYwhWgGonTF8cHxEhnLtvw"
    "MHr19VoPy/4ysNtJylkabynpjdKRfRoYPZMYV4BmEHe4gILKaNoU5JLgfzx1f2ZiMeQM7v"
    "KfOcEeSjPOB99CCKAc8JbsUarwC43/utr755zPlffhLXF+fHv2nIx9PoyKfLiw/x9IQeTj"
    "9dnpTB744gGSLPgSKvhPcSP4HH6BFFpL8iow4v+o69+I8tU87Zee+6f3z+S0pD74/7PXXk"
    "IKWdePTFUeZGmX8J+PWs/xNQH8Hvlxe9rKmYz+v/3lHXJNkAdQi9d6CXxCQejodSih9gxo"
    "WjPzW46dJS9o5rccf5sAXuKSELewvYPcwDH04bI5+VawV+ZLN3FXs4kYyWOSErIK/lyKel"
    "LO4tjDtDA8QQcRHPA//z9eVFiUFPi2UNOXYF+Bv4mItVbTsJX+02xL7AhO+p0z6Hu6Zgql"
    "ZMVgcZY62+IKsYzB3pouNJwU50QqmPIClxnJNyGb3cSsFVKST2OdYL/cnl5acU9Cdn2UX/"
    "+fykd/XipdaDnISFHj676Bf6dRPEsDxRQayiEvW88Bqhn49sLPZy0UoLKgaUjSVBHWPSfN"
    "Hn5a0GGmhAs0efDjFp4d7lhJfg2G2QXd40v871KW/lxqcErY5N1jEklEzHuJ2ec8JW1ybr"
    "WtIOrn5+TstnpMRvSkhkVCvxWZWRfLkiVcqLlf99f/Dy1ZtXbw+PXr2VU/RVzkfeVGg7bw"
    "pdhtQvb7M/piRtdNPouyYMvJZqTktaNRunZpWDHtwl8qNq4Ba6d/eQeU7uCD2gZXPzh8YH"
    "4+wIJHColaTQjK5ztHcc4I9o2sml6aPxbnmiHgbYuUPTern6zjHw8BBxASjxp/IaKJCyAH"
    "PABWXI2+tkVF5LwOb513EzPSHPLxCBRDjNwE4JLRNzc/erRyFOGASOWENAEyKrhXOdGf3l"
    "oNk0iWIzV0+M4uOHJnAvJCzgrVKFyoIWRCkxgWxaliaMZbKRyamYpVG2B/STKMsxB11ifn"
    "J2cXz1pRj1k4KsyMmXfu84gzt3aVCUqTpmDJbAvhDJwL7K9NTzLfU/vmbzGg8Bloi28HPS"
    "kjYGZJqbk4vfh+3CfVlZq2mTNc3QhN610nNa0mrZZC3bIOTWqtmI6JRcQ7D3EFAmOrkIVe"
    "JYtzxKpUMTSE+rGanqjxCQ6g3HiAgdb0LQRx4I5TJi4GPvi9O7OL368kv/7PJCLpLTq14f"
    "QOKBOxQIMKAMQODBaRfcjxBDAE0QmwKGAh+7ELiQyL+hB7DIB7zWeF4bNzMiDFEeN7NBnm"
    "UGeWZ3khPfXM384QJh6xh3WzrGli9sLV8w1JnfnA1tI7RsBCu8RlzVhfSlm0jyvDB1tIIZ"
    "8tk8yYLkxJrc8AOlniZblCDA8ZB8jwm4x2Ik/+NI6trjXQA5kKwKKIMM6ED/HZ1L/g2FPC"
    "7dW/0tko6BVJ4zzwrXckbLB41gLDaPukZSaDLF3kA44920GaJpKeu32PSdCV7KZtFXU7Rh"
    "+Wtd/npGJljACPoMe00cq+CueD6rcfndjB6qB8EkJdTct4R51hOx1NEIo2Gp4xrtsu1etH"
    "vdi7Yfc0b9glLIcqTj+VuI78ujGvC+zHKXBbrqULb0kf6J3KbbcFrqCfvw5pRANNiGY3Sa"
    "Ltys3DY05Fj1+tWEE3nObcFmXMHZUlKWR2RA1VTaKfPyyxdwVm7r+vMd1TFvR+XW7ShPKK"
    "xLv60ufep5ctdFQbsEc0bU1h1uhJ6b2aOMmCVU6U3SPqHfsU/oP/d63bi9yD6hv7VqNiJb"
    "cK5ih7k8wXkUUSzLEKgwWM3cwBVycYBV1bGqJ/aREIgByFBUgfwOwHhwDKfAhYxN1RAmd7"
    "PqEhogwqUskOaVhqSgtHklZ7CZByPoQ1XmYaza3TWKzSRltjCweHhQw7E9PCh1bNWhotrm"
    "PMSPlzQXQGxrBGrXCEChlqooeMi3lCwnRdbHlvc3hC17ci9vTqEWUrZW2DT2ZH2hnVCzMS"
    "S5pB58cegRutyoEjzfnmpWGNOoo1WRyBNobfNMgs0hPJpDsA/prSmbGzI5o1kidyGyhb7C"
    "8pO4m5UEM2QJb4QNtlRrJ9RsBtUaQLkl+2qfQgVsK3m0inANoHrN2mxiTc51TcfolnpTMI"
    "KSMo3oPdGFyQwPRwLEL2/TIUZ6jziAwKUeyvOw9l9jQ45GkIZySmafmHmeaJilwkutC3vO"
    "kv2trGywLwfdIZaUVPy9vCe41CK9w01fUZYVtS9qavCiJpseWXJ6xPru27pdmeLU9Qijvm"
    "5xVeTULY52q506FE9s0G6PI5ehmk3v9sCvWC7hUIAbuRAGmI21Lb4BWPc54YBQ7dzplnhk"
    "qhqlDIub7a3lrE9wGc0h1bvhPEad3mbLopkPmRO1rmS3pSuZvL0aBzAzsraI3zRjV9wMnA"
    "sUFN1ww1KymJdtRRkN025EGn84ODg8fHOwf3j09vWrN29ev92fs8f8oSoaeXL2QTHJlIZt"
    "nfoO3W6mcMsr5FLVkfiUesU5g9SERxgmi+Y6Ki7fgGXq94fNYv2KA9xCjhT5exGRpm5Unv"
    "Gd6qGM3RHoUyYolpNcSAgVgMOCLinL/OICrvhHktJFkeqvlkCaSSBt9uHZsg+tHr+x7xKx"
    "lqvScl0hjsQVkgrlBVGR1NEKm8XUPGm19MSa9upHyqSxkKttop6U8Tz5HRzcQw6GeILIO9"
    "XlX5kIFX5QWezFozHK8PhUvUAFhAFQj1KwLlBxCzpQgQkVpPgXV41kRwXP6aztrE+IipjX"
    "GsigosclNgYqN3PWX7C77hrae+c33PhAxV4bNZStucteRj21kae6antogl05S1X+cKobbg"
    "/gGPtTtYsxNJDYjmYl23wPvNe8jTco/171yWxxkuHuge3EuFNNvA3JgTZA0w0Zk+SotCNV"
    "lR+bl7X+bLelPxswaRxoyFspokC4pSY2x6NdXS5KFf+0ux+yolYJLZXAqGjpbqQlbYzHNG"
    "9jc+ubrJpbqtm+FniXtMwQ5EX95ProoSSvn5fchu68Vbrt/dZPqTUOxRUbzXh6InR3quxo"
    "gVsEh4XvuizHPi21FU/Urhv4KGbeBPWEiIW8BeQ2Gr0TJkUXfHGESAtFZ2Wtqo1TtRmJBz"
    "wkEuSPaNrJ5x4Wx7oV6YfZLOcOTRsUJgUMT+RSAwFkNcvR/w0gYHKtMuTp6iOCsE7MqvOr"
    "WnQGJohh+aNVknYKxpQVPAe93lMvOT1RnuYtjO1ufmp39f1soiL2aEmoNdws5FUsb8PAWV"
    "5TOwwc3vrYba6HtJzFvy3+llluLd1IdVBVhssZMDpuqua0pFWz0WqOOEuryGNS0kYeTdOy"
    "Eb7DORrfIsZHOOjkfIfEsQrfYTyftYRnGuZlI10QFTws77GGFt9d+GRDqrQlLsuo/XCDWd"
    "U0u1HBZMttllluY1+4ucoXFnJHbp540rTrS0pujS1f4uW7sR1f7MujOvblUc+9+24EX7Uv"
    "j9oJNRvhlvQ14e3kXJJovMIdmVHleq5IuU7tQwlGkM5ySq//z+FcXq4Qz98KErruWgXuh8"
    "MmjD+eb5NZJcmsRDgAI9YE2nj++tZxZ8AQWtXmsGp3yrL7jmX3z74nbwLts+x+J9RsBLs/"
    "nrXM/VXqUF9ahuSnD1dw/aj1rnOvZ9ZMP3wmPh0O9dtbfR8wFPjYhRxE/SAIwGL2dDMc6L"
    "e9ApdBPlJPN6cSCnq6XCiAC8iEqhlC9/l0xIrP9QQvpbA6o5x2FBdlWEJX621bBQ5hKf2I"
    "p6+Pe6wS62U3kyZeqyetFmK2jbQ1SAUG6TNH7BoJMQM6Y46SByuMkc4Y8tm8un08BrqBxi"
    "yDrrZ99WkWwHoHhurDPRYjbQwWWfY9cDOBfohuVFL75k9OyU0XqKS1/vv25h24Q4Hq7qza"
    "HbnyhxS09Fjfeetn0NXSlnfdkDJtapTFqZ1UtzE32wjEHEdgSxqBbCCcyQ2kLrVNymxFdH"
    "jVMbXndB2Mgnb50WBtYJukNeYCWwHvuvMaNjrcsdHhZ1/Zm+Cl2ejwTqjZCGf8GDHsjjr5"
    "sPBsvFsRD17MMKb0o9SUFFL4AisSuZLmBlSXYkXKvc5SI11OOcut9Gbyomyz5Nc1eKecVd"
    "Es+XWWeapbqgHC0fQtRPfl/n4dh2l/v9xjUsdyL4cShV1tfr6+vCihRAuRrKHErgB/Ax/z"
    "TcwJVICrwKjm+Fk6nzF76gsUx39WM/bP/wGii58D"
)
