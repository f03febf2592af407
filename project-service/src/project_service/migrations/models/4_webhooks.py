"""Webhooks and what is delivered to them."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

WEBHOOKS = f"""
create table webhooks (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid,
    url text not null,
    events text[] not null,
    active boolean not null,
    secret bytea not null,
    previous_secret bytea,
    previous_secret_until timestamptz,
    paused_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    created_by uuid not null,
    creator_role text not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (tenant_id, id),
    constraint webhook_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index webhooks_by_creation on webhooks (tenant_id, created_at, id);
create index webhooks_of_project on webhooks (project_id) where project_id is not null;
{tenant_policy("webhooks")}
"""

# Every attempt rewrites the row, and most of what is in the partial indexes leaves them soon.
DELIVERIES = f"""
create table webhook_deliveries (
    id uuid primary key,
    tenant_id uuid not null,
    webhook_id uuid not null,
    event_id uuid,
    project_id uuid,
    type text not null,
    subject text not null,
    body text not null,
    occurred_at timestamptz not null,
    status text not null,
    on_demand boolean not null default false,
    attempts int not null default 0,
    due_at timestamptz not null,
    lease_until timestamptz,
    attempted_at timestamptz,
    duration_ms int,
    response_status int,
    response_body text,
    error text,
    created_at timestamptz not null,
    constraint webhook_delivery_once unique (webhook_id, event_id),
    constraint delivery_of_webhook foreign key (tenant_id, webhook_id)
        references webhooks (tenant_id, id) on delete cascade
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index webhook_deliveries_by_time on webhook_deliveries (webhook_id, created_at, id);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where status = 'pending';
create index webhook_deliveries_in_line on webhook_deliveries (webhook_id, subject, occurred_at, id)
    where status = 'pending' and not on_demand;
create index webhook_deliveries_leased on webhook_deliveries (webhook_id) where lease_until is not null;
create index webhook_deliveries_old on webhook_deliveries (created_at);
{tenant_policy("webhook_deliveries")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return WEBHOOKS + DELIVERIES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table webhook_deliveries, webhooks;"


MODELS_STATE = (
    "eJztXW1z2zYS/isYfWk6o3ocO4lznc7NSLbS+mpbGVu5tM1kaIiEJJwpQgVBO5pc/nsBvkgkRNICY0mkvF8sG9il6Afg7rOLBfi1NePsf8QWB+"
    "+jz44t6D0V89bP6GvLw1MifymUaaMWns1SEqpF4KGb1rJwWnzoCy4bZP8Iuz6RTQ7xbU5ngjJPad1S5xZRH4kJQeSeeOIH/0BpOsyWqtQblwkF"
    "Hv07IJZgYyK7uBT99Fk2U88hX4if/Dm7s0aUuE7mf6SOukDYbon5LGz78OH87F0oqW5gaNnMDabeUno2FxPmLcSDgDoHSkf1jYlHOBbESf2rXu"
    "C6MTpJU3THskHwgCxu1Vk2OGSEA1cB1vplFHi2wgmF36R+vPp3fGspMcu66g+sm97Aslor+Kpb0NCMm2zmqbGhnlBAff0WXXcJSNjaUl9w+lvn"
    "+sXxmx9DCJgvxjzsDOFqfQsVscCRagj6EmVBPOwJywzsjNJTYp40LEFfTsoEzgSwmkG88nAaYprVAlA1UKWJYtwQ0rTOdwAaP/f7hWcIxAqWA/"
    "JFFDzysbyGo7yx/ZqSg94fA3Xlqe//7aqGq/92rkNcLzt/hMBO53HPRf/q10ScSR8aOdmr04t+VwNb+kPpbi1TzDU1gL469GaGI6MEpliD1J5g"
    "b0ychE6s4NrhHM/zgV1V1dB1qS/2C1g1TT991iBkth1wLoHAYhW/M/l/Czol+RBqqhp+Tqx7kPyyZ2CeX/ZuBp3L9xk7cdYZ9FTPUcZGJK0vok"
    "m9NBOLi6CP54PfkPoT/dW/6ulTfyE3+Kul7gkHglkee7Cwk8YkaU6avqmIZnSXYtuqYYjtuwfM5dTXe9gRK5Jd7ZoeTfUW7OFxOEgKTXWfSXB4"
    "yqZTaclaeYFj0tcuDRjtSMpfK1AsHl8IAmthwSEI3KKT3HEQuJcxC9BooNE1B9/EQmBOjI1uRgnsg5YjCiQexkmitBJMUg3SIXPmJrY2kQcjW8"
    "HIKq4tb1HGdoFP1JQ0C67z1fc+wFazdiXAJg4VOeide0UcIZHX4KLextA63BBU8mblx09HL1+dvHp7/ObVWykS3uWi5aQEzfOrQQ6UlTIVGcUn"
    "yFM0x2c1Ik2RHmPqS3xcoqBfGeQuYy7BXkHEnVHUBnkoNTf19Cxatjuy3X7/IjOo3XPdsH+47PauX7wMR1MKyWcg/7m6J9xXN7a+kUppbM9MvW"
    "yImbI5wdXsVFYTEqq1tlTBzKk4zFlNGObaDXPN8uY9SV9aJbnzsL+9Tv7cWrDLx6utPk6wQBjFmsjH1EFDMmKcIJ9NiYqvUESsEBWrdVjm6pCc"
    "r0XIDcn5jUOc4grxc2mGaVYLQIVU0e5SRZzMXGxX4kGaKhAhIELlROhGYF5GhML+9YiQL0U3UE3wSbPNcf6z9RmYDDCZ5hkpYDK7BTUxHwaIpl"
    "QATsjMAVPZLlMZhE7ikkyHJJ+qZATKuUrscKah7JpZm8GEoDsyR9QLd8ApDzjEPlE74l4sHFgbxVbixzZ6mFB7ggaMC0alnI09j6l0zXw1pfPE"
    "186lTxkna8ye6uXXnweXAh/1pD6K+vEDvwroY+ufS70tLn/uBtAnXP2UwIXbkHMqOR8DfKkHgK8POJegmqTnEvlK6bkGlWpspFp2iqlrAvZCAd"
    "A2R9uh/szFcyv82wB0XQ+wrzjTLUlPjWd7ogSoVygUVfhNsOeYmXRNDZA3R159VkBeUwPkzZHHvsVGpgmkhRLkjiB3VJA7is9QapWcr/RIxihu"
    "g22ye55zqVeeq77mxyDvYsrZv4urNwjCzQRKqds0wFxTA/Jijjx78IzTtWkdsBv65gnq0yF140MM153JWS2wIVVoOLcn9N54n1BaDXYJwS4h2C"
    "XUKEvShHgSdgk9u2GOt55WGOasJmxOrtso1yw59A7fMx756MIk0UKmvdYh3KNYfCPl0NlzpKAcGtJJDXZLzTl1bT9BhVIzKIfeOcDAWsxZS0k9"
    "dFZiPcZiUhENfAX4CvAV4CvAVxoP51YLhxsE4UaWVyDd34J0/85ndhO4NqT7n8Uw1yykGuBxqySeUt3ttYIpgcdQLwgBEwRMEDDtHFQowtwiw5"
    "cwspxdxsVoLxSg8LIC2hAAADPc8Nkj2L/L5YRhRzkbFFIEaCDQQKCBQAN3DqqgwizTu1AAIgi7cRqEvC+wCHLeDlQM+lIDpnoFwGecqlpHo706"
    "aR0AvdKGeZ+OPUJM34eXVYN3DGpWW1LtCuXmCy0oNa9bHJkxVMyn+Q75nctwkaVKKWnDO1Ja+2Wrzvofuhc99P66d3p+c96/yg5i2Kmalnvarn"
    "udi4KszDDHI5ScWpzRAvoOpQNQOlC3+do4iw+lA3s7zHVKEJ+ywMs/YmjZ2340VSxnX+Ct+yax38lMoOEcYUkY6XhM+AFSR0lz9uAjNkLMIyj+"
    "HoQ9B0UhLsKcIMHQkCCJLnFQMPsZ+YSER09P6VhOX3n51UOqN/1lT5zk7tJxoVfMjXtyHGJMw78vv73Bxzd2iP86Ojo+Pjk6PH7z9vWrk5PXbw"
    "8XnnG1q8xFds9/VV4y8wgnbhOS31skepD83gCokBMs8fabqYOIfd76lnmhsr1oZS/sc12I0EcynDCWv1ie9JWToIdIyuCtHD6R4ZiIqIZPsEuc"
    "A3QbRmiMW2qrwi2KSBWSP6gbUg+bzeaKtajfI1f0g4/i3W/ozlOcJhSLrpL/xo4tfS8s/tfCjwD/eT78pznpd5M9c9zofQWxOBCfKkfm35M4hs"
    "+i3eEcz/PhXqpoiLvUbyL1eQTyT5/1pcwqb4qB18RUOW8w4i15vNzDvGB6LnV0pOfx+UZ7BLV6oNNQS4vQPb/qXP+ZbxMS+bT97f456HVWnBq5"
    "pyzwrSoDkKNccSSa49y2NBBWSM9N1wYKLwLL/3VbJciMPQ584lQcck0XRrrOI+1QX4Fc6ejIrCqMcyPGmRPsGxbarqpCsW31HVhQ6/OE4Xo6kW"
    "gyp3U9CODhjBYotGrkzG6aJ4ZCq70d5pqtL54Rl0qLO2+VrDMuZNrrrDfKIQ/F6ZqndbduqXOLaLRcdxtf5CfVxkaIqO9FWAgynYkD1B+hhwkW"
    "6AH7CPt3xEEjxhHzkEOmqlRKLesRdS1VQxVryU9VaaWmfUubYVv+6tzTPBPUoqWWMHkNx3nuiDPCyuQWaXl24q+LaVYLQM1bLzOENK0DS72wfL"
    "7xrfMKiBU0S3bOx/IQf1fZvh0ME6K2dq3mUgUgrwD5kDlGm7cTeQC7ystCbTvgvFKorKlCrFy7WBlqznf5ZHlWFNquYl5aSpTRg9eXGpQTxVmD"
    "nElemCxPq2wvW364IZifOlteg/MnmmRFmuYSpA3ySbUCFE0V6hLqPM6xkatE8nRdGOk6j7QTRNuYramJE9S0KvnBmg3qU3tCOUYz+Q3EKqLRhe"
    "DmaALAJQCbRv8rilA3VWGbCOdm54QvFABtOCccnPHCGdelOqFDOLUnrbyihLirXVqLgJdCtTks/LkcovKdPrV4Eb6wlvB0grlpMWEzk4Dykfli"
    "ucQbC/VwHL1+XQJoYumllGZFEidwFPVpWSj5VBkgHIvvIbovDw/XQFdKFaIb9ukneXiC5J3l8Z+b/lWB01yq6B6T2gL9H+3fxlYFRjlt0RmK5v"
    "/UBbq7Ps3j2z+a1j20"
)
