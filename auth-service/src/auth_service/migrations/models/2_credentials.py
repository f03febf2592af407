"""Credentials beside tokens: API keys, session cookies, and the one-time tokens that carry a session to a browser.

Keys go with the membership they were made in: somebody who is invited again does not find their old ones working.
A tenant's own work makes and revokes keys and makes session tokens; digests are read by system work alone.
"""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
create table api_keys (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    name text not null,
    prefix text not null,
    digest bytea not null,
    scopes text[] not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null,
    foreign key (tenant_id, user_id) references memberships on delete cascade
) with (fillfactor = 80);
create index api_keys_owner on api_keys (tenant_id, user_id, id);
create index api_keys_revoked on api_keys (revoked_at) where revoked_at is not null;

create table session_tokens (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    session_id uuid not null references sessions on delete cascade,
    digest bytea not null,
    expires_at timestamptz not null
);
create index session_tokens_session on session_tokens (session_id);

alter table sessions add column cookie_digest bytea;
"""

GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on api_keys, session_tokens from %I', app);
    execute format($sql$
        grant select (id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at),
              insert, update (revoked_at) on api_keys to %I
    $sql$, app);
    execute format($sql$
        grant select (session_id, expires_at), insert, delete on session_tokens to %I
    $sql$, app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return TABLES + tenant_policy("api_keys") + tenant_policy("session_tokens") + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "alter table sessions drop column cookie_digest; drop table session_tokens, api_keys;\n"


MODELS_STATE = (
    "eJztXW1z4rYW/isavtx0hmaS7G7a2XvnzkCWtrQb6CTk3m53djzCFqAbI7mSTMJs979fSd"
    "jgV4IdTGyiL7tB0rHNc2Sd57xIfG1BX8xO7zhirffga4vAOZJ/RFrb8oPnhW3qo4BjVw/y"
    "ZT/XA8ZcMGgL2TiBLkeyyUHcZtgTmBLZSnzXVY3UlgMxmW6afIL/8pEl6BSJmX6Iz19kMy"
    "YOekQ8/OjdWxOMXCf2jNhR99btllh6uu3urv/hJz1S3W5s2dT152Qz2luKGSXr4b6PnVMl"
    "o/qmiCAGBXIiX0M9ZfB1w6bVE8sGwXy0flRn0+CgCfRdBUbrXxOf2AoDoO+k/nn77+DRIs"
    "MsazAcWbe9kWW1CmBnU6Jwx0QooL5+W113A4hubakbXP3SuTl5c/mdhoByMWW6U8PV+qYF"
    "oYArUQ36BmU0h9hNA301gywb6LVAAmv5qGVQDhs2MG+mWAhgCFEFoLbm8NFyEZnKuf8eXL"
    "x7uwXl/3RuNNBylEaayndi9aYMgq6LVZ9CPIGwhR1EBBbLwlDHJPeD+dMzu9mIe5DzB8oc"
    "awb5LA34CD2KbMBTgkcxx7cAPOr9MVJXnnP+lxvF9eS684eGfL4Mej4OBz+HwyN6uPo47O"
    "bBb88gmSLHgiKthA8SP4Hn6AlFxC+RUIcTXOM0/OPIlNO/7t2OOte/xzT0oTPqqZ6LmHbC"
    "1pPLxIuyvgj4b3/0C1AfwZ/DQS9pKtbjRn+21DNJNkAtQh8s6EQxCZvDppjiJ5hxYelPBV"
    "66uJR540q8cS4sgXtMyMBeAnYHc8+Fy8LIJ+VKgR/Y7NeKPVxIRsssn2WQ13zk41IG9xLG"
    "naEJYojYiKeB//V2OMgx6HGxpCHHtgB/AxdzUdWyE/HVxj52BSb8VN32Jdw1BdN2xSR1kD"
    "DW6gJJxWBuSRcdLzJWoi6lLoIkx3GOyiX0MpaCVSkk9DkOC313OPwYg77bT076u+tu7+bk"
    "XOtBDsJCN/cHo0y/boEYljfKiFVsRT0tfEDo1y2NxV5OWmlBxYSyuSSoc0yKT/q0vNFAAQ"
    "1o9ujSKSYl3LuU8B4cuwbZ5ab5dbZLeSk3PiZodFxnHUNCyXKOy+k5JWx0XWddS9rB1ddP"
    "ablPcvymiERCtRKfqozkeUWqlA8r//v+4vztD29/fHP59kc5RD/luuWHLdpOm0KbIfXNy6"
    "yPMUkT3az1W+N7Tkk1xyWNmmunZpWDntxH8qOqYQzt+wfIHCvVQy9o3th01/xinmyBBE61"
    "khSawXPOTjse/g0tW6k0fdDezk/UQw9b92i5W66+1QEOniIuACXuUj4DBVIWYA64oAw5p6"
    "2EyncSMHn+Q7xMz8jzC0QgEVYxsGNC+8S8vuvVkxBHDAJHrCCgEZFq4TxkRn8/aBZNopjM"
    "1TOj+PixCNwbCQN4qVShsqAZUUpMIFvmpQlDmWRkcilWaZTjAb0bZDnWoEvMu/1B5+ZTNu"
    "rdjKxI99Oo10ngzm3qZWWqOozBHNg3IgnYq0xPvdxU//wlmdd49LBEtISfE5c0MaC6uTmp"
    "+L1fLtyXlDWarrOmGVrQ+1J6jksaLddZyyYIebRqrkV06hZxlQEYyQWBtFIxqlhvOz9SxV"
    "fjLKEG7hiv+plSB0woA5QgwPGUfI8JeMBiJv/jSOra4W0AORAzBJR/DehE/x3cS/4NheyX"
    "C5m+ChanIBbRSge8DnJHEzGrRQDCRMwqh7gZEbMGwhmupsUQjUuZMKQJ1NQhUFOjqEODtG"
    "H46678tU8WWMAA+gR7jfRt4a54PapwonVFD1XJr6SEmvvmMM/dRAx1rIXRMNTxgHbZ7FN/"
    "ffvUjx9zRt2MpHc+0uH4I8T3/HIHeM+T3GWDrupKJrnp/5BddBmOSz1jHW5OsLvAMhyiU3"
    "TiJuWOYetl1fNXE07kWOOMxXgLZ4tJGR6RAFVTaSvPy8+fwEm5ozuJ5XIX83aZb90u04TC"
    "uPTH6tLHdg7ZNvLKpR4ToibD3Ag9F7NHCTFDqOKLpNmL1TJ7sV56vjZuLTJ7sY5WzbXIFl"
    "yr2GEqT3AdRBTzMgQqDLZjbuAG2djDiAgAiQNcJARiADJVQwJd5LwHMGycwyWwIWNL1YTJ"
    "/aq6hHqIcCkLpHmlPhHpVEIldzCZh1rQh22Zh7k62KRQbCYqc4SBxTcXOzi2by5yHVvVla"
    "y7UG9QGuJtNQIbGVMj0C5ZIwCFmqoiYztHLlmOihyOLZ81hC07ci0vTqE2UoehTzUpImoE"
    "ezK+0KtQc21Ick49+KbrCbpcqBI8fRDBqjCm0NkFWSLPoLXFMwkmh/BkDiGf39a5grgmdq"
    "pINtdnckSxRO5G5Ah9hf0ncZuVBKvJFG6EDTZU61WouRZU6wZxJG6QVCgXabYV691CuJga"
    "Z7HVwB0510+UgYeZnG4LFT50HHkNDh4gB1O8QOS97NOUCWABZjAaL1QUy6Vq/zDwPaDiS6"
    "wNqK9LmyFZjqmz/AdXu+tmGcHLg931GcyvfvWSNWKCe6yWzCeDZtU1q+4B9jynF9ywY8ta"
    "G+yy23GVHQYbjZGjtho7aIFtOUolbjjVu5AncI7dpVrFGJpIbGcrP5afgg/aneQFfOKqb2"
    "aSRLVw88z2lMohNnGJatC0fcYkOcot092WaEvLmoRbu2TCzWPSOFCfl1JEhnBJTTSn8K8q"
    "RdjSpcGo3PuQFDVKKKkERkVJdyMuacqc6+ZtNDdga9RcUs3mVLzXpGWGIM8qss8/7zgteQ"
    "xbFrfptopjj7WPAyVGGW9ZPvZxqaNIMx4a+CBmXgT1iIiBvATkJhr9KkyKPvyYI1T6dw8j"
    "skbVtVN1PRIPeEokyJk/BxTpa29JP6xGFfhZoNEMAY/hhZxqwINMZ1JXRevAl1OJgd96n6"
    "ze4Orm0++j/nAgJ8rVTW/0TwABk3OVyWHqV4EIwjoxq+7PAaEMBL9xq5K0SzCnDKUTEoe9"
    "9Z7TE/lp3szYbvNTu9UX+a10bwVTQs3hYiGvbHkTBk7ymp3DwP7YxXZxPcTlDP5l8TfM8m"
    "jpRmxbmTJc1oTReVE1xyWNmmut5oCzlIo8RiVN5LFuWq6F73CN5mPE+Ax7rZTvEOnb4jvM"
    "16MKuA76J0GJPrRW8box5EjR+JN12UgbBAUP37XBwwzbMzCiTFAsx9mQECoAhxkn4u752h"
    "nk/3O8tCUsy/iyq1NQr2qa11HBZMpt9lluY04hrfIUR27JxRMvMhDuUgkkJDnRg6hc0neS"
    "glVBHU7fA7tOw+HHmGnv9pMh97vrbk9ir6GXg7DQzelN7eZErZY5UeulV99G8FVzotarUH"
    "Mt3JKRJrytlEsStG9xR1ZUeTdXJF+nZlNCLUhnPqU3v/9+wFoF7vrTIow/HG+SWTnJrEg4"
    "ACNWBNpw/OHmcWvCEKpqcajanTLsvmXY/YuvyU2gfYbdvwo114LddxDD9qyVYvdB+xZ2Dz"
    "cjakPuc01JJrfPsCIBn6kvB9qLFcnn8rlGOp8G5VvpZjL65HEY73Y6DuPdluMw3iWpkHql"
    "CiAcDD9CdM/PznahmWdn+TxT9SW3XBKRuW/h19vhIG+r5VokaSixLcDfwMW8Msb5MiZSgb"
    "HdO006ogmzpy6gvNMXNWPf/g/dQlYY"
)
