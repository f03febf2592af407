"""The audit log: a chain of entries for each tenant, and where it ends."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
create table audit_logs (
    id uuid primary key,
    tenant_id uuid not null,
    seq bigint not null,
    user_id uuid,
    session_id uuid,
    api_key_id uuid,
    action text not null,
    thing text not null generated always as (split_part(action, '.', 1)) stored,
    endpoint text not null,
    method text not null,
    status_code smallint not null,
    outcome text not null,
    ip text not null,
    user_agent text,
    request_body json,
    request_bytes bigint not null,
    response_ms double precision not null,
    trace_id text not null,
    created_at timestamptz not null,
    previous_hash bytea not null,
    hash bytea not null,
    constraint audit_logs_place_key unique (tenant_id, seq)
);
create index audit_logs_newest on audit_logs (tenant_id, created_at desc, id desc);
create index audit_logs_actor on audit_logs (tenant_id, user_id, created_at desc, id desc);
create index audit_logs_thing on audit_logs (tenant_id, thing, created_at desc, id desc);

create table audit_chains (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null
) with (fillfactor = 50);
"""

# What is written stays: neither role can change or delete it.
GRANTS = """
do $grants$
declare
    prefix text := regexp_replace(current_user, '_owner$', '');
begin
    execute format('revoke all on audit_logs, audit_chains from %I, %I', prefix || '_app', prefix || '_system');
    execute format('grant select on audit_logs to %I', prefix || '_app');
    execute format('grant select, insert on audit_logs to %I', prefix || '_system');
    execute format('grant select, insert, update on audit_chains to %I', prefix || '_system');
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return TABLES + tenant_policy("audit_logs") + tenant_policy("audit_chains") + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table audit_chains, audit_logs;\n"


MODELS_STATE = (
    "eJztXVtv4zYW/iuEX3YKeINMMpOZnV0s4GTcNm0uReLsdFoUCiPRNhuZVEnKjtH2vy9Jyb"
    "bukRRblh2+JDbJI8nfoXiuPPyzA30xPrjjiHU+gT87BE6Q/BBp7covnrdoU18FfHD1IF/2"
    "cz3ggQsGbSEbh9DlSDY5iNsMewJTIluJ77qqkdpyICajVZNP8B8+sgQdITHWD/Hrb7IZEw"
    "c9Ib746j1aQ4xcJ/aM2FH31u2WmHu67e7u/PO3eqS63YNlU9efkNVoby7GlCyH+z52DhSN"
    "6hshghgUyIn8DPWU4c9dNAVPLBsE89HyUZ1Vg4OG0HcVGJ3/DH1iKwyAvpP68+6/4aNFhl"
    "nW1fXAuu0PLKtTATubEoU7JkIB9effwXVXgOjWjrrB2fe9mzfHJ99oCCgXI6Y7NVydvzUh"
    "FDAg1aCvUEYTiN000GdjyLKBXhIksJaPWgflRcMK5tUUWwC4gGgDoHYm8MlyERnJuf8JHL"
    "1/V4Dy/3o3Gmg5SiNN5TsRvClXYddR0KcQTyBsYQcRgcW8MtQxyvVg/vzM3m3EPcj5jDLH"
    "GkM+TgM+QE8iG/AU4V7M8QKAB/2fB+rKE87/cKO4vrns/awhn8zDnovrq+8WwyN8OLu4Ps"
    "2D3x5DMkKOBUWaCZ8lfgJP0DOMiF8iwQ4nvMbB4sOeMef8sn876F3+FOPQ596gr3qOYtxZ"
    "tL45Sbwoy4uAL+eD74H6Cn65vuonRcVy3OCXjnomqQ1Qi9CZBZ0oJovmRVOM8UPMuLD0tw"
    "ovXZzKvHE13jgX1sA9RmRgrwG7g7nnwnll5JN0tcAPZfZrxR5OpUbLLJ9lKK/5yMepDO41"
    "hDtDQ8QQsRFPA//D7fVVjkCPkyUFObYF+Au4mItNLTsRW+3Bx67AhB+o227DXFMwFTMmyY"
    "OEsFYXSDIGc0ua6HiasRKdUuoiSHIM5yhdgi8PknBTDFnYHM1Cf3p9fRGD/vQ8OenvLk/7"
    "N2/eaj7IQVjo5vOrQaZdN0UMyxtl+CoKUU8TNwj9smVnsZeTVkpQMaRsIhXUCSbVJ32a3n"
    "CgAge09ujSESY1zLsU8RoMux2Sy7tm19ku5bXM+Bih4XGbeQwJJfMJrsfnFLHhdZt5LdUO"
    "rn5+isvnJMduilAkWCvx2ZSQfLshVsqHlf/+efT23Yd3H49P3n2UQ/RTLls+FHA7LQptht"
    "Qvr7M+xiiNd7PVb43vOTXZHKc0bG4dm1UMevgYiY+qhgdoP84gc6xUDz2ieWPTXZOjSbIF"
    "EjjSTFJohs85Puh5+Ec076TC9GF7Nz9QDz1sPaJ5uVh9pwccPEJcAErcuXwGCiQtwBxwQR"
    "lyDjoJlpciMHH+Jl6mF8T5BSKQCKsa2DGidWLe3vXqWYgjAoEjVhHQCMlm4Wwyor8eNKsG"
    "UUzk6oVefPxUBe4VhQG8VqhQSdAMLyUmkM3zwoQLmqRnci6CMMr+gH4aRjmWoEvMT8+vej"
    "dfs1E/zYiKnH4d9HsJ3LlNvaxIVY8xmAP7iiQB+ybDU9ub6r/+loxrPHlYIlrDzolTGh9Q"
    "28yclP/er+fuS9IaTreZ0wxN6WMtPscpDZfbzGXjhNxbNrfDO+U7WJyNJaidtIdq1dct8F"
    "KpUSqhF5OSnqovY8QQEGMENBWgQwBB4JMAiDg87aoqRfECX1W7vCivw3PF0R9ZdtMoN1gV"
    "EjQXqNrkbokgVvWvo6Pj4w9Hh8cnH9+/+/Dh/cfDZdAq3VUUvTo9/04FsGLrVzqilb1vos"
    "hWzdkwYSzVQku1PSv7BR3lrOuq59lV3aWjkmv6DZ1xAOUirYIJAE0RA1L8IecA3DMkeS8t"
    "iwfqzO9VfOH+d07JfRcQKoLPD/efABZcruhPQg3wIBNqjZ+NodCrvpqGqmMCHXmHYVpANH"
    "97ExlpuXxpl0xv78JXwZdvRHbjIntrwajdsekrTWCu8p0qAhqnMpgmduwEWQoVMY1TGUwT"
    "mGrZWyWOt6IwcbwacTwxVk9TAe8lgYG7BtyIOB4N1YCyiEdpDOg1QJ9IQ4VmLNL5kK8oDO"
    "A1AOcCCp9LPJ2MDJjbCXTdfMU5TrpPCvTx0YeTpcqsvhQpybeXvYuLtFZMfWHTanlFERIz"
    "mWtMZuxVQTsYbYCuAbQ236AEqZJ0jFOZHfDVcY/6Casgn6Qz2L8A+0VcobyLKUW6T7KyYW"
    "eTNEg9+RzImmQw4VuXwlwexOgSHBgqwh3kQQGcn6/vTi/64Keb/tn57XlY9WGZUKA7VdNq"
    "o/VNv3eRNDklI1Cm16TA6ozQGOFaY6Ex6TS1WLEL6TSJPPgpptKAqh7xTpGa0HfyVSubpG"
    "3SDZrBvBXpBnL1hP0njzLRSSUcRPq6+SkHOpKL9LCSSQeDMQKSC/5Emj164yKCLnKAL7nN"
    "wI/9r1b/6uzm608DKaElL89u+gMAiQMekSfAkDIAgQPnXTDT2WUqaWAOGPJcbENgQyI/Qw"
    "dgkc42aPC+Js2gibfxBWkGZrfgegO06k2yFi9XNemRQWwESV3hbTTlV6Ept2hX2O4saDvB"
    "5VZohbdB6syAPqKMDQax3gLNcJGAI9TAkrrhd5Q6WtmiBAGOR+SfmIAZVnF7qa9JXju8Cy"
    "DX+Z1KIKuET/U5vJf8DIXsf0TBVaQ6BmIFM9JaYSN3NPpgKzQWk3baoFLYZhV7B+HcchLk"
    "7oj5CpiaOhDbsVJ2S31tCzeM/lpWfz0nUyxgCH1Ce430FeiueDmqch23QD1UFcWlSqh13x"
    "zNsxyJUR1bITSM6tigXDbH4L2+Y/D2H3NG3Yzc13ykF+P3EN+3JyXgfZvUXVboqq5kDT36"
    "O7KrLsNxKrOfKRvTqhM3SbcPuZWbnr9a4USO9ZCxGBfobDEqo0ckk/WUKm3lWfn5EzhJt3"
    "cHvZ6UEW8n+dLtJK1QGJN+X036+BZXG3n1AswJUlPAbif4XE0eJciMQhVfJM1RLx1z1Mu2"
    "5+vOrUXmqJe9ZXMrogWXyneYihNchh7FvAiBcoOVrbKGbOxhlXWs8oldJIQqdMZQmIH8Cc"
    "BF4wTOgQ0Zm6smTB6D7BLqIcIlLZDilfokI7V5I3cwkYdWqA9FkYeJOje1km8mSrOHjsXj"
    "oxKG7fFRrmGrurJym9MQP5/SnAGxyREonSMAhZqqImNLa66yHCVpTls+3BFt2ZFreXUVak"
    "VlcoXbpj0ZW+hVsLk1SnJOPviq6xl1uVImePqcwyAxptLRiFkkL1Brq0cSTAzh2RiC2aTX"
    "UDTXZ3JEtUDuimQPbYX1B3F3KwjWkim8EzLYqFqvgs3tULWGUC7JrlqnUIa2Fe0tUriGUB"
    "3vEwwsqXPd0glSBdHU0QmAj+mM6MRkhkdjATzI+YwyR7sY6QxxAIGqdJnWw+pfxrgcW6E0"
    "5KtkZsfMdrxhRhVea17YNlP29zKzYbGqK5Ej5U0d5SjnEkZLap2WFGX8TL4TquI1fcQZpu"
    "UppS6CJJvhSdKkdJC0m2LusqVh6XB9fRFj7Ol5svrh3eVpX1qdmqOrQpRpb74Jj6w5PGJs"
    "931drtpi1PUJo64ucZVl1K16u8VGHVoMrFBujyOboZJF7w7AFyynsC/AvZwIQ8wmWhbfA6"
    "zrnHBAqDbudEk8MtdHqmQX22vkri8wGdujVL8O4zGs9BZMi2o2ZIrUmJLdmqZk9PWq7MBM"
    "0Jok/rYJuyinXciFJVcs+d4IlHEQSFGB/jRtLZWxZdzdToF+EzDY29etLbrlDbKpqkh8po"
    "6eylIvYwOe0TBZOFYfZFVBy3xEc4ADX7/SAR4gR0r5exMqTd0wPeMbVUMZ22MwoExQLAfZ"
    "kKhjnTnMqJKyzgtn6Iq/RlW60FP9m1Eg26lAmujD1qIPtbbfcKMoGslVJLluEEfiJjgLKi"
    "22Yr0FMoupcVZ4pFRJefUtZVJYyNk2VTtlHEdeg4MZ5GCEp4h8UlX+lYhQ7gcVxV5tjVGC"
    "x6VU1Xv1PaC2UrAuUH4LOlSOCeWk+AdXhWTHGft0GrvrC7wi7SsN1KKkxzUWBsoXc8ZeMK"
    "tuA+W90wvuoqNgrQ0LypZcZa/DmtrIUVW1HTTFthylMn841QW3h3CC3blaxRgaSmzHQco2"
    "PwCftd7GK6R/b/pmJjmp5eaBqcT4qop4tyQGWgFN22dMKke5FamK7Ng0rbFnuzXt2eVpgX"
    "UYkUFckxO7Y9FuLhalkn/qvQ9JUsOEmkxgVNQ0N+KUxsfTNmtjd/ObDJtrslkKJ+UlqvMy"
    "xyjNy7wLXGYI8qx6cvlnkacp96E6bxFvN3EgubZx4CjzrMt87ONUe7GjtmngQ595FdQjJA"
    "byGpAbb/SrECk64YsjRGowOklrWN06Vrcj8IBHRIL8I5p30rGHVV+3IPwQjLIe0bxCYpLH"
    "8FRONeBBVjId/d8AAibnKkOOzj4iCOvArLq/ykVnYIoYlj9aBWnnYEJZxj7oZm+95vBEfp"
    "g307e7+6HdzdezCZPYwymh5nA1l1c2vXEDJ/Wa0m5g/8HFdnU+xOkM/nXxN5rl3qobsQqq"
    "SnBZQ0YnVdkcpzRsbjWbQ52llucxSmk8j23jcitsh0s0eUCMj7HXSdkOkb4C22GyHLWGPQ"
    "3LtJEuCBMe1retoca1M3c2xFJbFmkZpTc3tCub5nVkMJl0m3Wm25gDNzd5YCG35OKJp1Wr"
    "vsToGiz5spi+O1vxxRwe1TGHR2179d0JfdUcHvUq2NwKs2SgFd5OyiQJ2wvMkUBVLmeK5P"
    "PUbEpohdKZr9Lr/ymc89MVFuP3QgltOleBu/6oisa/GG+CWTnBrIg7ACNWBdrF+ObmcWfI"
    "ENrU4rBpc8po9x2j3W99Td4Ftc9o96+Cza3Q7ntBydwvkof60RJKfry7QNcPS+9aMz2yZP"
    "jhjrh0NNKnt7ouYMhzsQ05COtBEIBFsLsZDvVpr8BmkI/V7uZYQEEPlxMFcAGZUDlDaJYO"
    "R2z4Xi+wUjKzM/LVjuykDKPQlTptK8MgzFU/FsOb0z02ifW6i0kTp9ZOqxWZKSNtBFKGQL"
    "rjiN0iIQKgE+Io2lkgjHTEkAfjytbxGOoCGkEEXS376lvgwPoERurLDIuxFgarKPsBuJ9C"
    "10f3Kqh9/zun5L4LVNBaf364/wQekaeqO6tyR7b8IRklPZq7b/kIupra8q0bUaZFjZI4pY"
    "PqxudmCoG0xxDYk0IgOwhndAEpq9pGafbCO7xpn9o2TYdWQbt+b7AWsFXCGkuCvYC36biG"
    "8Q53jHd46zN7F6w04x1+FWxuhTHeQwzb407aLRy0dwv8wasRrUn9yBUlmSp8hhQJTcn2Ol"
    "TXIkXyrc5cIZ2vcuZL6d3Ui5LFkt+X0DvlqIJiye+Tmqd6pSogHA7fQ3TfHh6WMZgOD/Mt"
    "JtWXOhxKZFa1+eH2+ipHJVqRJAUltgX4C7iY72JMoABcBUaxjp9U5xNiT11A6fhbFWN//x"
    "97C87B"
)
