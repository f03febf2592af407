"""Members of a tenant: who sees them, who decides about them, and what happens to their sessions."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from auth_builders import PASSWORD, Member
from auth_client import AuthClient
from mail_server import MailServer
from members import INVITATIONS, colleague

from shared.db.databases import Database
from shared.events.questions import MemberDirectory
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.tenant_closures.repository import ClosureState, note

USERS = "/api/v1/users"
TIMES = ("created_at", "updated_at", "expires_at")
NEW_USER = {"email": "new@example.com", "first_name": "New", "last_name": "Person"}


def path_of(member: Member) -> str:
    return f"{USERS}/{member.principal.user_id}"


async def test_members_see_each_other_and_nobody_else(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner, stranger = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")

    listed = await auth.send("GET", USERS, who=viewer.principal)
    seen = await auth.send("GET", path_of(owner), who=viewer.principal)
    foreign = await auth.send("GET", path_of(stranger), who=viewer.principal)
    absent = await auth.send("GET", f"{USERS}/{uuid4()}", who=viewer.principal)

    assert [user["email"] for user in listed.json["items"]] == [owner.email, viewer.email]
    assert (listed.json["total"], listed.json["next_cursor"]) == (2, None)
    assert seen.data["role"] == "owner"
    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "USER_NOT_FOUND")


async def test_the_list_is_filtered_and_paged(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer", "50%off@example.com")

    by_role = await auth.send("GET", f"{USERS}?role=viewer", who=owner.principal)
    by_text = await auth.send("GET", f"{USERS}?q=50%25O", who=owner.principal)
    nobody = await auth.send("GET", f"{USERS}?q=5__off", who=owner.principal)
    first = await auth.send("GET", f"{USERS}?page_size=1", who=owner.principal)
    second = await auth.send("GET", f"{USERS}?page_size=1&cursor={first.json['next_cursor']}", who=owner.principal)

    assert [user["email"] for user in by_role.json["items"]] == [viewer.email]
    assert [user["email"] for user in by_text.json["items"]] == [viewer.email]
    assert nobody.json["items"] == []
    assert [page.json["items"][0]["email"] for page in (first, second)] == [owner.email, viewer.email]
    assert second.json["next_cursor"] is None


async def test_preferences_are_nobody_elses_business(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    await auth.send("PATCH", "/api/v1/users/me", {"preferences": {"secret": 1}}, who=viewer.principal)

    seen = await auth.send("GET", path_of(viewer), who=owner.principal)
    own = await auth.send("GET", path_of(viewer), who=viewer.principal)

    assert (seen.data["preferences"], own.data["preferences"]) == ({}, {"secret": 1})


async def test_whoever_is_added_chooses_a_password_once_and_has_an_account_then(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    admin = await colleague(auth, mail, owner, "admin")

    made = await auth.send("POST", USERS, NEW_USER | {"role": "manager"}, who=admin.principal)
    body = {"token": await mail.token_to("new@example.com"), "password": PASSWORD}
    chosen = await auth.send("POST", "/api/v1/auth/reset-password", body)
    again = await auth.send("POST", "/api/v1/auth/reset-password", body)
    signed_in = await auth.login("new@example.com")

    assert (made.status, made.data["role"], made.data["status"]) == (201, "manager", "pending")
    assert (chosen.status, again.status) == (204, 410)
    assert signed_in.data["user"]["tenant_id"] == str(owner.tenant_id)
    user = signed_in.data["user"]
    assert (user["full_name"], user["role"], user["email_verified"]) == ("New Person", "manager", True)


async def test_a_repeated_making_is_answered_alike_and_done_once(auth: AuthClient) -> None:
    owner, key = await auth.register(), {"Idempotency-Key": "once"}

    first = await auth.send("POST", USERS, NEW_USER, who=owner.principal, headers=key)
    second = await auth.send("POST", USERS, NEW_USER, who=owner.principal, headers=key)

    assert first.body == second.body
    assert second.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("role", "new_role", "status"),
    [("admin", "admin", 201), ("admin", "owner", 403), ("manager", "viewer", 403), ("viewer", "viewer", 403)],
)
async def test_nobody_adds_members_above_themselves(
    auth_with_mail: AuthClient, mail: MailServer, role: str, new_role: str, status: int
) -> None:
    member = await colleague(auth_with_mail, mail, await auth_with_mail.register(), role)

    answer = await auth_with_mail.send("POST", USERS, NEW_USER | {"role": new_role}, who=member.principal)

    assert answer.status == status


async def test_the_answer_does_not_say_whether_an_address_has_an_account_and_none_is_made(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner, other = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()

    answers = [
        await auth.send("POST", USERS, NEW_USER | {"email": email}, who=owner.principal)
        for email in (other.email, "nobody@example.com")
    ]
    invited = await mail.letter_to(other.email, "invites you")
    listed = (await auth.send("GET", INVITATIONS, who=owner.principal)).json["items"]

    told = [{k: v for k, v in each.data.items() if k not in ("id", "email", *TIMES)} for each in answers]
    assert [each.status for each in answers] == [201, 201]
    assert told[0] == told[1]
    assert len({frozenset(each) for each in listed}) == 1
    assert "accept-invitation" in str(invited.get_body(("plain",)))
    assert len(await database.system_rows("select from users")) == 2


async def test_a_first_password_is_none_for_an_account_that_was_made_meanwhile(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    await auth.send("POST", USERS, NEW_USER, who=owner.principal)
    token = await mail.token_to(NEW_USER["email"])
    theirs = await auth.register_unproven(email=NEW_USER["email"])

    answer = await auth.send("POST", "/api/v1/auth/reset-password", {"token": token, "password": "another passphrase"})
    joined = await auth.send("POST", f"{INVITATIONS}/accept", {"token": token}, who=theirs.principal)

    assert (answer.status, answer.code) == (410, "TOKEN_USED_OR_EXPIRED")
    assert (joined.status, joined.data["user"]["email_verified"]) == (200, True)
    assert (await auth.login(theirs.email)).status == 200


async def test_a_member_is_not_added_again(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "viewer")

    answer = await auth.send("POST", USERS, NEW_USER | {"email": member.email.upper()}, who=owner.principal)

    assert (answer.status, answer.code) == (409, "MEMBER_EXISTS")


@pytest.mark.parametrize("field", ["tenant_id", "tier", "email_verified", "id", "password", "is_platform_admin"])
async def test_no_write_takes_more_than_it_says(auth: AuthClient, field: str) -> None:
    owner = await auth.register()

    made = await auth.send("POST", USERS, NEW_USER | {field: "x"}, who=owner.principal)
    changed = await auth.send("PATCH", path_of(owner), {field: "x"}, who=owner.principal)

    assert made.wrong_fields == changed.wrong_fields == {field: "unknown"}


async def test_a_new_role_ends_the_sessions_with_the_old_one(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")

    changed = await auth.send("PATCH", path_of(viewer), {"role": "MANAGER"}, who=owner.principal)

    assert (changed.status, changed.data["role"]) == (200, "manager")
    assert (await auth.refresh(viewer.refresh_token)).status == 401
    assert (await auth.login(viewer.email)).data["user"]["role"] == "manager"
    types = [event["type"] for event in await events_about(database, viewer)]
    assert types[-2:] == ["auth.session.revoked", "auth.membership.changed"]


async def test_a_member_who_is_not_active_does_not_get_in_and_may_come_back(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")

    await auth.send("PATCH", path_of(member), {"is_active": False}, who=owner.principal)
    refreshed = await auth.refresh(member.refresh_token)
    anywhere, there = await auth.login(member.email), await auth.login(member.email, tenant_id=str(owner.tenant_id))
    await auth.send("PATCH", path_of(member), {"is_active": True}, who=owner.principal)

    assert refreshed.status == 401
    assert {anywhere.code, there.code} == {"AUTH_INVALID_CREDENTIALS"}
    assert (await auth.login(member.email)).status == 200


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("admin", {"role": "viewer"}, 403),
        ("admin", {"is_active": False}, 403),
        ("admin", {"first_name": "X"}, 403),
        ("manager", {"role": "viewer"}, 403),
        ("viewer", {"first_name": "X"}, 403),
    ],
)
async def test_nobody_decides_about_who_is_above_them(
    auth_with_mail: AuthClient, mail: MailServer, role: str, body: dict[str, Any], status: int
) -> None:
    owner = await auth_with_mail.register()
    member = await colleague(auth_with_mail, mail, owner, role)

    answer = await auth_with_mail.send("PATCH", path_of(owner), body, who=member.principal)

    assert (answer.status, answer.code) == (status, "AUTH_FORBIDDEN")


async def test_nobody_raises_themselves(auth_with_mail: AuthClient, mail: MailServer) -> None:
    owner = await auth_with_mail.register()
    for role in ("admin", "developer"):
        member = await colleague(auth_with_mail, mail, owner, role)
        answer = await auth_with_mail.send("PATCH", path_of(member), {"role": "owner"}, who=member.principal)
        assert answer.code == "AUTH_FORBIDDEN"


async def test_one_describes_oneself_and_an_admin_whoever_is_nowhere_else(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "viewer")

    own = await auth.send("PATCH", path_of(member), {"first_name": "Grace"}, who=member.principal)
    by_owner = await auth.send("PATCH", path_of(member), {"last_name": "Hopper"}, who=owner.principal)
    await auth.send("POST", "/api/v1/tenants", {"name": "Own"}, who=member.principal)
    shared = await auth.send("PATCH", path_of(member), {"last_name": "X"}, who=owner.principal)

    assert own.data["first_name"] == "Grace"
    assert by_owner.data["full_name"] == "Grace Hopper"
    assert shared.code == "AUTH_FORBIDDEN"


async def test_a_stale_change_is_refused(auth: AuthClient) -> None:
    owner = await auth.register()
    await auth.send("PATCH", path_of(owner), {"first_name": "A"}, who=owner.principal)

    answer = await auth.send(
        "PATCH", path_of(owner), {"first_name": "B"}, who=owner.principal, headers={"If-Match": '"1"'}
    )

    assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
    assert answer.json["error"]["details"]["current"]["first_name"] == "A"


async def test_of_many_changes_of_one_version_one_wins(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")
    seen = await auth.send("GET", path_of(member), who=owner.principal)
    condition = {"If-Match": seen.headers["etag"]}

    answers = await asyncio.gather(
        *(
            auth.send("PATCH", path_of(member), {"role": role}, who=owner.principal, headers=condition)
            for role in ("viewer", "manager", "admin") * 3
        )
    )

    assert sorted(answer.status for answer in answers) == [200] + [412] * 8


async def test_a_member_who_changed_meanwhile_is_not_removed(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")
    seen = await auth.send("GET", path_of(member), who=owner.principal)
    await auth.send("PATCH", path_of(member), {"role": "viewer"}, who=owner.principal)

    answer = await auth.send("DELETE", path_of(member), who=owner.principal, headers={"If-Match": seen.headers["etag"]})

    assert answer.code == "PRECONDITION_FAILED"
    assert answer.json["error"]["details"]["current"]["role"] == "viewer"


async def test_a_removed_member_is_out_at_once(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    member = await colleague(auth, mail, owner, "developer")

    removed = await auth.send("DELETE", path_of(member), who=owner.principal)

    assert removed.status == 204
    assert (await auth.refresh(member.refresh_token)).status == 401
    assert (await auth.send("GET", path_of(member), who=owner.principal)).status == 404
    assert (await auth.send("DELETE", path_of(member), who=owner.principal)).status == 404
    types = [event["type"] for event in await events_about(database, member)]
    assert types[-2:] == ["auth.session.revoked", "auth.membership.removed"]


async def test_everybody_may_leave_and_only_admins_remove(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer, manager = await colleague(auth, mail, owner, "viewer"), await colleague(auth, mail, owner, "manager")

    assert (await auth.send("DELETE", path_of(viewer), who=manager.principal)).code == "AUTH_FORBIDDEN"
    assert (await auth.send("DELETE", path_of(viewer), who=viewer.principal)).status == 204


async def test_the_last_owner_stays_one(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    await colleague(auth, mail, owner, "admin")

    left = await auth.send("DELETE", path_of(owner), who=owner.principal)
    stepped_down = await auth.send("PATCH", path_of(owner), {"role": "admin"}, who=owner.principal)
    put_away = await auth.send("PATCH", path_of(owner), {"is_active": False}, who=owner.principal)

    assert {answer.code for answer in (left, stepped_down, put_away)} == {"LAST_OWNER"}
    assert {answer.status for answer in (left, stepped_down, put_away)} == {409}


@pytest.mark.parametrize("is_leaving", [True, False])
async def test_of_two_owners_who_go_at_once_one_stays(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, is_leaving: bool
) -> None:
    auth = auth_with_mail
    for _ in range(5):
        one = await auth.register()
        two = await colleague(auth, mail, one, "owner")

        async def go(who: Member, about: Member) -> int:
            if is_leaving:
                return (await auth.send("DELETE", path_of(who), who=who.principal)).status
            return (await auth.send("PATCH", path_of(about), {"role": "viewer"}, who=who.principal)).status

        statuses = sorted(await asyncio.gather(go(one, two), go(two, one)))

        owners = await database.system_rows(
            "select user_id from memberships where tenant_id = $1 and role = 'owner'", one.tenant_id
        )
        assert statuses in ([204, 409], [200, 403])
        assert len(owners) == 1


async def events_about(database: Database, member: Member) -> list[dict[str, Any]]:
    return await database.system_rows(
        "select type, tenant_id, actor_id from outbox where data::text like $1 order by seq",
        f"%{member.principal.user_id}%",
    )


async def test_the_directory_names_the_members_of_all_tenants_page_by_page(
    auth_with_mail: AuthClient, mail: MailServer, bus: MemoryBus, database: Database
) -> None:
    ada, eve = await auth_with_mail.register(), await auth_with_mail.register()
    ben = await colleague(auth_with_mail, mail, ada, "viewer")

    pages, question = [], MemberDirectory(limit=2)
    while len(pages) < 2:
        answer = await Requests(bus).ask(question)
        pages.append(answer.members)
        last = answer.members[-1]
        question = MemberDirectory(after_tenant=last.tenant_id, after_user=last.id, limit=2)

    async with database.system_work() as work:
        await note(work, eve.tenant_id, ClosureState.DELETED, datetime.now(UTC))
    left = (await Requests(bus).ask(MemberDirectory())).members

    assert {one.tenant_id for one in left} == {ada.tenant_id}
    found = [(one.tenant_id, one.id, one.role) for page in pages for one in page]
    everybody = [who.principal for who in (ada, eve, ben)]
    assert found == sorted((who.tenant_id, who.user_id, who.role) for who in everybody)
