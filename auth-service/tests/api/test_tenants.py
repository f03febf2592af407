"""Tenants: those one belongs to, naming the current one, making another, going there."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from auth_client import AuthClient
from mail_server import MailServer
from members import colleague

TENANTS = "/api/v1/tenants"
CURRENT = f"{TENANTS}/current"
SWITCH = "/api/v1/auth/switch-tenant"


async def test_one_sees_the_tenants_one_belongs_to_with_ones_role_there(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register(tenant_name="Engines")
    viewer = await colleague(auth, mail, owner, "viewer")
    made = await auth.send("POST", TENANTS, {"name": "Own"}, who=viewer.principal)

    listed = await auth.send("GET", TENANTS, who=viewer.principal)

    assert (made.status, made.data["role"]) == (201, "owner")
    assert [(each["name"], each["role"]) for each in listed.json["items"]] == [("Engines", "viewer"), ("Own", "owner")]
    assert listed.json["total"] == 2


async def test_the_current_tenant_is_that_of_the_token(auth: AuthClient) -> None:
    member = await auth.register(tenant_name="Engines")

    answer = await auth.send("GET", CURRENT, who=member.principal)

    assert (answer.data["id"], answer.data["name"]) == (str(member.tenant_id), "Engines")


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 403), ("developer", 403), ("viewer", 403)])
async def test_admins_name_the_tenant(auth_with_mail: AuthClient, mail: MailServer, role: str, status: int) -> None:
    member = await colleague(auth_with_mail, mail, await auth_with_mail.register(), role)

    answer = await auth_with_mail.send("PATCH", CURRENT, {"name": "New", "slug": "new"}, who=member.principal)

    assert answer.status == status


async def test_a_slug_belongs_to_one_tenant(auth: AuthClient) -> None:
    owner = await auth.register(tenant_name="Engines")
    other = await auth.register(tenant_name="Looms")

    renamed = await auth.send("PATCH", CURRENT, {"slug": "looms"}, who=owner.principal)
    made = await auth.send("POST", TENANTS, {"name": "X", "slug": "engines"}, who=other.principal)

    assert (renamed.status, renamed.code) == (made.status, made.code) == (409, "TENANT_SLUG_TAKEN")


async def test_of_ten_tenants_made_with_one_slug_there_is_one(auth: AuthClient) -> None:
    owner = await auth.register()
    body = {"name": "X", "slug": "engines"}

    answers = await asyncio.gather(*(auth.send("POST", TENANTS, body, who=owner.principal) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


async def test_a_stale_name_is_refused(auth: AuthClient) -> None:
    owner = await auth.register()
    changed = await auth.send("PATCH", CURRENT, {"name": "A"}, who=owner.principal)

    stale = await auth.send("PATCH", CURRENT, {"name": "B"}, who=owner.principal, headers={"If-Match": '"1"'})

    assert changed.data["version"] == 2
    assert (stale.status, stale.json["error"]["details"]["current"]["name"]) == (412, "A")


@pytest.mark.parametrize(
    "body",
    [
        {"slug": "Not A Slug"},
        {"slug": "a--b"},
        {"slug": "a\n"},
        {"name": " "},
        {"tier": "premium"},
        {"id": "x"},
        {"version": 9},
    ],
)
async def test_a_tenant_takes_no_other_changes(auth: AuthClient, body: dict[str, Any]) -> None:
    owner = await auth.register()

    assert (await auth.send("PATCH", CURRENT, body, who=owner.principal)).status == 422
    assert (await auth.send("POST", TENANTS, {"name": "X"} | body, who=owner.principal)).status == 422


async def test_nobody_switches_to_where_they_do_not_belong(auth: AuthClient) -> None:
    member, stranger = await auth.register(), await auth.register()

    foreign = await auth.send("POST", SWITCH, {"tenant_id": str(stranger.tenant_id)}, who=member.principal)
    absent = await auth.send("POST", SWITCH, {"tenant_id": str(uuid4())}, who=member.principal)

    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "TENANT_NOT_FOUND")


async def test_an_ended_session_switches_nowhere(auth: AuthClient) -> None:
    member = await auth.register()
    await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    answer = await auth.send("POST", SWITCH, {"tenant_id": str(member.tenant_id)}, who=member.principal)

    assert (answer.status, answer.code) == (401, "AUTH_SESSION_REVOKED")
