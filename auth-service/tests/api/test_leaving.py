"""Who leaves a tenant leaves without credentials for it: they end with events, and do not come back with them."""

from typing import Any

from auth_builders import Member
from auth_client import AuthClient
from auth_credentials import introspect, make_key
from auth_fakes import SettableClock
from mail_server import MailServer
from members import colleague

from shared.db.databases import Database

REFUSED = {"principal": None, "expires_at": None, "refusal": "AUTH_INVALID_TOKEN"}


async def rejoin(database: Database, owner: Member, member: Member) -> None:
    """As an accepted invitation does."""
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'developer', now(), now())",
            owner.principal.tenant_id,
            member.principal.user_id,
        )


async def own_tenant(auth: AuthClient, member: Member) -> Any:
    """A tenant of their own, and their standing in it."""
    made = await auth.send("POST", "/api/v1/tenants", {"name": "Elsewhere"}, who=member.principal)
    assert made.status == 201, made
    switched = await auth.send(
        "POST", "/api/v1/auth/switch-tenant", {"tenant_id": made.data["id"]}, who=member.principal
    )
    return (await auth.member(member.email, switched.data["tokens"])).principal


async def revoked_keys(database: Database) -> list[str]:
    rows = await database.system_rows(
        "select data ->> 'key_id' as key_id from outbox where type = 'auth.api_key.revoked' order by seq"
    )
    return [row["key_id"] for row in rows]


async def test_keys_and_tickets_end_and_stay_ended_when_they_come_back(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")
    key = await make_key(auth, member.principal)
    ticket = (await auth.send("POST", "/api/v1/realtime/ticket", who=member.principal)).data["ticket"]
    link = (await auth.send("POST", "/api/v1/auth/session-token", who=member.principal)).data["url"]

    await auth.send("DELETE", f"/api/v1/users/{member.principal.user_id}", who=owner.principal)
    gone = await introspect(auth, clock, "api_key", key["key"])
    await rejoin(database, owner, member)

    assert gone == await introspect(auth, clock, "api_key", key["key"]) == REFUSED
    assert (await introspect(auth, clock, "live_ticket", ticket))["principal"] is None
    exchanged = await auth.send("POST", "/api/v1/auth/session-exchange", {"token": link.partition("token=")[2]})
    assert exchanged.code == "SESSION_TOKEN_EXPIRED"
    assert await revoked_keys(database) == [key["id"]]


async def test_keys_for_another_tenant_stay(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")
    elsewhere = await make_key(auth, await own_tenant(auth, member))

    await auth.send("DELETE", f"/api/v1/users/{member.principal.user_id}", who=owner.principal)

    assert (await introspect(auth, clock, "api_key", elsewhere["key"]))["refusal"] is None
    assert await revoked_keys(database) == []


async def test_a_key_rests_while_its_owner_is_suspended(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")
    key = await make_key(auth, member.principal)
    path = f"/api/v1/users/{member.principal.user_id}"

    await auth.send("PATCH", path, {"is_active": False}, who=owner.principal)
    resting = await introspect(auth, clock, "api_key", key["key"])
    await auth.send("PATCH", path, {"is_active": True}, who=owner.principal)

    assert resting == REFUSED
    assert (await introspect(auth, clock, "api_key", key["key"]))["refusal"] is None
