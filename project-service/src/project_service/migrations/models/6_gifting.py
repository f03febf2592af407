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
    "eJztXeFT2zoS/1c0+XK8mRwDAQqvc3MzhKZ9uQPCQLj35nU6rmIriQ7HSmUZmtfr/36SYz"
    "u2Y5vIkMQO+6UUaTcxP0mr3d+upR+NKWf/JabYv5n/PDcFfaRi1niPfjQcPCHyP7kyTdTA"
    "02lMQrUIPLDjWgaOiw9cwWWD7B9i2yWyySKuyelUUOYora/U+oqoi8SYIPJIHPE3d19pWs"
    "yUqtQZFQl5Dv3mEUOwEZFdXIp+/iKbqWOR78QNf50+GENKbCvxN1JLfYDfbojZ1G+7v+9+"
    "+OhLqgcYGCazvYmzkJ7OxJg5kbjnUWtf6ai+EXEIx4JYsT/V8Ww7QCdsmj+xbBDcI9GjWo"
    "sGiwyxZyvAGv8Yeo6pcEL+N6l/jv8ZPFpMzDCue33jrtM3jMYSvuoRUmgGTSZz1NhQRyig"
    "fvycf+4CEL+1ob7g4rfz272jd7/4EDBXjLjf6cPV+OkrYoHnqj7oC5QFcbAjDD2wE0qviX"
    "nYsAB9MSlDOEPAKgbx0uLUxDSpBaCmQJUminFNSOM6LwA0WPe7hacPxBKWffJd5Cz5QD6F"
    "o3yw3ZqS/c4fffXJE9f9ZquG6/+c3/q4Xp3/4QM7mQU9l73rT6E4k3vofJO9vrjstVNgy/"
    "1QbreGLuYpNYC+PPR6hiOhBKY4Bak5xs6IWKE7sYTrOed4lg3ssmoKXZu6YreAVdP085cU"
    "hMw0Pc4lEFgs4/dB/t2CTkg2hCnVFH5WoLsf/mfHwOxede7651c3CTvx4bzfUT2thI0IW/"
    "fmk3phJqIPQb93+78h9Sv6s3fdSU/9SK7/Z0M9E/YEMxz2ZGArjknYHDb9VBHN8CHmbauG"
    "ATYfnjCXUz/dw1osT3a5a9KapFuwg0f+ICk01XOGweEFm0ykJWtkBY5hX7MwYDTnUu5KgW"
    "L++EIQWAkLDkHgBjfJLQeBOxmzgBsNbnTFwdexEJgTbaObUAL7kOKIPImHNkkUV4JJmoJ0"
    "wKyZjq0N5cHIljCyyteWjyhjO88lakrqBdfZ6jsfYKtZuxRgE4uKDPS6Tp6PEMqn4KLO2t"
    "A6WBNU8mHlj7+3Do9Pj8+O3h2fSRH/KaOW0wI0u9f9DChLMRUJxVfgKeqzZ9WCpoiPMXUl"
    "PjZR0C8Ncpsxm2AnJ+JOKKYGeSA117V6opbNjmy717tMDGq7mzbs91ftzu3eoT+aUkiuge"
    "x19Ui4qx5sdSMV09icmTqsiZkyOcHl7FRSEwjVSlsqb2qVHOakJgxz5Ya5Yrx5R7ovjQLu"
    "3O9vrsKfG5F3+Xy11e9jLBBGgSZyMbXQgAwZJ8hlE6LiKzR3rBAVy3VY+upAzlci5AZyfu"
    "0Qx3yFYF3qYZrUAlCBKtoeVcTJ1MZmKT8opQqOEDhCxY7QncC8yBHy+1dzhFwpuoZqgs8p"
    "2xzwn40v4MmAJ1M/IwWezHZBDc2HBqIxFYATmDnwVDbrqXyiw2yuxu8o9k1GUgQqHMH1AN"
    "dDz6z7P5fQzI/3Q/lS8X6Ncr/rCPc9butAHYgD0vpITzk1M6Z1m45y07KRSqmkbMXwDtKy"
    "v7ZaR0enrYOjd2cnx6enJ2cHUX52uasoUdvuflK52gTuGclb9UqLY2rxh3EdmOn6M51OpD"
    "NlaFqWhBKgro+6wwTJKEwr2DZDBUC7TEWlwL5P6AosPC3cM1RhBF4wApaMj/QZgAx1qCSs"
    "GguQOd5YCDKZahXhZupCQW5epdsgw10q4HwTWhDNQjUmVGNWbb7WztpDNebODnOVqP3CM/"
    "ASAs1nqX690++A8gfKH5wkOIQNDmGrPRMBRxi8+vxljj0zhozrIBrXAXsAx4KBQ70Fh/pS"
    "nQKQ50xfBkcEPOdIq6MEoHAGvGjwovWs/EYLZ2oE4Vq8PnCxN1k8Q7grQdM80iquBB7hkk"
    "eIVZZBE9OUGqCaSvZQlw6oHZCAq5qGpBYYiFKvLT4SbJd6aTGmCBUAVYttID29bosF6WlI"
    "T297vtbOFEF6emeHuUpsWi/wtht5jFok0HyeVQtd9xXPC/o6I5gbFp75169Fk/A9mjBHjB"
    "F2LCQ7EXYRc4h8+smA8CYazNDTmJpj+S8WiBPT4y5Sn2TP1McMmedYGZe8rfe7gAushNMB"
    "XOAG/TrgAjcYfartOtsRyAY7lC/a/ncLdrWdp0B7kE+pM0NDeZihpfiR4K02LaOQ1ALgy6"
    "QJ5Hr+S3otWqmCmA6AXgL0gWdJV28Z8qKXbRc68Lbt8jBV+G3btz7ZgRYFWhRoUeDLgBaF"
    "YX4btOiNX9jRyCNFg+7m85TovEIESg2BXgR6EejFynr4nNhYPaM7plM9+iapB8eMlKASKB"
    "djC2fEVvn0blznhRRvfdDPYHjhSKJNztStHS5cH9w1NjibOg+aaMZUAM0kmi79K8sS/Ouu"
    "d52NZaSQtp/UFOh/aPcuG1VQFJuE9OpPoa4+AKhBoAaBGgTOqCKcEVCDb2KYq0INqteLu4"
    "JMGlnEYNTZLKQFlWNhUCm3YpVkf0zQ1BvY1ESBlferFdVMRDbBjwQxT8wLFKmLHshUoCFn"
    "EySknqplfBoHv6gvnlct8uX6yLV9C1CXlXAugLrcoP82X+KakZ0LcObA6SdS9OCMqUCgDH"
    "dfbIsw0z+6+4UndtfIAKwFcOy6dORIV14wHXORUgOTkUT1m4f9s8Q0CIm4yuYYifWXO74a"
    "KeGOMdckLCMNYCxfwFjKUFObr4zrgHsGObhtXkrBHktxXHE9YLgqx3AljiLyeRhDPwuwrA"
    "jJgPS+G2BUnizO/ABYUZVeUZBQe9U1BAm1N7FqIKG2s8NclYRa388jXBF13EYjK6mWEGgW"
    "JtaCnMTEl9VIrj2QGaKOn7xSSZIBdolKYO1FOY4mCqrYfmkGx4H0GReMSjkTOzKaQS6eZa"
    "fUXvGzMxJpn5N5mLDW7suqCbZqpX7eRrptazWUNTKhGuQDdYMFvwxomzGbYCcnWxzXS6E6"
    "kIq7BWi717tMbEftbppquL9qd273Dn3MpRAVJNv3k8D5txBlXTT9DOALPQB8dcC5BFWHXQ"
    "vlgVwrcc/KBFOtO6UjBUC7xJlG1J3aeGboZqTTeoB9yZluSPdUe7aHSoB6CfJe4TfGjqVn"
    "0lNqgHyJu+vlzxLIp9QA+TIlGQYb6hJIkRJwR8Ad5XBHNwEHlEUb3Sz4oQLGKGiD0xl2nH"
    "OpFs9VXfNT1SrSGkG4nkAp9pgamKfUwHnRR549Odp0bVwH7AZcX1SNmYy5OaaPJGMmF9K2"
    "cbUNsrZRS21pWyg5aUDJydYtSR3iSSg5eXPDbBGblBvmpCbcple1Ua4YOfQRPzI+36NzSa"
    "JIprkKWWQMA/E1sEafoy8pWdADdBLQSdUxWBphYXLer4ppUgtArcpxfbsJJ4Qg4LVsxmsp"
    "qIdOSqzmsehURIO/Av4K+Cvgr4C/Uns4N1o4XCMI15JeAbq/AXT/1md2HXxtoPvfxDBXLK"
    "Tq41GjIJ5S3c2VgimBR1AvCAETBEwQMG0dVCjC3OQluMxmGW8ZF1w7HCpA4WX5K4chAADP"
    "cF1nj2D3IdMn9DuKvUEhRcANBDcQ3EBwA7cOqqBCj+mNFMARhLdxaoQ8HKe/YcCnnKpaR6"
    "13deI6AHr5OwyI5iaZUoM7DFJWW7raJcrNIy0oNa9aHJkwVMyl2RvyR5vhPEsVU0oN71Bp"
    "7Zat+tC7b1920M1t56J71w0uVogG0e9UTYt32m4755dw2yvc9gqlA2UNfo3ma+0sPpQO7O"
    "wwV4kgvmCek33E0KK3+SxVLGef56x4zlDj3+py1cEMYekw0tGI8H2kjpLm7MlFbOjfthp8"
    "j39F6zzERZgTJBgaEORfVoS86XvkEuIfPT2hIzl95ccvH1K97i97ZZK7TUe5u2Jm3JOxIQ"
    "Zu+Mv47TUu32BD/LXVOjo6bR0cvTs7OT49PTk7iHbG5a6iLbLd/aR2ycQSDrdNIL836OgB"
    "+b0GUIETLNjt11MHEex5q1vmSGWXboLcgH2uiiN0Tjg1x5leUNBV7ALhhVBl0uVvxY14YV"
    "yd7yDk0hYXY8x1eYt6ml65ZL4bNnFGQi2O1slJAaCh5ZVS6ZtLg67WvC+VDJCrSgPhQHwH"
    "0T08OFgBXSmVi67fl97LHOmyZuxm+bfwxlTgGl7Na3i3up/9/D9IJ/NV"
)
