"""Invitations: who may invite, and that each is accepted once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from auth_builders import PASSWORD, Member, registration
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer
from members import INVITATIONS, colleague, invite, wanting

from shared.db.databases import Database
from shared.errors import EmailNotVerified
from shared.events.projects import ProjectRole
from shared.events.questions import InvitationRoom, ProjectStanding, ProjectStandingAnswer
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.testing.eventually import eventually

ACCEPT = f"{INVITATIONS}/accept"
REGISTER = "/api/v1/auth/register"


async def test_a_new_account_joins_the_tenant_that_invited_it(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    token = await invite(auth, mail, owner, "guest@example.com", role="manager")

    answer = await auth.send("POST", REGISTER, registration(email="guest@example.com", invitation_token=token))

    assert answer.status == 201
    user = answer.data["user"]
    assert (user["tenant_id"], user["role"], user["email_verified"]) == (str(owner.tenant_id), "manager", True)
    assert answer.data["tenant"]["id"] == str(owner.tenant_id)
    assert mail.letters_to("guest@example.com", "Confirm") == []


async def test_somebody_signed_in_joins_and_goes_there(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    token = await invite(auth, mail, owner, guest.email, role="viewer")

    joined = await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)
    again = await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)
    switched = await auth.send(
        "POST", "/api/v1/auth/switch-tenant", {"tenant_id": str(owner.tenant_id)}, who=guest.principal
    )

    assert (joined.status, joined.data["tenant"]["id"]) == (200, str(owner.tenant_id))
    assert joined.data["user"]["role"] == "viewer"
    assert (again.status, again.code) == (410, "TOKEN_USED_OR_EXPIRED")
    there = await auth.member(guest.email, switched.data["tokens"])
    assert (there.tenant_id, there.principal.role) == (owner.tenant_id, "viewer")
    assert switched.headers["cache-control"] == "no-store"


async def test_whoever_lost_their_last_membership_signs_in_by_invitation(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    guest = await colleague(auth, mail, owner, "viewer")
    await auth.send("DELETE", f"/api/v1/users/{guest.principal.user_id}", who=owner.principal)
    mail.messages.clear()
    nowhere = await auth.login(guest.email)
    token = await invite(auth, mail, owner, guest.email, role="manager")

    wrong = await auth.login(guest.email, "a wrong passphrase", invitation_token=token)
    entered = await auth.login(guest.email, invitation_token=token)
    again = await auth.login(guest.email, invitation_token=token)

    assert (nowhere.status, nowhere.code) == (404, "TENANT_NOT_FOUND")
    assert (wrong.status, wrong.code) == (401, "AUTH_INVALID_CREDENTIALS")
    assert (entered.status, entered.data["user"]["role"]) == (200, "manager")
    assert (again.status, again.code) == (410, "TOKEN_USED_OR_EXPIRED")
    assert (await auth.login(guest.email)).data["user"]["tenant_id"] == str(owner.tenant_id)


async def test_signing_in_by_invitation_leads_to_the_tenant_that_invited(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    token = await invite(auth, mail, owner, guest.email)

    entered = await auth.login(guest.email, invitation_token=token, tenant_id=str(guest.tenant_id))

    assert entered.data["user"]["tenant_id"] == str(owner.tenant_id)


async def test_a_closed_account_joins_nothing(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    token = await invite(auth, mail, owner, guest.email)
    await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=guest.principal)

    answer = await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)

    assert (answer.status, answer.code) == (401, "AUTH_SESSION_REVOKED")


@pytest.mark.parametrize("is_one_user", [True, False])
async def test_of_twenty_parallel_acceptances_one_makes_a_membership(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, is_one_user: bool
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    guests = [await auth.register() for _ in range(1 if is_one_user else 4)] * (20 if is_one_user else 5)
    token = await invite(auth, mail, owner, guests[0].email)

    answers = await asyncio.gather(*(auth.send("POST", ACCEPT, {"token": token}, who=g.principal) for g in guests))

    members = await database.system_rows("select user_id from memberships where tenant_id = $1", owner.tenant_id)
    assert sorted(answer.status for answer in answers) == [200] + [410] * 19
    assert len(members) == 2


async def test_a_member_is_not_invited(auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus) -> None:
    await answer_for_projects(bus, ProjectRole.OWNER)
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "viewer")
    into_project = {"email": member.email.upper(), "project_id": str(uuid4())}

    for body in ({"email": member.email}, into_project):
        answer = await auth.send("POST", INVITATIONS, body, who=owner.principal)
        assert (answer.status, answer.code) == (409, "MEMBER_EXISTS")


async def test_an_invitation_changes_nothing_for_who_has_become_a_member(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus
) -> None:
    await answer_for_projects(bus, ProjectRole.OWNER)
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    first = await invite(auth, mail, owner, guest.email, role="manager")
    mail.messages.clear()
    second = await invite(auth, mail, owner, guest.email, role="viewer", project_id=str(uuid4()))
    await auth.send("POST", ACCEPT, {"token": first}, who=guest.principal)

    joined = await auth.send("POST", ACCEPT, {"token": second}, who=guest.principal)

    assert joined.data["user"]["role"] == "manager"


@pytest.mark.parametrize("end", ["withdrawn", "expired", "replaced"])
async def test_an_invitation_that_is_over_is_not_accepted(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock, end: str
) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    token = await invite(auth, mail, owner, guest.email)
    [listed] = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]
    if end == "withdrawn":
        removed = await auth.send("DELETE", f"{INVITATIONS}/{listed['id']}", who=owner.principal)
        assert removed.status == 204
    elif end == "expired":
        clock.advance(days=7)
    else:
        await auth.send("POST", INVITATIONS, {"email": guest.email}, who=owner.principal)

    answer = await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)

    assert (answer.status, answer.code) == (410, "TOKEN_USED_OR_EXPIRED")


async def test_of_invitations_sent_to_one_person_at_once_the_last_waits(auth: AuthClient) -> None:
    owner = await auth.register()
    body = {"email": "ada@example.com"}

    sent = await asyncio.gather(*(auth.send("POST", INVITATIONS, body, who=owner.principal) for _ in range(6)))

    assert {answer.status for answer in sent} == {201}
    waiting = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]
    assert [waiting[0]["id"]] * 6 == [answer.data["id"] for answer in sent]
    assert (len(waiting), waiting[0]["version"]) == (1, 6)


async def test_invitations_are_listed_with_what_became_of_them(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    await colleague(auth, mail, owner, "viewer", "a@example.com")
    await invite(auth, mail, owner, "b@example.com")
    clock.advance(days=8)
    await invite(auth, mail, owner, "c@example.com")

    listed = await auth.send("GET", INVITATIONS, who=owner.principal)
    pending = await auth.send("GET", f"{INVITATIONS}?status=pending", who=owner.principal)

    assert {each["email"]: each["status"] for each in listed.json["items"]} == {
        "a@example.com": "accepted", "b@example.com": "expired", "c@example.com": "pending",
    }  # fmt: skip
    assert [each["email"] for each in pending.json["items"]] == ["c@example.com"]


@pytest.mark.parametrize(
    ("role", "offered", "status"),
    [
        ("admin", "admin", 201),
        ("admin", "owner", 403),
        ("manager", "manager", 201),
        ("manager", "admin", 403),
        ("developer", "viewer", 403),
        ("viewer", "viewer", 403),
    ],
)
async def test_managers_invite_to_no_more_than_they_are(
    auth_with_mail: AuthClient, mail: MailServer, role: str, offered: str, status: int
) -> None:
    auth = auth_with_mail
    member = await colleague(auth, mail, await auth.register(), role)

    answer = await auth.send("POST", INVITATIONS, {"email": "x@example.com", "role": offered}, who=member.principal)

    assert answer.status == status


async def test_only_managers_see_and_withdraw_invitations_and_only_their_tenants(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner, stranger = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    made = await auth.send("POST", INVITATIONS, {"email": "x@example.com"}, who=owner.principal)
    path = f"{INVITATIONS}/{made.data['id']}"

    assert (await auth.send("GET", INVITATIONS, who=viewer.principal)).code == "AUTH_FORBIDDEN"
    assert (await auth.send("DELETE", path, who=viewer.principal)).code == "AUTH_FORBIDDEN"
    assert (await auth.send("GET", INVITATIONS, who=stranger.principal)).json["items"] == []
    foreign = await auth.send("DELETE", path, who=stranger.principal)
    absent = await auth.send("DELETE", f"{INVITATIONS}/{uuid4()}", who=stranger.principal)
    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "INVITATION_NOT_FOUND")


@pytest.mark.parametrize("field", ["tenant_id", "id", "invited_by", "token", "expires_at"])
async def test_nobody_invites_with_more_than_is_asked(auth: AuthClient, field: str) -> None:
    owner = await auth.register()

    answer = await auth.send("POST", INVITATIONS, {"email": "x@example.com", field: "x"}, who=owner.principal)

    assert answer.wrong_fields == {field: "unknown"}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({"email": "nobody"}, "email"), ({"email": "x@example.com", "project_role": "viewer"}, "project_role")],
)
async def test_a_wrong_field_is_named(auth: AuthClient, body: dict[str, Any], wrong: str) -> None:
    owner = await auth.register()

    answer = await auth.send("POST", INVITATIONS, body, who=owner.principal)

    assert list(answer.wrong_fields) == [wrong]


@pytest.mark.parametrize(
    ("standing", "status", "code"),
    [(None, 404, "PROJECT_NOT_FOUND"), (ProjectRole.EDITOR, 403, "AUTH_FORBIDDEN"), (ProjectRole.OWNER, 201, None)],
)
async def test_only_owners_of_a_project_invite_into_it(
    auth: AuthClient, bus: MemoryBus, standing: ProjectRole | None, status: int, code: str | None
) -> None:
    await answer_for_projects(bus, standing)
    owner = await auth.register()

    answer = await auth.send(
        "POST", INVITATIONS, {"email": "x@example.com", "project_id": str(uuid4())}, who=owner.principal
    )

    assert answer.status == status
    assert answer.data["project_role"] == "editor" if code is None else answer.code == code


async def test_accepting_an_invitation_into_a_project_tells_who_keeps_it(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus, database: Database
) -> None:
    await answer_for_projects(bus, ProjectRole.OWNER)
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    project_id = uuid4()
    token = await invite(auth, mail, owner, guest.email, project_id=str(project_id), project_role="viewer")

    await auth.send("POST", ACCEPT, {"token": token}, who=guest.principal)

    [event] = await database.system_rows(
        "select tenant_id, actor_id, data->>'project_id' as project_id, data->>'project_role' as project_role "
        "from outbox where type = 'auth.invitation.accepted'"
    )
    assert event == {
        "tenant_id": owner.tenant_id, "actor_id": guest.principal.user_id, "project_id": str(project_id),
        "project_role": "viewer",
    }  # fmt: skip


async def test_where_only_the_invited_may_register_a_token_opens_the_door(
    run_auth: RunAuth, database: Database, mail: MailServer
) -> None:
    async with run_auth(database, smtp_url=mail.url) as auth:
        owner = await auth.register()
        token = await invite(auth, mail, owner, "guest@example.com")
    async with run_auth(database, registration_mode="invite") as auth:
        uninvited = await auth.send("POST", REGISTER, registration())
        pretender = await auth.send("POST", REGISTER, registration(invitation_token="made up"))
        other = await auth.send("POST", REGISTER, registration(invitation_token=token))
        invited = await auth.send("POST", REGISTER, registration(email="guest@example.com", invitation_token=token))
        twice = await auth.send("POST", REGISTER, registration(invitation_token=token))

    assert (uninvited.status, uninvited.code) == (403, "REGISTRATION_CLOSED")
    assert (pretender.status, pretender.code) == (410, "TOKEN_USED_OR_EXPIRED")
    assert (other.status, other.code) == (403, "EMAIL_NOT_VERIFIED")
    assert (invited.status, twice.status) == (201, 410)
    assert invited.data["user"]["email_verified"]


async def test_whoever_is_invited_names_no_tenant(auth: AuthClient) -> None:
    answer = await auth.send("POST", REGISTER, registration(invitation_token="x", tenant_name="Mine"))

    assert answer.wrong_fields == {"tenant_name": "invalid"}


async def answer_for_projects(bus: MemoryBus, role: ProjectRole | None) -> None:
    async def standing(_question: ProjectStanding) -> ProjectStandingAnswer:
        return ProjectStandingAnswer(role)

    responder = Responder(bus, "project")
    responder.on(ProjectStanding, standing)
    await responder.start()


async def test_a_project_that_wants_somebody_new_has_them_invited_once(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    wanted = wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")

    for _ in range(2):
        await bus.publish([wanted])
    letter = await mail.letter_to("guest@example.com")
    invitations = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]

    assert "invites you" in str(letter["Subject"])
    [made] = invitations
    assert (made["email"], made["role"], made["project_role"]) == ("guest@example.com", "developer", "viewer")
    assert made["invited_by"] == str(owner.principal.user_id)
    assert len(mail.letters_to("guest@example.com", "invites you")) == 1


async def test_a_member_who_is_wanted_in_a_project_joins_it_without_a_letter(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")

    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, member.email.upper())])

    async def has_joined() -> bool:
        sent = await database.system_rows("select data from outbox where type = 'auth.invitation.accepted'")
        return [str(member.principal.user_id) in row["data"] for row in sent] == [True]

    await eventually(has_joined)


async def test_who_has_left_brings_nobody_in(auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus) -> None:
    owner = await auth_with_mail.register()
    await bus.publish([wanting(owner.tenant_id, uuid4(), "spam@example.com")])
    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")])

    await mail.letter_to("guest@example.com")

    assert mail.letters_to("spam@example.com", "") == []


async def test_projects_are_told_that_an_unproven_account_invites_nobody(auth: AuthClient, bus: MemoryBus) -> None:
    unproven, proven = await auth.register_unproven(), await auth.register()

    async def ask(inviter: Member) -> None:
        question = InvitationRoom(
            tenant_id=inviter.tenant_id, email="x@example.com", invited_by=inviter.principal.user_id
        )
        await Requests(bus).ask(question)

    with pytest.raises(EmailNotVerified):
        await ask(unproven)
    await ask(proven)


async def test_what_an_account_wanted_before_its_proof_comes_to_nothing(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus, database: Database
) -> None:
    auth, unproven, late = auth_with_mail, await auth_with_mail.register_unproven(), await auth_with_mail.register()
    owner = await auth.register()
    async with database.system_work() as work:
        await work.execute(
            "update users set email_verified_at = now() + interval '1 hour' where id = $1", late.principal.user_id
        )

    for inviter in (unproven, late):
        await bus.publish([wanting(inviter.tenant_id, inviter.principal.user_id, "spam@example.com")])
    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")])
    await mail.letter_to("guest@example.com")

    assert mail.letters_to("spam@example.com") == []
