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
    "eJztXf9zm7gS/1c0/uV6M36dNGmbXt+bNxOnaS93SdxJ3fvWyVDZyEYvGLkgJ+fe3f/+JM"
    "AEMK6xkAwm+8N1LoAF+1mx2v3ssvqrM/PZ/8iIPz0hPh05ndforw4eBtzHIy7+GGM3IF3U"
    "wbOZ+Gt5cUccGeLR7T32bWt8a40pce1AXPDpJn2GHbLcKRtznDr0V2fEPHkv6vEgvPUU/2"
    "m5xJtw+STPDg7+kT8aWiPmzqeefAL5INExm4zx3JUP2bGsq/7A+nA2sKz4ZHgPiy9mJBpX"
    "XvXLyfXpjyfXT8Sw38vLmJDRJfLMVXzqMDoX3jQZ3Zu7bnggGPl0xinzUgfZSDw+9SYPhx"
    "7uLEc+dbD/Vh6RN5wQj/iYEzsFLPVs8mfmiIenJCWpHBYPw+dcXjFbcId5yT3EE8gL5x79"
    "Mk8uEzJsQPfwxYsVdO+IH0gBKyIshl6LcHiuGQinpNWI8gqo4jwnHlcF9acP/St5ehoEX9"
    "w0lk8uT37Lw3x60e/JQzMW8IkfjhIO0NMJuRxQEfIUFpsht+mIo7+RSwNeAP3NNs+ft1HR"
    "EyZ/Tg+nuQum2MOTUIR4iKUEOXsp4V8xc7P4dqEO8y/hRA7zr8Nnz4+fvzp6+fyVuD4EIT"
    "lyvDKDqK06ec6vBjo1f+7xQsVzf57Ve3xgCVokwGaNUy+raTmMfHwe/6yDE9SjayzOJoQ7"
    "xA+hl5cm+uEcj5ypmGwXZMzZXXjJTtc2POfM8th9+lbxIQvb6bdjkwUJqDciqlNgcH559m"
    "Fwcvk+Y0TenAzO5JnD8Ogid/TJy5xhSQZBv54PfkTyT/RH/+osb2uS6wZ/6Jx3b8Q843RK"
    "FK1Ogl8JmxPf6enyf0ourdFb/cPh4dHR8eHB0ctXL54fH794dZC83qunVt/zgH5VVnPv/J"
    "182TNa0/z29+hknQEoo4OvJVWQNwLlV1qxtGCPW+rmMlxWj6LJn57WHz+ev9GJpBxPEceM"
    "jJvBnM+p/TR8/DIraOfEQ2wozSDiDubIYwgndhT5ZCw8JsTZa8Q8Iv5DlAfoHi8Q9bqI+e"
    "HRe4cFJP0rGqCJOPG0kwPG9L1MrPmra8rW67/GxX2L2dr5z3jujaSWUTgj5D/P/9vZxQRW"
    "dAWKJ+6qQ5CoREQ2kU6CMu5Bz2XD/XUIOJuPHGJbWDmqAK8gB6Jp12Arh7+KI7Ajl78ZK3"
    "7F2LoXh8vJCyBC69751cn170lwnbwFF/2rd72C8Lr3++DsRK+b5WF/oTXAjm1wDvbhgpNA"
    "EfhbMuPWcNFiRysl4UYkv+VllUEzcPDhi5fKtvzst8G3GaLMJF5enqeNNMI+IH8qW40ECp"
    "OcHEQKlSMFFJsa4Y2L6BrNiI+iOz5FP4tXZ3k6QA6+I+hz/Dp9/jdi0iGTvjwVnj9DQxI5"
    "+0SMYoeufXQwuBe/KIgadndfAxFE6HZCzFBvzDAUSlgXJHxKGaCHF+gmEzucsqkMODp7Gz"
    "6MfCKhh/ChSviQBVFf+KBPzcSmoOWKWs5guNEP3L2O5zMbXuWqSs6C2CgmQM6/QB8VcKAM"
    "sToPkIigkQhQgbJiccMqmM9qAHOrmgV1XkVYI4f57Y6PMjJWi4/KQDpktjJd0qoIfwmEyf"
    "heuOeUL9o9fzMymp+/8e3C4WAar+BhcjbTQGDtEvlkisj3+v2LDPK98zy0Hy97Z9dPnoVq"
    "EBcJt7d41VtKp0huM+YS7ClingViM+RDcTdFzGWEL0QTXuE8IHKVUPbC5Dv36UbnrD3xfa"
    "yaICiWazOUa6rwykA5wz5pO9makdF4viDmlloOaUZI45hCSqBiSmCn5bdLDrYLXHqtXPoo"
    "0kOpmptYZ2c23WPu3CczF4+AcavGuOVQNEa5QRReZxQeG4d2r6lZIc3H4eCnVC1d+FWWG2"
    "MUKw4FmNpoSMbMJyhgUyLfDBTlfRAtqEDY/ufm/J9wLQUfqBE+kJUkOko6Qh843uOPkqCI"
    "QIMfZKqIAFZmWJmbvjKXgTTmKFsMaErCNhAy4ZoGDkkzHJJAKGN9oWPWPC7nYbbU8S0NRw"
    "QXBVyU5tY5Qg2cBjU3uAYOvoaDIrg6iuBc7E3mwusBvjgHxsZcrDplPMPcAbxTQJjk5+U9"
    "rFsCCZE8GEZBf9S1G4Z4AviAFj6gbTLXVTM5E4bxXWBlamVlxkIJpdJDUlunjvC3dk69QL"
    "C2NlgrdnT3K1arCc0dhWvy/Wr3gpSS0LxLBdFvd+fRL1Nubt0qtJnuztdAM9RKM0DEq988"
    "Q8T77YhXt2mGgFdT2WXsDSKb2rLjkuzjKo3Q2jrLb11vKFSOg6+uYm/3il2g1adYvT2gd9"
    "YEPnSDR6GO1lc3LBe2rF1ehiKrVQ4Dn+xjuB1hwebqPTCb0SQkK0fbkqR1IGom6tZj4jjj"
    "2LXMt7tXx71Sr/useCY5D/BKqnolfS/qIRkb96gXvYNl+0gbhZStWIEcgjxyTwK+9Ea+C4"
    "SY0yHxuwh70i8RCg9WXRjdgxvyd8K1b2tvp944rzlpAj2RX7GXw4VmSuUM3tHxHn9UC4Wa"
    "4XO1vVBzSjgOZ5EtpjLouoKuC5DcyH1AYe5eqrrBhbnJLMSck+ls3xtVForTtlC0PfW6ek"
    "LRmU/V99Zr+qZriXD6ChnW+m6t3gwkK6T57M5o7suNCaAyNw+GwQwPnYpI2Zr7LoCeR8Mg"
    "6smiG3DM58oeRKuwL8DEoAbCuwLsD0CYxJrFW24B2EskIGffFHa8VEMGWB5JCgfFyVvz5w"
    "AhWdyFzwFq/RxgIpRQmto/EQjcUb7o7C3Fz0ahGw9kYCUyMIeiMTZwRX1iurV+P5CUiBvt"
    "uqbdFFoN6I43qGCeu7DGzG8xomkRjU9R8J71Q7qAzVNIGgjVzw4a4EAnLhk40vU70hZOaa"
    "OMQ30htzPZW2ca6mU61X3p5tfL+OSOYBe0XG2ngRSGUCPTTiU3uEYGCjiglKDWUgJI761P"
    "720Vc5TiIEYjLN+UdkfNOSmNMxEzYX7ajmlGRuB2gNvZWztbldspA/YdDeiQunHA/+ghz8"
    "Kxx6TaRbzLLBBqdRNqcr/f0unpfuwQdIBRe8xhePMZNWBbNKgZ2JYyIDeNbdHzucxwbot1"
    "QBXfpn8v8yDdxggMWK5SSwF8MFNDOLDmgxntUZi056qAy7VR95qmCNdSjC1XMkXQbsWDwC"
    "xNAWFyhgL5vUPy2yex4QHIV+EwCTywufrZXGHlvzIPZnIeDH3kYufzgmDfsvHiM6IBSh7p"
    "NZoyjzth7ytxEuEgbPq5bIk1XKB7h44c8S/mKHzJAiRHchdymDGbe/ZqJy7D9zJEhya8Wh"
    "co0fop0WXaszQt+j7M6XWAFH3MbBmQoo9CzUCKlgG5aaToKr9Jfe4IT6AFtEZalO0KX4HY"
    "bA6x6VLvtt2RXUpC43VPwAftkA+CZie7bHbiExdLiQKHwi5SRYAYxF62elee6T996F99G/"
    "Q8vjlbLgfQCrocUBH0BIkSHjAdcfQ3cuOSL+A9m8B7zgPS8jYPKQkruRsNqJaM+aUukIP1"
    "k4NR/X4palAWuZ5zMu0AMfiYGaPmE4NTdgdKrtioPwVhE1U8mw9dOrKAAtag60Ism6h00L"
    "YGbTeY8I8nYit4/1VZ9NdEbwXulzkO+5rpg7XSLFZHNi1IzZi2YqbuKEMlTH3bcyxpEc1T"
    "HjgI6MQTN+SszZhmpTSeaQmD4lYTSSkJjaMpSdJ2o5mS0PwrD2lA2PKgnVnAwME+pKJIFo"
    "pd5KJg+5oH4It2rYGPHupN/hXU3w8cgqLwernzdLTfNJ0S5BJ8RxCb86j0nQbolsw4Gvts"
    "Gu5YLavk7534D/naRPXw/mrlvbG7GEiqJZmZLqTUak2pRd6g0ESphNr7OFMG+bTHTMg2P5"
    "9mE5eAmiuqOQvidoXNkF3ZFy03OLsCZPUW3Ko/cugdUfaFev3+ReYl6J3nA5+Pl72z6yfP"
    "wtkvLhJOQzHKS9kU28owJpxVT5V8TcGwGe6huJci3mnhVI1Pm0LRHB4maS6gFHfYZvnea3"
    "uZalpE84Q4kCnaIYUWtVmHow0tat8/UAhAD9VID8X62IYcgh1UIbAsQNFYZLkaCsEOqno7"
    "PjrYE8Z6+bJVWGM/3ejE78T38UKVwlyRafP8rJCzhE1otc/K+HbhcOD2reBhMiiMl+52T+"
    "eskBAY7mFgCLbB2CbAnc/UDhv8yXoBcieMz3dBQS/ANReZCxhhr+BmBY5bbRcc6/AtvmN+"
    "lF3Y0wASqgw61eNHU1UG4N2Ad9MG7+axNhDRUpJZB5mdrGvgmzTDNxnHClnHbn/KmcnlfL"
    "wp8louiexkDT4L+CyNroyEmjkNaoaauTIgN75mDjx9A26pz1wg3dJAmGTiIayCsGr71atd"
    "YVXseHchqGpEUDUN1aElpBrgSQfiqcfsaNfFAYv/Yz54MWkkoKK/HRX9EPRAeqNuP7wZjq"
    "N0L8BrbIbXyPGkVI35By4s94R8DHZeHVDMzf1weHh0dHx4cPTy1Yvnx8cvXh0kJN3qqVW2"
    "Tri/6l9snr+TbF1mMVul7w6U50iPTtQZvKVgqvRdQcVRb8FJgNgYYdeNupcIlQijxKODKL"
    "JPq0VIW/zOgK1JTdjqtmaXy0xzTI6WhWfF8gSRYqx5QMoYngEObndtciAYfRTBqMa2J2IG"
    "g4qrtDxJANwY7kLqdi813ODULeYcj5yp8EzEwbmnrGWdTqC6B1gkjcZkLuTGDfeTibpYk3"
    "ZzGjkpNxr9yp9Swsa9+kGFVjw5J2ZnrXjEBKRVYH/T/9i7OEPvr89Ozz+cxx2REwckPCkP"
    "PTSbuj47udCJ8luXYeX9UlLCb57kY3knZcqeyjpVaG+SBwPyJBVN9a7zJNC7G3p3NzkxVQ"
    "pSyqHCkWSQUJ3BNecBQ063CxnAWjOAXCihVOpPauskIRU6wMU/Zhqv+Vw8sLUa1NxgthbI"
    "xE1wVqyNCOhXZTerXG1EpZldqTxiKdtGbkadwAWq0YDvfyseBVz/FBAmY9cpsSmOxgHI83"
    "BAOTaUY++Nmd55ObYIFduNaEpCqG7fQxJx7rtgYh9wUFzNGsAfphipLjCJtTOJ1kPZUWlS"
    "8TQsT2rD5wSVysaaHjObqCIDdwyyvpD13ctJbHbH5p/ld0LDhfw8yKeTCfGfIrm9ss/uw6"
    "+G5HbJ8VsU7rEcqRVhnyDO0JAgbNvERvPZaxQQEvY/ntKJEE4Mv/qFkumbGXJ9TpcGeTuv"
    "R89Spz63613nYheosk+UX+KKvaFwzSztCF3gIXF37QhBYrVRGTdIrD4KNUNitQzITUusFg"
    "R80KcG+tS0MjEi72HdEih6z4MB2ajleHtCf0A0vk/NgR4CoS7w+fXz+a5UxfpukmnDmHqv"
    "s+0kB+Hk3PcG/Tiw2BhCHuWQJ8HPWLSzojKbBjMXLyxwHJefpuYAMeiskymmkGPPIGEabX"
    "DX04gX+Ou6UadBtL+eep10v3+RQb13nof142Xv7PrJs1AFDx9i6ybMGXMJ9hThzsCw2boP"
    "xc3UAZ8m7cYfNeAPMBgFPHyRHOzZ8MklKcDDMNkFyOcomJ0gDzuorN9BRTfWsNtHlSoJWa"
    "UgvBxEvbDqQAa/QxwQueXzk4QR6qL4Eb7vonuHjhw0YD5nVFw3wp7HOArwYrUoQvPYJpii"
    "NK3QheauSpyRmeau8aib9iLJ3Lx4K5Jf4kTe3tJGUBXRqc4d7WgfEqWukbL4S1W1mqOKCt"
    "0il1JozJaroGkTl/AW4JmSo2ZEx9QluvuZ1gRqVpSacY0rePYe1JQcNSOqvfCoJkSb3NSB"
    "M45dq82tHbISmiz+Eg6hw1oevWZkNF+qAf0ddtrfIQhEhA14Z7EwyHZBeReUdz3y8q5fHp"
    "wjKO6qsbgrdlLL7hO89Glvbv755/8Ci//H"
)
