"""Workspace sessions."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# `state` is kept as it was written: nothing in it is ever looked for.
SESSIONS = f"""
create table workspace_sessions (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    conversation_id uuid,
    parent_session_id uuid references workspace_sessions (id) on delete set null,
    name text not null constraint workspace_session_name_length check (length(name) between 1 and 200),
    workspace_path text not null,
    tags text[] not null,
    state json not null,
    last_accessed_at timestamptz not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint workspace_session_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete set null (project_id)
);
create index workspace_sessions_by_access on workspace_sessions (user_id, last_accessed_at, id);
create index workspace_sessions_by_creation on workspace_sessions (user_id, created_at, id);
create index workspace_sessions_by_update on workspace_sessions (user_id, updated_at, id);
create index workspace_sessions_by_parent on workspace_sessions (parent_session_id)
    where parent_session_id is not null;
create index workspace_sessions_by_project on workspace_sessions (project_id) where project_id is not null;
{tenant_policy("workspace_sessions")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return SESSIONS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table workspace_sessions;"


MODELS_STATE = (
    "eJztXW1z2zYS/isYfak7o/MkzmtzNzcjOU7r1i8ZW05fMhkGIiEJZ4pQCciOmva/H0BSFE"
    "lREQ0SIkXvh2ZqkgK4z4KLZxeLxdfOzGf/I7Y47BGf2pPOG/S1g4dc+NgW8o8Rdjnpog6e"
    "zeRfy4c78soQ27f32Hes0a01osR1uHzg46fkHXbEMrccLHDi0teOzTzVF/UED7qe4i+WS7"
    "yxUG/y9MmTf9SPhpbN3PnUU2+gXiS85pARnrvqJTuWdXE5sK5PBpYV3Qz6sMRiRsJ21VMf"
    "elfHP/WuDmSz36vHmJTRJerORXTrKLwXdBq37s1dN7jAbZ/OBGVe4iKz5etTb7y6tOpZtX"
    "w8wf47dUV1OCYe8bEgTgJY6jnkS+qKh6ckIalqFg+D91w+MVuICfPiPuQbqAfnHv1zHj8m"
    "ZdiC7tGLF2vo3hGfKwFLIiyb3ohwcK8ZCCekrRDlNVDlfUE8oQvqz9eXF+r2lPM/3SSWB+"
    "e937IwH59d9tWlGeNi7AetBA30q4RcNagJeQKL7ZA71Bbob+RSLnKg//SQ98/aqPAN4z+n"
    "R9PMA1Ps4XEgQtTEUoKMvVTwr5m5WdRdoMPsRzhWzfzr6OnzV89fP3v5/LV8PgAhvvJqbQ"
    "RRR3fwnF4MqtT8qSdyFS/8eVrv0YUlaKEA2zVOvbSmVTPq9UX0sw6OUQ+fsQQbEzEhfgC9"
    "ejTWjxDYnkzlYDsjI8Hugkd2OrfhuWCWx+6TXUWXLOwkv45tFoRTzya6Q2Bwen5yPeidv0"
    "8Zkbe9wYm6cxRcXWSuHrzMGJa4EfTr6eAnpP5Ef1xenGRtTfzc4I8qx91bOc4EnRJNqxPj"
    "V8DmRD0dLv+n4NQaftU/HB09e/bq6Mmzl69fPH/16sXrJ/HnvX5r/Tvn9C9tNfdPf1Qfe0"
    "prFX/9fTreZACK6OCvgirIGoHiM62cWrAnLH1zGUyrz8LBnxzWNzenb6tEUrWniWNKxu1g"
    "zufUOQxev8gM2ul5iA2VGURiggXyGMKxHUU+GUnGhAR7g5hH5H+ICo7u8QJRr4uYH1y9nz"
    "BOkr+iHI3ljcNOBhjTfZmY89fnlAfP/xVO7g8YrZ3/jOaerbSMghGh/nn+384uBrAmFcgf"
    "uOuEIFaJ9GxCnfAi9KDvsuH+EgLB5vaEOBbW9iqAFWRANE0NHkT4yxCBHVH+Zsz4JX3rfu"
    "Quxx+AdK37pxe9q99j5zr+Cs4uL37s57jX/d8HJ71qaZaH/UWlDnZkgzOwDxeCcE3gb8lM"
    "WMNFi4lWQsKtSH6LZRVBk0/w0YuX2rb85LfBtyNEqUG8fDwbNqoQ9gH5om01YihMxuTAUy"
    "jtKaDI1Eg2Lr1rNCM+Cns8RL/IT2d5m6MJviPoc/Q5ff43YoqQKS5PJfNnaEhCsk9kK05A"
    "7cOL/F7+Isdr2F2/BjyIgHaCz1CvzzCUStjkJHxMGKDVB/Qp5Tscs6lyODp76z7YPlHQg/"
    "tQxn1Ig1id+1CdmolDQcsltZzCcCsP3L2O5zMHPuWySk6D2KhIgBp/vLpQwBNtiPXjALEI"
    "FQYCdKAsmdywDubTGsB8UM6CflxFWqMJ89vtH6VkLOcfFYF0yBztcEmrPPwlECb9e0nPqV"
    "i0e/ymZDQ/fqPuguZgGK/hYXI0Uy6xdol6M03k+5eXZynk+6dZaG/O+ydXB08DNciHJO3N"
    "n/WW0mkGtxlzCfY0MU8DsR3yoexNE3Pl4UvRJCucc6JmCW0Wpr65j5+qHLU938e6CwT5cm"
    "2HckMWXhEoZ9gnbQ+2pmQ0vl4QxZZaDmlKSOOYwpJAySWBnabfLmOwXYil1xpLt0M9FMq5"
    "iXR24tA9jp37ZOZiGyJu5SJuGRSNhdzAC6/TC4+MQ7vn1LSQ5v1w4CllUxd+VenGGEWKQx"
    "xTBw3JiPkEcTYl6stA4boPojkZCA//uTn+E8ylwIEawYGseKGjIBG6FniPNyVBEkEFPMhU"
    "EgHMzDAzN31mLgJpFKNsMaAJCdsQkAnmNCAkzSAkXCpjc6Jj2jwux2E61fEdDVoEigIUpb"
    "l5jpADV4GaG5wDB7vhIAmujiQ4F3vjuWQ9EC/OgLF1LVY/ZDzDYgJ4J4AwGZ9XfVi3BBZE"
    "smAYBf1R524YihPABlrYQNvkWFfNwZnAje9CVKbWqMxIKqHQ8pDS1vFE8q2dh17AWdvorO"
    "UT3f3y1WpCc0fumvq+2j0hJSQ0T6nA++3u3Ptl2sWtW4U2q7ryNYQZag0zgMdbvXkGj/fb"
    "Hm/Vphkc3orSLiM2iBzqqIpLqo6rMkIb8yy/9bwhVzlyvrqatd1LVoHWH2L11oDeWRH4gA"
    "bbgY42ZzcsJ7a0XV66IutZDgOf7KO7HWLB5vo1MJtRJCQtR9sWSetA1IzXXY2JE0xg1zJf"
    "7l4f91K17tPimYx5ACspy0ouvbCGZGTcw1r0E6zKRzooCNnKGWhCkEfuCRdLNvIdl2JOh8"
    "TvIuwpXiIVztcpTNWNG+I7wdz3YLZTr5/XnGWCajy/fJYjpGYKrRm8j7gJ5Go+5iS+5udq"
    "RuVbQM1l1JwGcWvQAzJy91LLDc7IhSzS4hQd+/aE3j360l1JGLbDXaJwV1I4XePTpuh4Bg"
    "+DIfKgR4B8BYTJRTV277V9a2RSRPMLahBKqRzSO8rpkMr5CDLM1+HQNQ41p5K+X4UQIJu0"
    "xmzSSB8PCQ71JA53avTtbZCI2fbc98GxLOdYZlA05lmuu0K2aH1R+YSIW6l22fk1XAN3lh"
    "9biTm2OfWJ12XaPj5L1CaGQvGVj0ooFJ8L/xIPyLQsOZx3nWkJjmH1kIJtiHAvaRRyEho+"
    "U+czojzIKyB30vh8l5OYsOkhcw5j7Hx0wXFsguNo4YRCCjqQ7/Ad88PVhT11ICHLoFPef6"
    "yraCWwG2A3+8BuoGjlvtRFyM5rwE2awU1GkUK+sb0jZSbzi1dG2j0nKpcWOAtwlkZnRkLO"
    "XAVqhpy5IiA3PmcOmL4BWuozF4JuSSBMRuLBrQK36uGzV7vcqoh4d8GpaoRTNQ3UUYlLNc"
    "DjDvhTj5lo13dwkct8YDFJJCCjvx0Z/eD0wPJG3Ty8GcRR0Qtgjc1gjQKPC+WYXwtpucfk"
    "hu88O8BIhRpJfw2X4aqpNs1SMN3wXU7GUX8hCEdshLDrolsyE0iqRKhT4YOLKLRP60lID/"
    "idAVuTGLDlbc0up5nmmJxKJp41y8NDxVhzTooYngHmt7s2OeCMPgpntMKyJ3IEg4rLlDyJ"
    "Adzq7sLS7V5quMFLt1gIbE+Cw1JbUGozT5oKF3NhbdxwPRnO6dgjLT/qIiPlVqNfeitlRC"
    "GG2qUK9gDUtJDmg29QiidDYnZWikcOQFoG9reXN/2zE/T+6uT49Pr08iJNQIKb6tKq2NTV"
    "Se+sSpTfuQxrn2mREH77IB+pnrRD9lTlqUJ5kywYsE5S0lTv/DgRgcW8VAmB1ozjFRSQIF"
    "ZuEO96VzEVkOFIUkjojuCa1wGDmG4XVgBrXQEUUgmFlv6UtnpxUKEDsfjHHMZrfiweorUV"
    "qLnB0VoIJm6Ds2RuhPlze0qN7FLpEdWf/Ayhxl1w/1v5KkD9E0CY9F2nxKE4bAcgz8IB6d"
    "iQjr03Znrn6djSVWw3ogkJIbt9D4OIc98FE7vCQXM2a0D8MBGR6kIksfZIorVKOyocVDwO"
    "0pPasJ2gVNpY031mE1lkQMdg1RdWffdyEJs9r/kXtU9ouFDbg3w6HhP/EA0mBPnsPtg1xN"
    "SJy9Fpy+rw5FCtCPsECYaGBGHHIQ6az94gTkhQ/3hKx1I42fz6DiXTnRmiPsdLg/ww1lPN"
    "VKc/tuud5yIKVJoTZae4fDYUzJmFidAZHhJ310QIFlYbteIGC6uPQs2wsFoE5KYtrOY4fF"
    "CnBurUtHJhRPVh3RJIes+CAatRy/b2JPwB3vg+FQdaOUJdiOfXH893lSo2V5NMGsbEd50u"
    "JzkIBue+F+jH3GIjcHm0XZ4YP2PezprKHMpnLl5YQByXW1MzgBgk62SKKayxp5AwjTbQ9S"
    "TiOXy9atQpD8/X08+Tvrw8S6HeP83CenPeP7k6eBqoYLURu+qAOWMuwZ4m3CkYtlv3oexM"
    "H/BpXG78UQO+gsEo4MGHNMGeA1suSQ4ehoNdgHwmBLMT5OEElc0nqFSNNZz2USZLQmUpSJ"
    "aDqBdkHSjnd4g5UUc+H8QRoS6KXuH7LrqfUHuCBswXjMrnbOx5TCCOF+tJERW3bSJSlAwr"
    "dKG4q1bMyExx16jVbWeRpDrPP4rkQ7SQt7dhI8iK6JSPHe3oHBKtqpEq+UtXtRV7FSWqRS"
    "6lqHC1XAdNh7hEtADPhBw1IzqiLqm6nmlNoKZFqRnXKINn70FNyFEzopUnHtWEaJOLOggm"
    "sGu1ubRDWkKTyV+SEE5Yy73XlIzmUzWgvsNO6ztwLj1swDuNhcFoF6R3QXrXI0/v+rAiR5"
    "DcVWNyV0RSi54TvOS06eDcr8y/5TNsk2tpPiFKB1G6pu9dcjEXFrZtOVxB2eWUnQdlE1UO"
    "29UqUDZsVysCctNCRjnb1TzVU7Azvd2EOUfSrX5dWUcEsox3WbcP++poMx4Sz3YP5lxZjQ"
    "/nxx2sMIOpKh2ibSN+vo5OaNpoI7LmIIO7aqBSG6Ea1AQ+RqIAmaC2QH8jl3LdeW95urmu"
    "Zf74qUrUer6PF7qBoEiS7aiVgQsiapXXm4Q8xyrhvF8GnqwZFhMgXbmQ6NKvmiPEa0HFLo"
    "SKaw0Vr0ZWxEA3F7T65/9cE9it"
)
