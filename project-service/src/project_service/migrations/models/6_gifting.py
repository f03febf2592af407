"""Gift planning: persons, occasions, lists with their items, gifts, and what happened to them."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# `link_id` names the streams of live topics that belong to the member of the tenant whom the person is.
PERSONS = f"""
create table gift_persons (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    relationship text,
    birthday date,
    notes text,
    user_id uuid,
    link_id uuid,
    sizes jsonb not null,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name_key text not null generated always as (lower(name)) stored,
    constraint gift_person_of_user unique (tenant_id, user_id),
    constraint gift_person_of_tenant unique (tenant_id, id),
    constraint gift_person_link check ((user_id is null) = (link_id is null))
);
create index gift_persons_by_name on gift_persons (tenant_id, name_key, id);
create index gift_persons_by_creation on gift_persons (tenant_id, created_at, id);
{tenant_policy("gift_persons")}
"""

OCCASIONS = f"""
create table gift_occasions (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    date date not null,
    kind text not null,
    recurrence text not null,
    timezone text not null,
    person_ids uuid[] not null,
    budget bigint,
    currency text not null,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name_key text not null generated always as (lower(name)) stored,
    year_day int not null generated always as (
        (extract(month from date) * 100 + extract(day from date))::int
    ) stored,
    constraint gift_occasion_of_tenant unique (tenant_id, id)
);
create index gift_occasions_by_date on gift_occasions (tenant_id, date, id);
create index gift_occasions_by_name on gift_occasions (tenant_id, name_key, id);
create index gift_occasions_by_creation on gift_occasions (tenant_id, created_at, id);
create index gift_occasions_by_year_day on gift_occasions (tenant_id, recurrence, year_day);
create index gift_occasions_by_person on gift_occasions using gin (person_ids);
{tenant_policy("gift_occasions")}
"""

LISTS = f"""
create table gift_lists (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    type text not null,
    person_id uuid,
    occasion_id uuid,
    visibility text not null,
    reveal_at timestamptz,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name_key text not null generated always as (lower(name)) stored,
    constraint gift_list_of_tenant unique (tenant_id, id),
    constraint gift_list_for_person foreign key (tenant_id, person_id) references gift_persons (tenant_id, id),
    constraint gift_list_for_occasion foreign key (tenant_id, occasion_id) references gift_occasions (tenant_id, id)
);
create index gift_lists_by_creation on gift_lists (tenant_id, created_at, id);
create index gift_lists_by_update on gift_lists (tenant_id, updated_at, id);
create index gift_lists_by_name on gift_lists (tenant_id, name_key, id);
create index gift_lists_by_person on gift_lists (person_id, created_at, id);
create index gift_lists_by_occasion on gift_lists (occasion_id, created_at, id);
{tenant_policy("gift_lists")}

create table gifts (
    id uuid primary key,
    tenant_id uuid not null,
    name text,
    url text,
    price bigint,
    currency text,
    image_url text,
    notes text,
    tags text[] not null,
    metadata_status text,
    metadata_due_at timestamptz,
    metadata_attempts int not null default 0,
    created_by uuid not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name_key text not null generated always as (lower(coalesce(name, ''))) stored,
    constraint gift_of_tenant unique (tenant_id, id)
);
create index gifts_by_creation on gifts (tenant_id, created_at, id);
create index gifts_by_update on gifts (tenant_id, updated_at, id);
create index gifts_by_name on gifts (tenant_id, name_key, id);
create index gifts_to_read on gifts (metadata_due_at) where metadata_due_at is not null;
{tenant_policy("gifts")}

create table list_items (
    id uuid primary key,
    tenant_id uuid not null,
    list_id uuid not null,
    gift_id uuid,
    name text,
    status text not null,
    assigned_to uuid,
    quantity int not null,
    shares jsonb not null,
    added_by uuid not null,
    notes text,
    moved_at timestamptz not null,
    public_version int not null default 1,
    public_updated_at timestamptz not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint list_item_of_list foreign key (tenant_id, list_id) references gift_lists (tenant_id, id),
    constraint list_item_of_gift foreign key (tenant_id, gift_id) references gifts (tenant_id, id)
);
create index list_items_by_creation on list_items (list_id, created_at, id);
create index list_items_by_update on list_items (list_id, updated_at, id);
create index list_items_by_public_update on list_items (list_id, public_updated_at, id);
create index list_items_by_gift on list_items (gift_id) where gift_id is not null;
create index list_items_by_status on list_items (tenant_id, status, created_at, id);
{tenant_policy("list_items")}
"""

# `id` is the event's: the same event is never told twice.
ACTIVITY = f"""
create table gift_activity (
    id uuid primary key,
    tenant_id uuid not null,
    actor_id uuid,
    type text not null,
    entity_id uuid not null,
    only_for uuid,
    hidden_from uuid[] not null,
    occurred_at timestamptz not null
);
create index gift_activity_by_time on gift_activity (tenant_id, occurred_at, id);
{tenant_policy("gift_activity")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return PERSONS + OCCASIONS + LISTS + ACTIVITY


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table gift_activity, list_items, gifts, gift_lists, gift_occasions, gift_persons;"


MODELS_STATE = (
    "eJztXW1z2zYS/isYfWk6o8s4dhKnuZubsRwndetYGVvuWybDQCIk4kwRCgnZVdr+9wP4Zp"
    "KSIgoERIreD83UJAVynwUXu88uF391Zj77HxnxpyfEpyOn8xr91cHDgPt4xMUfY+wGpIs6"
    "eDYTfyUXd8SRIR7d3mPftsa31pgS1w7EBR8/Zc+wQ1Y4ZWOOM4f+6oyYJ+9FPR6Et57iPy"
    "2XeBMun+TZwcE/8kdDa8Tc+dSTTyAfJDpmkzGeu/IhO5Z12R9Y12cDy4pPhvew+GJGonHl"
    "Vb+cXJ3+eHL1RAz7vbyMCRldIs9cxqcOo3PhTdPRvbnrhgeCkU9nnDIvc5CNxONTb/Jw6O"
    "HOcuRTB/tv5RF5wwnxiI85sTPAUs8mf+aOeHhKMpLKYfEwfM7kitmCO8xL7yGeQF449+iX"
    "eXqZkGEDuocvXiyhe0f8QApYEWEx9FqEw3PNQDgjrUaUl0AV5znxuCqoP133L+XpaRB8cb"
    "NYPnl/8lsR5tOLfk8emrGAT/xwlHCAnk7I5YCKkGew2Ay5TUcc/Y1cGvAV0H/a5vmLNip6"
    "wvTP6eG0cMEUe3gSihAPkUhQsJcS/iUzN4tvF+qw+BJO5DD/Onz2/Pj5q6OXz1+J60MQ0i"
    "PHSzOI2qqT5/xyoFPz5x5fqXjuz/N6jw8koEUCbNY49fKalsPIx+fxzzo4RT26xuJsQrhD"
    "/BB6eWmqH87xyJmKyXZBxpzdhZfsdG3Dc84sj91nbxUfsrCdfTs2WZCAeiOiOgUG5+/Prg"
    "cn7z/kjMibk8GZPHMYHl0Ujj55WTAs6SDo1/PBj0j+if7oX54VbU163eAPnfPujZhnnE6J"
    "otVJ8Sthc+I7PU3+p+TSGr3VPxweHh0dHx4cvXz14vnx8YtXB+nrvXxq+T0P6FdlNffO38"
    "mXPac1zW9/j07WGYAyOvhaUgVFI1B+pRVLC/a4pW4uw2X1KJr82Wl9c3P+RieScjxFHHMy"
    "bgZzPqf20/Dxy6ygnRMPsaE0g4g7mCOPIZzaUeSTsfCYEGevEfOI+A9RHqB7vEDU6yLmh0"
    "fvHRaQ7K9ogCbixNNOARjT9zKx5i+vKVuv/xoX9y1ma+c/47k3klpG4YyQ/zz/b2cXE1jR"
    "FVg9cZcdglQlIrKJdBKUcQ96Lhvur0PA2XzkENvCylEFeAUFEE27Bls5/FUcgR25/M1Y8S"
    "vG1r04XE5fABFa984vT65+T4Pr9C246F++660Ir3u/D85O9LpZHvYXWgPs2AYXYB8uOAkU"
    "gb8lM24NFy12tDISbkTyW15WGTQDBx++eKlsy89+G3ybIcpN4uTyIm2kEfYB+VPZaqRQmO"
    "TkIFKoHCmg2NQIb1xE12hGfBTd8Sn6Wbw6yekAOfiOoM/x6/T534hJh0z68lR4/gwNSeTs"
    "EzGKHbr20cHgXvxiRdSwu/saiCBCtxNihnpjhqFQwrog4WPGAD28QJ9yscMpm8qAo7O34c"
    "PIJxJ6CB+qhA95EPWFD/rUTGwKWq6o5RyGG/3A3et4PrPhVa6q5DyIjWIC5PwL9FEBB8oQ"
    "q/MAqQgaiQAVKCsWNyyD+awGMLeqWVDnVYQ1cpjf7vgoJ2O1+KgMpENmK9MlrYrwEyBMxv"
    "fCPad80e75m5PR/PyNbxcOB9N4CQ+Ts5kGAmuXyCdTRL7X71/kkO+dF6G9ed87u3ryLFSD"
    "uEi4vatXvUQ6RXKbMZdgTxHzPBCbIR+KuyliLiN8IZrwCucBkauEshcm37mPn3TO2hPfx6"
    "oJgtVybYZyTRVeGShn2CdtJ1tzMhrPF8TcUsshzQlpHFNICVRMCey0/DbhYLvApdfKpY8i"
    "PZSquYl1dmbTPebOfTJz8QgYt2qMWwFFY5QbROF1RuGxcWj3mpoX0nwcDn5K1dKFX2W5MU"
    "ax4lCAqY2GZMx8ggI2JfLNQFHeB9EVFQjb/9yc/xOupeADNcIHstJER0lH6JrjPf4oCYoI"
    "NPhBpooIYGWGlbnpK3MZSGOOssWAZiRsAyETrmngkDTDIQmEMtYXOubNYzIP86WOb2k4Ir"
    "go4KI0t84RauA0qLnBNXDwNRwUwdVRBOdibzIXXg/wxQUwNuZi1SnjGeYO4J0BwiQ/L+9h"
    "3RJIiBTBMAr6o67dMMQTwAe08AFtk7mumsmZMIzvAitTKyszFkoolR6S2jp1hL+1c+oFgr"
    "W1wdpqR3e/YrWa0NxRuCbfr3YvSBkJzbtUEP12dx79MuXm1q1Cm+nufA00Q600A0S8+s0z"
    "RLzfjnh1m2YIeDWVXcbeILKpLTsuyT6u0gitrbP81vWGQuU4+Ooq9nav2AVafYrV2wN6Z0"
    "3gQzd4FOpofXVDsrDl7XISiixXOQx8so/hdoQFm6v3wGxGk5C8HG1LktaBqJmoW4+J44xj"
    "1zLf7l4d90q97vPimeQ8wCup6pX0vaiHZGzco170DpbtI20UUrZiBXII8sg9CXjijXwXCD"
    "GnQ+J3EfakXyIUHiy7MLoHN+TvhGvf1t5OvXFec9IEeiK/1V4OF5oplTN4R8d7/FEtFGqG"
    "z9X2Qs0p4TicRbaYyqDrCrpegeRG7gMKc/dS1Q0uzE1nIeacTGf73qhypThtC0XbU6+rJx"
    "Sd+VR9b72mb7qWCqevkGGt79bqzUDyQprP7ozmvtyYACpzi2AYzPDQqYiUrbnvAuhFNAyi"
    "ni66Acd8ruxBtAr7FZgY1EB4V4D9AQiTWLN4yy0AO0HCZM4eTyqB3ZyurYkkmz2PCn1aIZ"
    "mgv38FeBMkg4Piu17z1xMht96Frydq/XpiIpRQOhNyIhC4o3zR2duMCBuFUQ9wp5W40wKK"
    "xsjTJfWJ6db67VMyIm6065o2n2g1oDvez8Ohtk08a+yzqSqozdrZoCCQUVeZee7CGjO/xd"
    "MxK6Lx9xtCD/2QynFUXYc2xR4JEKqfuDQg+kj92S5EIbVHIRbOaKNMNHIh15m9jUSgNqtT"
    "PRBpfm2WT+4IdkHL1Xa1yGAI9VjtVHKD67GgWAjKVmotW4FU8vpU8lYxRykOYjTC8k1pd9"
    "RckNI4EzET5qftmOZkBG4HuJ29tbNVuZ0yYN/RgA6pGwf8jx7yPBx7TKpdxPQ/EGp1E2oy"
    "EVM6t9+PHYIOMGqPOQxvPqMGbIsGNQPbUgbkprEtej7NGs5tsQ6o4tv0b7MepNsYgQHLVW"
    "opgI+zaggH1nycpT0Kk/ZcFXC5Nupe0xThSsTYciVTBO1WPAjM0gwQJmcokN87JL9TClP5"
    "A59mFS/m5TFau+iT2GbDbF2Gw+ScBSJcPxEuFsivzIOZXARDHy/b+bwg2LdsvPiMaIDSR3"
    "qNpszjTtiiTpxEOAh78yad64YLdO/QkSP+xRyFL1mA5EjuQg4zZnPPXm6YZ/hehpjklJLs"
    "AptcP5ucZIxLM8ofwrW3A3zyYyYagU9+FGoGPrkMyE3jk5epYepzR3gCLWCEsqJsVzMMnH"
    "BzOGGXerftjuwyEhovGQMqbYdUGvQk2mVPIp+4WEoUOBQ2e1sFiEHs5Y4MyjP9p+v+5bdB"
    "L+JbsOVyAK2gywEVQU+RKOEB0xFHfyPoK/VNQHfdVyogLW8vkpGwkrvRgELTmF/qAjlYPz"
    "kY5dlKUYOyPvick2kHiMHHzBg1nxicsjtQcjUlZyFsoopn86FLRxZQwBp0vRLLJiodtK1B"
    "2w0m/OOJ2Aref1kW/eXkW4H7ZY7Dfnr6YK00i9WRzQpSM6atmKk7ylAJU9/2HEtWRPOUBw"
    "4COvHEDTlrM6Z5KY1nWsKguNVEUkZC42hKkrTdaGYkNP/KQxoQdiZpZxYwcLAPqSiSh2IX"
    "uSjYZeoB+FWbS8FHD/Um/1bU3w8cgqLwOtkgPtoWnk4Jcgm+I4jNeVT6TgN0S2YcyR7o4c"
    "byskr+3on/kK9NVA/vL1feG7uLgaRampnpQkqt1pRa5A0KTZRKqH2IM2WQT3vMhGzz82k2"
    "cQmouaKa8yBuV9gM2ZV90XKDsytAVm/Brfojh94RZV+o1+9f5F6C3nkx8Ll53zu7evIsnP"
    "3iIuE0rEY5kU2xIw9jwln1VMnXDAyb4R6KeyninRVO1fi0KRQt4GGS5gJKcYcdqu+9tpep"
    "ZkU0T4gDmaIdUujum3c42tDd98MDhQD0UI30UKyPbcgh2LkXAssVKBqLLJdDIdi5V2+zTA"
    "d7wlgnL1uFNbY5zdqWZdo8PyvkLGHzY+2zMr5dOBy4fUt4mAwK46W73dM5LyQEhnsYGIJt"
    "MLZ/cucztcMGf7JegNwJ4/NdsKIX4JqLzAWMsM1yswLHrXZajnX4Ft8xP8ou7GkACVUGne"
    "rxo6kqA/BuwLtpg3fzWBuIaCnJrIPMTtc18E2a4ZuMY4WsY7c/FsxkMh8/rfJa3hPZyRp8"
    "FvBZGl0ZCTVzGtQMNXNlQG58zRx4+gbcUp+5QLplgTDJxENYBWHV9qtXu8Kq2PHuQlDViK"
    "BqGqpDS0g1wJMOxFOP2dGuiwMW/8d88GKySEBFfzsq+iHogfRG3X54MxxH6V6A19gMr5Hj"
    "Saka82suLPeE3AQ7rw5Yzc39cHh4dHR8eHD08tWL58fHL14dpCTd8qlltk64v+pfbJ6/k2"
    "xdbjFbpu8OlOdIj07UGbxEMFX6bkXFUW/BSYDYGGHXjbqXCJUIo8SjgyiyT8tFSFv8zoCt"
    "yUzY6rZml8tMc0yOloVnyfIEkWKseUDKGJ4BDm53bXIgGH0UwajGtidiBoOKq7Q8SQHcGO"
    "5C6nYvNdzg1C3mHI+cqfBMxMG5p6xlnU6guge4ShqNyVzIjRvuJxN1sSbt5jQKUm40+pU/"
    "pYSNe/WDCq14Ck7MzlrxiAlIq8D+pn/TuzhDH67OTs+vz+OOyKkDEp6Uhx6aTV2dnVzoRP"
    "mty7DyfikZ4TdP8rG8kzJlT2WdKrQ3KYIBeZKKpnrXeRLo3Q29u5ucmCoFKeVQ4UhySKjO"
    "4JrzgCGn24UMYK0ZQC6UUCr1J7V1kpIKHeDiHzON13wuHthaDWpuMFsLZOImOCvWRgT0q7"
    "KbVa42otLMrlQekci2kZtRJ3CBajTg+9+KRwHXPwOEydh1SmyKo3EA8iIcUI4N5dh7Y6Z3"
    "Xo4tQsV2I5qREKrb95BEnPsumNgHHBRXswbwhxlGqgtMYu1MovVQdlSaVDwNy5Pa8DlBpb"
    "KxpsfMJqrIwB2DrC9kffdyEpvdsfln+Z3QcCE/D/LpZEL8p0hur+yz+/CrIbldcvwWhXss"
    "R2pF2CeIMzQkCNs2sdF89hoFhIT9j6d0IoQTwy9/oWT6ZoZcn9PEIG/n9ehZ6tTndr3rXO"
    "wCVfaJikvcam8oXDNLO0IXeEjcXTtCkFhtVMYNEquPQs2QWC0DctMSqysCPuhTA31qWpkY"
    "kfewbgkUvRfBgGxUMt6e0B8Qje9Tc6CHQKgLfH79fL4rVbG+m2TWMGbe63w7yUE4Ofe9QT"
    "8OLDaGkEc55EnxMxbtLKnMpsHMxQsLHMfk09QCIAaddTLFFHLsOSRMow3uehbxFf66btRp"
    "EO2vp14n3e9f5FDvnRdhvXnfO7t68ixUwcOH2LoJc8Zcgj1FuHMwbLbuQ3EzdcCnabvxRw"
    "34AwxGAQ9fJAd7NnxySVbgYZjsAuQLFMxOkIcdVNbvoKIba9jto0qVhKxSEF4Ool5YdSCD"
    "3yEOiNzy+UnKCHVR/Ajfd9G9Q0cOGjCfMyquG2HPYxwFeLFcFKF5bBNMUZZW6EJzVyXOyE"
    "xz13jUTXuR5G6+eiuSX+JE3t7SRlAV0anOHe1oHxKlrpGy+EtVtZqjigrdIhMpNGbLVdC0"
    "iUt4C/DMyFEzomPqEt39TGsCNS9KzbjGFTx7D2pGjpoR1V54VBOiTW7qwBnHrtXm1g55CU"
    "0WfwmH0GEtj15zMpov1YD+Djvt7xAEIsIGvPNYGGS7oLwLyrseeXnXLw/OERR31VjcFTup"
    "ZfcJTnzaT5/++ef/SOAx9w=="
)
