"""What becomes of the invitations of somebody whose right to send them ends, and for whom one is good."""

import asyncio
from collections import Counter

import pytest
from auth_builders import PASSWORD, Member, registration
from auth_client import Answer, AuthClient
from mail_server import MailServer
from members import INVITATIONS, colleague, invite

from shared.db.databases import Database

ACCEPT = f"{INVITATIONS}/accept"
AT_ONCE = 50


async def accept(auth: AuthClient, token: str, guest: Member) -> Answer:
    return await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)


async def lose_right(auth: AuthClient, how: str, owner: Member, admin: Member) -> None:
    path = f"/api/v1/users/{admin.principal.user_id}"
    method, target, body, who = {
        "removed": ("DELETE", path, None, owner),
        "left": ("DELETE", path, None, admin),
        "paused": ("PATCH", path, {"is_active": False}, owner),
        "demoted": ("PATCH", path, {"role": "developer"}, owner),
        "closed": ("DELETE", "/api/v1/users/me", {"password": PASSWORD}, admin),
    }[how]
    answer = await auth.send(method, target, body, who=who.principal)
    assert answer.status in (200, 204), answer


@pytest.mark.parametrize("how", ["removed", "left", "paused", "demoted", "closed"])
async def test_whoever_loses_the_right_to_invite_does_not_come_back_by_an_invitation_of_their_own(
    auth_with_mail: AuthClient, mail: MailServer, how: str
) -> None:
    auth, owner, accomplice = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    admin = await colleague(auth, mail, owner, "admin")
    tokens = [await invite(auth, mail, admin, accomplice.email, role="admin")]
    tokens.append(await invite(auth, mail, admin, "other@example.com", role="viewer"))
    await invite(auth, mail, owner, "stays@example.com")

    await lose_right(auth, how, owner, admin)
    answers = [await accept(auth, token, accomplice) for token in tokens]

    assert [(each.status, each.code) for each in answers] == [(410, "TOKEN_USED_OR_EXPIRED")] * 2
    left = (await auth.send("GET", f"{INVITATIONS}?status=pending", who=owner.principal)).json["items"]
    assert [each["email"] for each in left] == ["stays@example.com"]


async def test_a_lower_role_keeps_the_invitations_that_it_may_still_send(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    admin = await colleague(auth, mail, owner, "admin")
    for role in ("admin", "manager", "viewer"):
        await invite(auth, mail, admin, f"{role}@example.com", role=role)

    path = f"/api/v1/users/{admin.principal.user_id}"
    assert (await auth.send("PATCH", path, {"role": "manager"}, who=owner.principal)).status == 200

    left = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]
    assert {each["role"] for each in left if each["status"] == "pending"} == {"manager", "viewer"}


@pytest.mark.parametrize(
    "change",
    [
        "delete from memberships where user_id = $1",
        "update memberships set is_active = false where user_id = $1",
        "update memberships set role = 'developer' where user_id = $1",
        "update users set is_active = false where id = $1",
        "update users set email_verified = false where id = $1",
    ],
)
async def test_the_inviter_is_looked_at_when_an_invitation_is_accepted(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, change: str
) -> None:
    """As of those sent before invitations were withdrawn."""
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    admin = await colleague(auth, mail, owner, "admin")
    token = await invite(auth, mail, admin, guest.email, role="manager")
    async with database.system_work() as work:
        await work.execute(change, admin.principal.user_id)

    answer = await accept(auth, token, guest)

    assert (answer.status, answer.code) == (410, "TOKEN_USED_OR_EXPIRED")


@pytest.mark.parametrize("role", ["admin", "owner"])
async def test_only_the_invited_address_becomes_an_administrator(
    auth_with_mail: AuthClient, mail: MailServer, role: str
) -> None:
    auth, owner, other = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    invited = await auth.register(email="Boss@Example.com")
    token = await invite(auth, mail, owner, "boss@example.com", role=role)

    refused = await accept(auth, token, other)
    registered = await auth.send("POST", "/api/v1/auth/register", registration(invitation_token=token))
    signed_in = await auth.login(other.email, invitation_token=token)
    joined = await accept(auth, token, invited)

    assert [(each.status, each.code) for each in (refused, registered, signed_in)] == [(403, "AUTH_FORBIDDEN")] * 3
    assert (joined.status, joined.data["user"]["role"]) == (200, role)


async def test_a_weaker_role_goes_to_whoever_has_the_token_and_a_proven_address(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner, other = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    unproven = await auth.register_unproven()
    token = await invite(auth, mail, owner, "guest@example.com", role="manager")

    refused = [await accept(auth, token, unproven), await auth.login(unproven.email, invitation_token=token)]
    joined = await accept(auth, token, other)

    assert [(each.status, each.code) for each in refused] == [(403, "EMAIL_NOT_VERIFIED")] * 2
    assert (joined.status, joined.data["user"]["role"]) == (200, "manager")


async def test_a_second_invitation_renews_the_first(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    first = await auth.send("POST", INVITATIONS, {"email": guest.email, "role": "viewer"}, who=owner.principal)
    old = await mail.token_to(guest.email, "invites you")
    mail.messages.clear()
    second = await auth.send(
        "POST", INVITATIONS, {"email": guest.email.upper(), "role": "manager"}, who=owner.principal
    )
    new = await mail.token_to(guest.email.upper(), "invites you")

    answers = [await accept(auth, token, guest) for token in (old, new)]

    assert (second.data["id"], second.data["version"]) == (first.data["id"], first.data["version"] + 1)
    assert [each.status for each in answers] == [410, 200]
    assert answers[1].data["user"]["role"] == "manager"


async def test_an_invitation_answers_alike_with_and_without_an_account(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    known = [await auth.register(), await auth.register_unproven()]
    emails = [known[0].email, known[1].email, "nobody@example.com"]
    varying = {"id", "email", "created_at", "updated_at", "expires_at"}

    answers = [await auth.send("POST", INVITATIONS, {"email": email}, who=owner.principal) for email in emails]
    listed = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]
    told = await database.system_rows("select type from outbox where actor_id = $1", owner.principal.user_id)

    seen = [{name: value for name, value in each.items() if name not in varying} for each in listed]
    assert {each.status for each in answers} == {201}
    assert seen[0] == seen[1] == seen[2]
    assert told == []
    for email in emails:
        await mail.letter_to(email, "invites you")


async def test_of_fifty_acceptances_at_once_one_joins(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    guests = [await auth.register() for _ in range(5)]
    token = await invite(auth, mail, owner, guests[0].email)

    answers = await asyncio.gather(*(accept(auth, token, guest) for guest in guests * (AT_ONCE // 5)))

    members = await database.system_rows("select from memberships where tenant_id = $1", owner.tenant_id)
    assert Counter(each.status for each in answers) == {200: 1, 410: AT_ONCE - 1}
    assert len(members) == 2


async def test_acceptance_and_loss_of_the_right_at_once_end_in_one_of_both(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    guests = [await auth.register() for _ in range(4)]
    admin = await colleague(auth, mail, owner, "admin")
    tokens = [await invite(auth, mail, admin, guest.email, role="viewer") for guest in guests[:3]]

    outcome = await asyncio.gather(
        *(accept(auth, token, guest) for token, guest in zip(tokens, guests, strict=False)),
        lose_right(auth, "removed", owner, admin),
    )

    joined = [answer.status == 200 for answer in outcome[:-1] if answer is not None]
    waiting = await database.system_rows("select from invitations where accepted_at is null")
    members = await database.system_rows("select from memberships where tenant_id = $1", owner.tenant_id)
    assert {answer.status for answer in outcome[:-1] if answer is not None} <= {200, 410}
    assert (waiting, len(members)) == ([], 1 + sum(joined))
