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
    "eJztXW1z2zYS/isYfWk6o8s4zuv1bm7GStzWrWNnbKVvmQwNkZDEM0WoBGRXbe+/H8A3kx"
    "QVUSBAUvR+aGqTNMB9FgR2n10s/hosA/pfYvOnJyRw7fngG/TXAE8YD7DNxS9T7DEyRAO8"
    "XIrfkocH4soE27f3OHCs6a01dYnnMPHAp8/ZO/SYFm45mOPMpb8GNvVlX67PWdj1Av9hec"
    "Sfcfkmz46O/if/aGLZ1FstfPkG8kWiaw6Z4pUnX3JgWReXY+v6dGxZ8c2wD4uvlyRqVz71"
    "08nV2+9Prp6IZr+Wj1Eho0fknYv41nF0L+w0bd1feV54gdmBu+Qu9TMXqS1e3/VnD5ceep"
    "Ytv53j4Ft5RXY4Iz4JMCdOBljXd8gfuSs+XpCMpLJZPAnfM3liueZz6qd9iDeQD6589/dV"
    "+piQYQe6xy9fbqB7RwImBayJsGh6K8LhvW4gnJFWI8oboIr7nPhcFdQfri8v5O0FY797WS"
    "yfvD/5pQjz2/PLkby0pIzPgrCVsIGRTshlg4qQZ7DYDbnj2hz9jTyX8RLoP+/z/sU5KnrD"
    "9NfF8aLwwAL7eBaKEDeRSFCYLyX8G9PcMu4u1GHxI5zJZv5x/OzF6xdvnr968UY8H4KQXn"
    "m9MYJcR3XwnF2MdWr+zOeliufBKq/3+EICWiTAbo27fl7Tshn5+jz+swFOUY+esTidET4n"
    "QQi9fDTVD+fYni/EYDsnU07vwkcaXdvwilPLp/fZruJLFnayX8euGYS5vk1Uh8D47P3p9f"
    "jk/YfcJPLuZHwq7xyHV9eFq09eFSaWtBH089n4eyR/Rb9dXpwW55r0ufFvOsfdOzHOuLsg"
    "irNOil+FOSfu6WnyQ8WlNfqq/3l8/Pz56+Oj56/evHzx+vXLN0fp5715a/M7Z+6fymoenX"
    "0nP/ac1jR//SN3tm0CqKKDPyuqoDgJVF9pxdKCfW6pT5fhsvo8GvzZYf3x49k7nUjK9hRx"
    "zMm4G8zVynWehq9fZQUdnPiITuQ0iPgcc+RThNN5FAVkKiwmxOk3iPpE/IdcztA9XiPXHy"
    "IahFfv55SR7F+5DM3EjaeDAjCm+zKx5m+uKXuv/xoX9z1G6+Df05VvSy2jcETIf178Z9DE"
    "AFY0BcoH7qZBkKpEeDaRTlgV82Dk0cnhGgScruw5cSys7FWAVVAA0bRpsJfBX8cQaMjk78"
    "aKX9O3HsXucvoBCNd6dHZxcvVr6lynX8H55cV3oxL3evTr+PREr5nl42Ct1cGO5+AC7JM1"
    "J0wR+Fuy5NZk3WNDKyPhTiS/ZGVVQZPN8fHLV8pz+ekv4y8zRLlBnDxepI00wj4mfyjPGi"
    "kUJjk58BRqewoonmqENS68a7QkAYp6fIp+FJ9OcpuhOb4j6Cb+nG7+hag0yKQt7wrLn6IJ"
    "iYx9IlpxQtM+usjuxV+UeA3N9WvAgwjNTvAZ2vUZJkIJ25yET5kJ6OED+pzzHd7ShXQ4Bg"
    "frPtgBkdCD+1DHfciDqM990Kdm4rig5ZpazmG40w5sXserpQOfcl0l50HsFBMgxx/TRwUc"
    "KUOszgOkImgkAlSgrJncsAnmsxbA3CtnQZ1XEbPRnAb99o9yMtbzj6pAOqGOMl3SKw8/Ac"
    "Kkfy/Mc5ev+z1+czKaH79xd2FzMIw38DA5ml0msPaIfDNF5EeXl+c55EdnRWg/vh+dXj15"
    "FqpBPCTM3vJVL5FOkdym1CPYV8Q8D8RuyCeiN0XMpYcvRBNW4YoRuUooW2Hym/v0WeeoPQ"
    "kCrBogKJdrN5RbsvCqQLnEAek72ZqT0Xi8IOaWeg5pTkjjmEJIoGZIoNH024SDHQKX3iqX"
    "bkd6qJRzE+vs1HEPmDsPyNLDNjBu9Ri3AorGKDfwwtv0wuPJod9ral5I83442Cl1Uxd+lu"
    "nGGMWKQwy7DpqQKQ0IYnRB5JeBorgPcksyEPb/c3P2T7iWgg3UCRvISgMdFQ2ha44PeFMS"
    "JBFosINMJRHAygwrc9dX5iqQxhxljwHNSNgHQiZc08Ag6YZBwoQytic65qfHZBzmUx2/dc"
    "MWwUQBE6W7eY6QA6dBzR3OgYPdcJAE10YSnIf92UpYPcAXF8DYGYtVp4yXmM8B7wwQJvl5"
    "2Yd1SyAgUgTDKOiPOnfDEE8AG2hhA22Xua6WyZnQjR8CK9MqKzMVSqgUHpLaejsX9lbj1A"
    "s4a1udtXJD97B8tZbQbMhdk99XvxekjITmTSrwfoeNe79Uubh1r9CmuitfA83QKs0AHq/+"
    "6Rk83i97vLqnZnB4NaVdxtYgclxHVlySdVzlJLQ1z/JLzxtylWPna6hY271mFWj1IdZuDe"
    "jGisCHZrAd6mh7dkOysOXn5cQV2cxyGAfkEN3tCAu6Uq+B2Y0iIXk5+hYkbQNRM163nimO"
    "U449y3y5e3Xca9W6z4tnkvMAq6SuVXLpRzUk48k9qkU/x7J8pINCylasQHOCfHJPGE+ska"
    "+YEHMxIcEQYV/aJULhbNOE0d24IXsnXPv2tnba9fO6EybQ4/mVWzlcaKZSzOA7d3rAm2oh"
    "UTN8r74nai4Ix+EocsRQBl3X0HUJkju5D0jMPUhVdzgxNx2FmHOyWB56ocpScfrmivYnX1"
    "ePK7oMXPWz9bp+6FoqnL5Ehq22W68PA8kLaT66Y68CeTABZOYWwTAY4XEXwlO2VoEHoBfR"
    "MIh6uugyjvlK2YLoFfYlmBjUQNgrwP4AhEmsaXzkFoCdIGEyZo9ntcDuTtXWRJLdlkeNOq"
    "0QTNBfvwKsCZLBQfFbb3n3RMitD2H3RKu7J2ZCCZUjIScCgTuXrwcHGxGhduj1AHdaizst"
    "oGiMPN1QnxhuvT8+JSPiznld0+ETvQa04fM85q7jEN+aBnShCmq3TjYoCGTUVKa+t7amNO"
    "jxcMyKaPz7BtdDP6SyHVXToU++RwKE6haXDngfqT07BC+kdS/EwhltVPFGzuU6c7CeCORm"
    "Deo7It3PzQrIHcEeaLneqRYZDCEfq59K7nA+FiQLQdpKq2krEEreHkrey+eoxEHYNpZfSr"
    "+95oKUxpmIpZh++o5pTkbgdoDbOdh5ti63UwXsO5e5E9eLHf5HD3kejgMm1c5j+h8ItbYJ"
    "NRmIqRzbv4wNggEwao/ZDe8+owZsiwY1A9tSBeSusS16tmZNVo5YB1Tx7frerAfpdnpgwH"
    "JVWgpgc1YL7sCWzVnavTA5n6sCLtdG3WuaIlyJGHuuZIqg3YoXgVGaAcLkCAXyu0HyO6Uw"
    "lTf4dCt5MS+P0dzFgMRzNozWTThMjlkgwvUT4WKB/JP6MJKLYOjjZQc3a4IDy8HrG+QylL"
    "7SN2hBfT4PS9SJmwizsDZvUrluskb3c9eei38xR+FHxpBsyVvLZqZ05TubBfMM92WISU4p"
    "ySGwye2zyUnEuDKj/CFcewfAJz9mohH45EehZuCTq4DcNT55kxp2Az4XlkAPGKGsKPvlDA"
    "Mn3B1O2HP92357dhkJjaeMAZXWIJUGNYmarEkUEA9LidjchcPeygAxiL08kUF5pP9wfXnx"
    "ZdCL+BbmctmAVtBlg4qgp0hUsIBdm6O/EdSV+iKgTdeVYqTn5UUyEtYyNzqQaBrzS0MgB9"
    "snB6M4WyVqUOYHn3GyGAAx+JgZo+4Tgwt6B0qup+QshF1U8XI18VzbAgpYg65Lseyi0kHb"
    "GrTdYcI/Hoi94P03ZdGfTr4XuL+vcFhPTx+stUaxOrJZQVrGtBcjtaEIlZjq+x5jyYponv"
    "LAjLkzX3TIaZ8xzUtpPNISOsW9JpIyEhpHU5Kk/UYzI6H5Tx7CgHAyST+jgGyOAwhFkTwU"
    "TcSi4JSpB+DLDpeCTQ/tBv9K8u/Hc4Ii9zo5ID46Ft5dEOQRfEcQXfEo9d1l6JYsOZI10M"
    "OD5WWW/P08/kV+NlE+fLCZeW+sFwNBtTQyM4SQWqshtcgaFJqoFFD7EEfKIJ72mAnZ7sfT"
    "HOIRUHNNNedB3C+xGaIrh6LlDkdXgKzeg1sN7Ll7R5RtodHl5XnuIxidFR2fj+9Hp1dPno"
    "WjXzwkjIZylBPZFCvyUCqMVV+VfM3AsBvuiehLEe+scKqTT59c0QIeJmkuoBQbrFB97/c9"
    "TTUronlCHMgU7ZBCdd+8wdGH6r4fHigEoIdapIdifexDDsHJveBYlqBozLPcdIXg5F69xT"
    "Ln2BeTdfKx1Vhju1OsbVOm3eOzRswSDj/WPirj7sLmwOzbwMOkUxgv3f0eznkhwTE8QMcQ"
    "5gZj5ycPblwnLPAn8wXInZh8vmIltQC3PGTOYYRjlrvlOO510nKsw2/xHQ2i6MKBOpCQZT"
    "Co7z+ayjIA6wasmz5YN4+1gIiWlMw2yOx0XQPbpBu2yTRWyDZ2+1NhmkzG4+cyq+U9kZWs"
    "wWYBm6XTmZGQM6dBzZAzVwXkzufMgaVvwCwNqAekWxYIk0w8uFXgVu2/evXLrYoN7yE4VZ"
    "1wqhahOrS4VGM8G4A/9ZgN7bY4YPETDcCKySIBGf39yOgHpwfCG23b4d0wHKV5AVZjN6xG"
    "jmeVcsyvuZi5Z+Qjazw7oJyb++fx8fPnr4+Pnr968/LF69cv3xylJN3mrU22Tpi/6js2z7"
    "6TbF1uMduk746Ux8jInakzeIlgqvRdScbRaM0JQ3SKsOdF1UuESsSkxKOLKJqfNpOQ9vg7"
    "A3NNZsDWn2uaXGa6M+VoWXg2Zh4WKcZaMVJl4hljdtv0lAPO6KNwRjWWPREjGFRcp+RJCu"
    "BOdxdCtwep4Q6HbjHn2J4vhGUiLq58ZS3rNALVLcAyaTQGcyE2brieTFTFmvSb0yhIuXPS"
    "r72VEg7u1Q8qlOIpGDGNleIRA9CtA/u7y4+j81P04er07dn1WVwROTVAwpvy0kOxqavTk3"
    "OdKH/rUax8XkpG+N2DfCp7UqbsXZmnCuVNimBAnKTmVN10nARqd0Pt7i4HpipB6nLIcCQ5"
    "JFRHcMtxwJDTHUIEsNUIIBdKqBT6k9o6SUmFAXDxj5nG6z4XD2ytBjV3mK0FMnEXnDVzI5"
    "j7p7KZVS03otbIrpUekci2k5tRJ3CBajRg+9+KVwHTPwOESd91QRwXR+0A5EU4IB0b0rEP"
    "ZppuPB1buIr9RjQjIWS3HyCJuAo8mGIfcFBczTrAH2YYqSEwia0zidZD2lFlUvFtmJ7Uh+"
    "0EtdLGuu4zm8giA3MMor4Q9T3IQWz2xOYf5T6hyVpuDwrc2YwET5E8Xjmg9+GuIXlccvwV"
    "hWcsR2pFOCCIUzQhCDsOcdBq+Q1ihIT1jxfuTAgnmt/coWS6M0Omz9tkQt7P6tGz1KmP7X"
    "bXudgEqm0TFZe4cmsoXDMrG0LneEK8pg0hCKx2KuIGgdVHoWYIrFYBuWuB1RKHD+rUQJ2a"
    "XgZGZB/WLYGk9yIYEI1K2jsQ+gO88UMqDvTgCA2Bz2+fz/ekKrZXk8xOjJnvOl9OchwOzk"
    "Mv0I+ZRafg8ii7PCl+xrydDZU5Llt6eG2B4ZhsTS0AYtBYJwvsQow9h4RptMFczyJeYq/r"
    "Rt1l0fl66nnSl5fnOdRHZ0VYP74fnV49eRaq4GEjtm7CnFKPYF8R7hwMu2f3iehMHfBFWm"
    "78UQP+AINRwMMPaY59B7ZckhI8DJNdgHyBgmkEeThBZfsJKrqxhtM+6mRJyCwFYeUg1w+z"
    "DqTzO8GMyCOfn6SM0BDFr/D1EN3PXXuOxjTg1BXP2dj3KUcMrzeTIjS3bYIpytIKQyjuqs"
    "QZmSnuGre66yySXOflR5H8FAfyDpY2gqyIQX3uqKFzSJSqRsrkL1XVavYqalSLTKTQGC1X"
    "QdMhHuE9wDMjR8uITl2P6K5n2hKoeVFaxjXO4Dl4UDNytIyo9sSjlhDtclEHTjn2rD6Xds"
    "hLaDL5SxiEc9pz7zUno/lUDajv0Gh9B8aEhw1457EwyHZBehekdz3y9K6fHowjSO5qMbkr"
    "NlKrnhOc2LR5cu5nMplTCucyATnX7S1LjsvkK4Ge6x3OlEdxp53UvJ6XWJ57aK18XiP1DB"
    "RdhLGLmg7InUtXzGJETD8cVF5X5dvw7KDuYQOqBoXDBtQqIHeNBN7kICH9dNBQ7ikU9DVA"
    "3oT90cCCnLusAjKAmCSAU4Ne9Mng8DayBROT2zbukkJ5qsB/+qwTuJMgwGvVTRepLLvHrO"
    "cy9QpxOUtVeemTQy47aMWYHZ1dnFz9Wj5qk+ez8/bo1/Hpid7Ap48DVfxLgNk5cidrTpiy"
    "Ih5zMMPM+aQwpvPwlw7lbaZdjbEMMSSosNxYheW97LgtWf/RhxEVIWQEC4PlKbrJ2o43KK"
    "o9h0ImJ0zht+lyLesZyp+jwfAVQ3GKNrr1ZbXD8LGolfIdAQ31ayDwmMSqhhB4bDXweB/p"
    "oVJRxFhn74gnHPxgPTjYOCPmnCyWQFrWLSFRgLGD5DRElDXo+QAiymLaAhXXCSanAHZRvR"
    "7BjEBQsaaOCyh2cLamtr0KApiu6+m5gGKngomxyaDMsW5Guo6UYa6xPS8jRcu7dJxVVNne"
    "WmjEtKWdOgVZdk5QRoEVn/hStEKsesd1dAbcEnn0AbyB3oQ6UPsqC4TJwCEJAih7TXJImA"
    "4S9pubzopoPMgimnLIAqvvNNOYNpMA0UbeTA4Ho6kzECrUP4rT5RVWvqLBUbIE6p6T4Ui1"
    "ho9UY6tJQu4D4g9YmIQcguL696rKdmAIPwBhcvzGkcZ+D+C8kPVGcEmuwY3r3MiSfzJAfx"
    "P39Q95jU4RkTFZFFNTT9HlFN3PMUf3mCHMbomDpjRA1EeRkSmbCMLygfI8xfivxP/lqYuS"
    "ChwUgGq4a3MZB2n0egiZB13IPBDghQpxyfbNz1l/NPOFFXY/0+CWLbFNrgmDGoWPPgrS/a"
    "C1hxm3sG2L4QrKrhnaLIGyiyqHvZIalA17JauA3Pm9kuK+7CmK+PXaKSiR1DgfCWcsNXg4"
    "5xIH0kBlkeHZ78FcKqvx4QwhC/2YSqZYeY744fry4stzRHE6KOAuG9A6R8gGa3DmFScJx7"
    "U5+hvV2DHJ8awnW0wTSXajVgcuoL217wWDU150wnmfEE/WEvM5GF2lkKiaX5sk+Bde3wBp"
    "XCQVh8Aat8sapyMrtkC371z73/8BGVLSFQ=="
)
