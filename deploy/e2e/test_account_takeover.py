"""Somebody registers the address of somebody else, sets up all they can, and the owner of the address comes along."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import connect

from auth_service.mfa import totp
from deploy.api_client import Answer, ApiClient, api_client
from deploy.mail_folder import mail_folder, mailed_token
from deploy.stack_process import StackProcess

PASSWORD = "correct horse battery"  # noqa: S105
OWNERS_PASSWORD = "the owner's own passphrase"  # noqa: S105
OUT_SECONDS = 2.0
REPEATS = 50


class Left(NamedTuple):
    """What the intruder left behind in the account."""

    access: dict[str, str]
    cookie: dict[str, str]
    refresh_token: str
    handover: str
    device: str


@pytest.fixture
async def intruder(stack: StackProcess) -> AsyncIterator[ApiClient]:
    """Signed in to an account with an address that is not theirs."""
    async with api_client(stack.url) as client:
        yield await client.register("Victim")


async def test_an_unproven_account_sets_up_no_keys_and_brings_nobody_together(
    stack: StackProcess, ada: ApiClient, intruder: ApiClient
) -> None:
    mail = mail_folder(stack.environ)
    project = (await intruder.expect(201, "POST", "/projects", {"name": "Bait"})).data["id"]
    await ada.expect(201, "POST", "/invitations", {"email": f"other.{ada.user['id']}@example.com"})
    token = await mailed_token(mail, f"other.{ada.user['id']}@example.com", "accept-invitation")
    stranger = {"email": f"friend.{intruder.user['id']}@example.com"}
    new = {"email": f"new.{ada.user['id']}@example.com", "password": PASSWORD, "first_name": "A", "last_name": "B"}

    refused = [
        await intruder.call("POST", "/api-keys", {"name": "robot", "scopes": ["*:read"]}),
        await intruder.call("POST", "/invitations", stranger),
        await intruder.call("POST", "/users", {**stranger, "first_name": "A", "last_name": "B"}),
        await intruder.call("POST", f"/projects/{project}/team/invite", stranger),
        await intruder.call("POST", "/invitations/accept", {"token": token}),
        await intruder.call("POST", "/auth/register", {**new, "invitation_token": token}),
    ]

    assert [(each.status, each.code) for each in refused] == [(403, "EMAIL_NOT_VERIFIED")] * len(refused)
    assert (await ada.expect(200, "GET", "/users")).body["total"] == 1


async def test_the_owner_of_the_address_gets_the_account_and_the_intruder_is_out(
    stack: StackProcess, intruder: ApiClient, anonymous: ApiClient
) -> None:
    email, mail = intruder.user["email"], mail_folder(stack.environ)
    left = await settle_in(intruder, anonymous)
    async with connect(stack.live_url, additional_headers=left.access) as socket:
        await choose_password(anonymous, email, mail)
        async with asyncio.timeout(OUT_SECONDS):
            await socket.wait_closed()

    for headers in (left.access, left.cookie):
        assert (await until_refused(anonymous, headers)).code == "AUTH_SESSION_REVOKED"
    refresh = await anonymous.call("POST", "/auth/refresh", {"refresh_token": left.refresh_token})
    handed = await anonymous.call("POST", "/auth/session-exchange", {"token": left.handover})
    guessed = await anonymous.call("POST", "/auth/login", {"email": email, "password": PASSWORD})
    assert (refresh.status, handed.status, guessed.code) == (401, 410, "AUTH_INVALID_CREDENTIALS")

    async with api_client(stack.url) as owner:
        entered = await owner.call(
            "POST", "/auth/login", {"email": email, "password": OWNERS_PASSWORD}, headers={"Cookie": left.device}
        )
        assert entered.status == 200, f"the intruder's second factor is asked for: {entered.code}"
        owner.user, owner.tokens = entered.data["user"], entered.data["tokens"]
        assert owner.user["email_verified"]
        assert "tessera_device" in set_cookies(entered), "the intruder's device is still a known one"
        assert (await owner.expect(200, "GET", "/auth/sessions")).body["total"] == 1
        assert (await owner.expect(200, "GET", "/api-keys")).body["items"] == []
        await owner.expect(200, "POST", "/users/me/mfa")


async def test_a_link_that_is_opened_in_a_session_leaves_this_one_alone(
    stack: StackProcess, intruder: ApiClient, anonymous: ApiClient
) -> None:
    """Here it is the owner who registered, and was signed in on a second device."""
    left = await settle_in(intruder, anonymous)
    token = await mailed_token(mail_folder(stack.environ), intruder.user["email"], "verify-email")

    await intruder.expect(204, "POST", "/auth/verify-email", {"token": token})

    assert (await until_refused(anonymous, left.cookie)).code == "AUTH_SESSION_REVOKED"
    me = await intruder.expect(200, "GET", "/users/me")
    assert me.data["email_verified"]
    assert (await intruder.call("POST", "/auth/verify-email", {"token": token})).code == "TOKEN_USED_OR_EXPIRED"


async def test_a_removed_admin_does_not_come_back_by_an_invitation_of_their_own(
    stack: StackProcess, ada: ApiClient, anonymous: ApiClient, stranger: ApiClient
) -> None:
    mail = mail_folder(stack.environ)
    admin_email = f"admin.{ada.user['id']}@example.com"
    await ada.expect(201, "POST", "/invitations", {"email": admin_email, "role": "admin"})
    token = await mailed_token(mail, admin_email, "accept-invitation")
    theft = await stranger.call("POST", "/invitations/accept", {"token": token})
    body = {"email": admin_email, "password": PASSWORD, "first_name": "Eve", "last_name": "Example"}
    async with api_client(stack.url) as admin:
        made = await admin.expect(201, "POST", "/auth/register", {**body, "invitation_token": token})
        admin.tokens = made.data["tokens"]
        await admin.expect(201, "POST", "/invitations", {"email": stranger.user["email"], "role": "admin"})
    back = await mailed_token(mail, stranger.user["email"], "accept-invitation")
    member = await ada.call("POST", "/invitations", {"email": admin_email})

    await ada.expect(204, "DELETE", f"/users/{made.data['user']['id']}")
    answers = await asyncio.gather(
        *(stranger.call("POST", "/invitations/accept", {"token": back}) for _ in range(REPEATS))
    )

    assert (theft.status, theft.code) == (403, "AUTH_FORBIDDEN")
    assert (member.status, member.code) == (409, "MEMBER_EXISTS")
    assert {(each.status, each.code) for each in answers} == {(410, "TOKEN_USED_OR_EXPIRED")}
    assert (await ada.expect(200, "GET", "/users")).body["total"] == 1
    assert (await ada.expect(200, "GET", "/invitations?status=pending")).body["items"] == []


async def settle_in(intruder: ApiClient, anonymous: ApiClient) -> Left:
    """Sessions of each kind, a link to a browser, and a second factor that only the intruder has."""
    entered = await anonymous.expect(
        200, "POST", "/auth/login", {"email": intruder.user["email"], "password": PASSWORD, "cookie": True}
    )
    cookies = set_cookies(entered)
    link = (await intruder.expect(200, "POST", "/auth/session-token")).data["url"]
    secret = (await intruder.expect(200, "POST", "/users/me/mfa")).data["secret"]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    code = totp.code_of(key, totp.step_at(datetime.now(UTC)))
    await intruder.expect(200, "POST", "/users/me/mfa/confirm", {"code": code})
    await intruder.expect(201, "POST", "/tenants", {"name": "Hideout"})
    await intruder.expect(200, "PATCH", "/users/me", {"display_name": "The intruder"})
    return Left(
        {"Authorization": f"Bearer {intruder.access_token}"},
        {"Cookie": f"tessera_session={cookies['tessera_session']}"},
        intruder.tokens["refresh_token"],
        link.rpartition("token=")[2],
        f"tessera_device={cookies['tessera_device']}",
    )


async def choose_password(anonymous: ApiClient, email: str, mail: Path) -> None:
    await anonymous.expect(204, "POST", "/auth/forgot-password", {"email": email})
    token = await mailed_token(mail, email, "reset-password")
    await anonymous.expect(204, "POST", "/auth/reset-password", {"token": token, "password": OWNERS_PASSWORD})


async def until_refused(anonymous: ApiClient, headers: dict[str, str]) -> Answer:
    async with asyncio.timeout(OUT_SECONDS):
        while (answer := await anonymous.call("GET", "/projects", headers=headers)).status == 200:
            await asyncio.sleep(0.01)
    return answer


def set_cookies(answer: Answer) -> dict[str, Any]:
    lines = (re.match(r"([^=]+)=([^;]*)", line) for line in answer.headers.getall("Set-Cookie", ()))
    return {found[1]: found[2] for found in lines if found}
