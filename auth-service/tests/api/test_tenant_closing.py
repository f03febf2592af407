"""Closing a tenant: nobody gets in from then on, for 30 days an owner can restore it, and then it is gone."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from auth_authenticator import set_up_mfa
from auth_builders import KEY_ENCRYPTION_SECRET, PASSWORD, Member
from auth_client import Answer, AuthClient, RunAuth
from auth_credentials import introspect, make_key, session_cookie
from auth_fakes import SettableClock
from lock_queue import until_somebody_waits
from mail_server import MailServer
from members import INVITATIONS, colleague, invite, wanting

from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.personal_data import TABLES
from auth_service.retention import own_rows
from shared.db.databases import Database
from shared.jobs.queue import JobQueue
from shared.messaging.memory import MemoryBus
from shared.messaging.retention import MESSAGING
from shared.personal_data import erasure_steps
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics
from shared.testing.erasure import erasing_worker, waits_for_its_hour
from shared.testing.eventually import eventually

TENANTS = "/api/v1/tenants"
CURRENT = f"{TENANTS}/current"
SWITCH = "/api/v1/auth/switch-tenant"
BY_TOKEN = "/api/v1/auth/restore-tenant"


async def close(auth: AuthClient, owner: Member, **proof: str) -> Answer:
    return await auth.send("DELETE", CURRENT, proof or None, who=owner.principal)


async def closed_by_its_only_owner(auth: AuthClient) -> tuple[Member, str]:
    """Somebody in one tenant, which they have closed, and the token that a sign-in gives them."""
    owner = await auth.register()
    assert (await close(auth, owner)).status == 204
    return owner, details(await auth.login(owner.email))["restore_token"]


def details(answer: Answer) -> dict[str, Any]:
    assert (answer.status, answer.code) == (403, "TENANT_CLOSED"), answer
    told: dict[str, Any] = answer.json["error"]["details"]
    return told


async def run_retention(database: Database, clock: SettableClock) -> None:
    rows = (*MESSAGING, *own_rows(JobQueue(clock), RecipientKeys(KEY_ENCRYPTION_SECRET)))
    for task in retention_tasks(database, rows, clock, Metrics("auth")):
        await task.run_once()


async def erase(database: Database, clock: SettableClock) -> None:
    """Until it is finished: one walk deletes, one after an hour finds nothing. The service may be at it, too."""
    worker = erasing_worker(database, erasure_steps(TABLES), clock)
    await eventually(lambda: _all_events_sent(database))
    await worker.run_due()
    await eventually(lambda: waits_for_its_hour(database))
    clock.advance(hours=1)
    await worker.run_due()
    await eventually(lambda: _is_all_erased(database))


async def test_everybody_is_out_at_once(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    cookie = session_cookie(await auth.login(viewer.email, cookie=True))
    key = (await make_key(auth, owner.principal))["key"]

    answer = await close(auth, owner)

    assert (answer.status, answer.body) == (204, b"")
    for member in (owner, viewer):
        assert (await auth.refresh(member.refresh_token)).code == "AUTH_REFRESH_INVALID"
        assert (await auth.login(member.email)).code == "TENANT_CLOSED"
    assert (await introspect(auth, clock, "session_cookie", cookie))["principal"] is None
    assert (await introspect(auth, clock, "api_key", key))["principal"] is None
    told = await database.system_rows("select type, count(*) from outbox where type ~ 'revoked|closed' group by type")
    assert {row["type"]: row["count"] for row in told} == {"auth.session.revoked": 3, "auth.tenant.closed": 1}


async def test_the_answer_clears_the_session_cookie(auth: AuthClient) -> None:
    answer = await close(auth, await auth.register())

    assert any("tessera_session=" in line and "Max-Age=0" in line for line in answer.cookies)


@pytest.mark.parametrize("role", ["admin", "manager", "developer", "viewer"])
async def test_owners_close_a_tenant(auth_with_mail: AuthClient, mail: MailServer, role: str) -> None:
    member = await colleague(auth_with_mail, mail, await auth_with_mail.register(), role)

    answer = await close(auth_with_mail, member)

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_an_owner_who_was_demoted_a_moment_ago_closes_nothing(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    owner = await colleague(auth_with_mail, mail, await auth_with_mail.register(), "owner")
    async with database.system_work() as work:
        await work.execute("update memberships set role = 'admin' where user_id = $1", owner.principal.user_id)

    assert (await close(auth_with_mail, owner)).code == "AUTH_FORBIDDEN"


async def test_it_takes_a_fresh_proof(auth: AuthClient, clock: SettableClock) -> None:
    owner = await auth.register()
    clock.advance(minutes=11)

    stale = await close(auth, owner)
    wrong = await close(auth, owner, current_password="another good passphrase")
    right = await close(auth, owner, current_password=PASSWORD)

    assert (stale.status, stale.code) == (401, "AUTH_STEP_UP_REQUIRED")
    assert (wrong.status, wrong.code) == (401, "INVALID_PASSWORD")
    assert right.status == 204


async def test_a_tenant_is_closed_once(auth: AuthClient) -> None:
    owner = await auth.register()

    answers = await asyncio.gather(*(close(auth, owner) for _ in range(6)))

    assert sorted(answer.status for answer in answers) == [204] + [401] * 5


async def test_its_invitations_are_withdrawn(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    guest = await auth.register()
    token = await invite(auth, mail, owner, "guest@example.com")

    await close(auth, owner)
    accepted = await auth.send("POST", f"{INVITATIONS}/accept", {"token": token}, who=guest.principal)

    assert (accepted.status, accepted.code) == (410, "TOKEN_USED_OR_EXPIRED")


async def test_a_project_of_a_closed_tenant_invites_nobody(
    auth: AuthClient, database: Database, bus: MemoryBus
) -> None:
    owner = await auth.register()
    await close(auth, owner)

    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")])
    await eventually(lambda: _is_applied(database))

    assert await database.system_rows("select from invitations") == []


async def test_members_of_other_tenants_go_on_there(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    own = await auth.send("POST", TENANTS, {"name": "Own"}, who=viewer.principal)
    await close(auth, owner)

    plain = await auth.login(viewer.email)
    named = await auth.login(viewer.email, tenant_id=str(owner.tenant_id))
    elsewhere = await auth.member(viewer.email, plain.data["tokens"])
    switched = await auth.send("POST", SWITCH, {"tenant_id": str(owner.tenant_id)}, who=elsewhere.principal)
    listed = await auth.send("GET", TENANTS, who=elsewhere.principal)

    assert str(elsewhere.tenant_id) == own.data["id"]
    for refused in (named, switched):
        assert details(refused).keys() == {"tenant_id", "restorable_until"}
    assert [each["name"] for each in listed.json["items"]] == ["Own"]


async def test_a_stranger_learns_nothing_of_a_closed_tenant(auth: AuthClient) -> None:
    owner, stranger = await auth.register(), await auth.register()
    await close(auth, owner)

    for path, body in ((SWITCH, {"tenant_id": str(owner.tenant_id)}), (f"{TENANTS}/{owner.tenant_id}/restore", None)):
        closed = await auth.send("POST", path, body, who=stranger.principal)
        absent = await auth.send(
            "POST",
            path.replace(str(owner.tenant_id), str(uuid4())),
            body and {"tenant_id": str(uuid4())},
            who=stranger.principal,
        )
        assert (closed.status, closed.code) == (absent.status, absent.code) == (404, "TENANT_NOT_FOUND")
    assert (await auth.login(owner.email, "a wrong passphrase")).code == "AUTH_INVALID_CREDENTIALS"


async def test_an_owner_restores_it_from_another_tenant(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = await auth.register(tenant_name="Engines")
    key = (await make_key(auth, owner.principal))["key"]
    await auth.send("POST", TENANTS, {"name": "Other"}, who=owner.principal)
    await close(auth, owner)
    other = await auth.member(owner.email, (await auth.login(owner.email)).data["tokens"])

    closed = await auth.send("GET", f"{TENANTS}?state=closed", who=other.principal)
    restored = await auth.send("POST", f"{TENANTS}/{owner.tenant_id}/restore", who=other.principal)
    again = await auth.send("POST", f"{TENANTS}/{owner.tenant_id}/restore", who=other.principal)

    assert [(each["name"], each["state"]) for each in closed.json["items"]] == [("Engines", "closed")]
    assert closed.json["items"][0]["restorable_until"] is not None
    assert (restored.status, restored.data["name"], restored.data["state"]) == (200, "Engines", "active")
    assert again.code == "TENANT_NOT_FOUND"
    assert (await auth.login(owner.email, tenant_id=str(owner.tenant_id))).status == 200
    assert (await introspect(auth, clock, "api_key", key))["principal"]["tenant_id"] == str(owner.tenant_id)
    assert (await auth.refresh(owner.refresh_token)).code == "AUTH_REFRESH_INVALID"
    assert await database.system_rows("select from outbox where type = 'auth.tenant.restored'") != []


async def test_an_owner_in_no_other_tenant_restores_it_with_their_password(auth: AuthClient) -> None:
    owner, token = await closed_by_its_only_owner(auth)

    restored = await auth.send("POST", BY_TOKEN, {"restore_token": token})

    assert (restored.status, restored.data["id"]) == (200, str(owner.tenant_id))
    assert (await auth.login(owner.email)).status == 200
    assert (await auth.send("POST", BY_TOKEN, {"restore_token": token})).code == "TOKEN_USED_OR_EXPIRED"


async def test_a_second_factor_guards_the_way_back(auth: AuthClient, clock: SettableClock) -> None:
    owner = await auth.register()
    app, _ = await set_up_mfa(auth, owner.principal, clock)
    clock.advance(minutes=1)
    assert (await close(auth, owner, code=app.code())).status == 204

    first = await auth.login(owner.email)
    clock.advance(minutes=1)
    body = {"mfa_token": first.json["error"]["details"]["mfa_token"], "code": app.code()}
    second = await auth.send("POST", "/api/v1/auth/login/mfa", body)

    assert first.code == "AUTH_MFA_REQUIRED"
    assert "restore_token" in details(second)


async def test_other_members_get_no_token(auth_with_mail: AuthClient, mail: MailServer) -> None:
    owner = await auth_with_mail.register()
    admin = await colleague(auth_with_mail, mail, owner, "admin")
    await close(auth_with_mail, owner)

    assert "restore_token" not in details(await auth_with_mail.login(admin.email))


async def test_a_restore_token_is_good_for_ten_minutes(auth: AuthClient, clock: SettableClock) -> None:
    _, token = await closed_by_its_only_owner(auth)
    clock.advance(minutes=10)

    assert (await auth.send("POST", BY_TOKEN, {"restore_token": token})).code == "TOKEN_USED_OR_EXPIRED"


async def test_a_restore_token_is_good_for_one_closure(auth: AuthClient, clock: SettableClock) -> None:
    owner, token = await closed_by_its_only_owner(auth)
    await auth.send("POST", BY_TOKEN, {"restore_token": token})
    clock.advance(seconds=1)
    again = await auth.member(owner.email, (await auth.login(owner.email)).data["tokens"])
    await close(auth, again)

    assert (await auth.send("POST", BY_TOKEN, {"restore_token": token})).code == "TOKEN_USED_OR_EXPIRED"


async def test_a_new_password_ends_a_restore_token(auth: AuthClient, database: Database) -> None:
    owner, token = await closed_by_its_only_owner(auth)
    async with database.system_work() as work:
        await work.execute("update users set password_changed_at = password_changed_at + interval '1 second'")

    assert (await auth.send("POST", BY_TOKEN, {"restore_token": token})).code == "TOKEN_USED_OR_EXPIRED"
    assert "restore_token" in details(await auth.login(owner.email))


@pytest.mark.parametrize("token", ["", "x", "§", "A" * 400])
async def test_what_is_no_token_restores_nothing(auth: AuthClient, token: str) -> None:
    answer = await auth.send("POST", BY_TOKEN, {"restore_token": token})

    assert (answer.status, answer.code) == (410, "TOKEN_USED_OR_EXPIRED")


async def test_after_thirty_days_nothing_is_left_but_the_account(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register(tenant_name="Engines")
    await colleague(auth, mail, owner, "viewer")
    await make_key(auth, owner.principal)
    await auth.send("PUT", "/api/v1/settings/custom/a", {"value": 1}, who=owner.principal)
    await close(auth, owner)
    token = details(await auth.login(owner.email))["restore_token"]

    clock.advance(days=29, hours=23, minutes=59)
    await run_retention(database, clock)
    assert await states(database) == []
    clock.advance(minutes=1)
    await run_retention(database, clock)
    await erase(database, clock)

    assert await states(database) == ["erased"]
    assert (await auth.login(owner.email)).code == "TENANT_NOT_FOUND"
    assert (await auth.send("POST", BY_TOKEN, {"restore_token": token})).code == "TOKEN_USED_OR_EXPIRED"
    for table in ("tenants", "memberships", "sessions", "api_keys", "user_settings", "invitations", "topic_offsets"):
        assert await database.system_rows(f"select from {table}") == [], table
    assert len(await database.system_rows("select from users")) == 2


async def test_whoever_was_left_without_a_tenant_founds_one_at_sign_in(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    await close(auth, owner)
    clock.advance(days=30)
    await run_retention(database, clock)

    deleted = await auth.login(viewer.email)
    deleted_by_name = await auth.login(viewer.email, tenant_id=str(owner.tenant_id))
    await erase(database, clock)
    erased = await auth.login(viewer.email)
    founded = await auth.login(viewer.email, tenant_name="My own")
    again = await auth.login(viewer.email, tenant_name="Another")

    for refused in (deleted, deleted_by_name, erased):
        assert (refused.status, refused.code) == (404, "TENANT_NOT_FOUND")
    assert (founded.status, founded.data["user"]["role"]) == (200, "owner")
    assert again.data["user"]["tenant_id"] == founded.data["user"]["tenant_id"]
    back = await auth.member(viewer.email, founded.data["tokens"])
    assert (await auth.send("GET", CURRENT, who=back.principal)).data["name"] == "My own"
    exported = await auth.send("POST", "/api/v1/users/me/export", who=back.principal)
    left = await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=back.principal)
    assert (exported.status, left.status) == (202, 204)


async def test_a_member_of_a_closed_tenant_goes_on_in_one_of_their_own_meanwhile(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    await close(auth, owner)

    named = await auth.login(viewer.email, tenant_id=str(owner.tenant_id), tenant_name="My own")
    founded = await auth.login(viewer.email, tenant_name="My own")
    own = await auth.member(viewer.email, founded.data["tokens"])
    token = details(await auth.login(owner.email))["restore_token"]
    await auth.send("POST", BY_TOKEN, {"restore_token": token})
    switched = await auth.send("POST", SWITCH, {"tenant_id": str(owner.tenant_id)}, who=own.principal)

    assert details(named).keys() == {"tenant_id", "restorable_until"}
    assert founded.data["user"]["role"] == "owner"
    assert (switched.status, switched.data["user"]["role"]) == (200, "viewer")


async def test_a_paused_member_founds_nothing(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    viewer = await colleague(auth, mail, owner, "viewer")
    path = f"/api/v1/users/{viewer.principal.user_id}"
    assert (await auth.send("PATCH", path, {"is_active": False}, who=owner.principal)).status == 200

    assert (await auth.login(viewer.email, tenant_name="My own")).code == "AUTH_INVALID_CREDENTIALS"


async def test_a_tenant_is_founded_at_the_second_step_too(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = await auth.register()
    _, codes = await set_up_mfa(auth, owner.principal, clock)
    await close(auth, owner)
    first = await auth.login(owner.email, tenant_name="My own")

    body = {"mfa_token": first.json["error"]["details"]["mfa_token"], "code": codes[0], "tenant_name": "My own"}
    second = await auth.send("POST", "/api/v1/auth/login/mfa", body)

    assert first.code == "AUTH_MFA_REQUIRED"
    assert second.status == 200
    names = [row["name"] for row in await database.system_rows("select name from tenants where closed_at is null")]
    assert names == ["My own"]


async def test_a_deleted_tenant_counts_as_owned_no_more(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = await auth.register()
    for name in ("Two", "Three"):
        await auth.send("POST", TENANTS, {"name": name}, who=owner.principal)
    await close(auth, owner)
    full = await auth.login(owner.email)
    elsewhere = await auth.member(owner.email, full.data["tokens"])
    refused = await auth.send("POST", TENANTS, {"name": "Four"}, who=elsewhere.principal)
    clock.advance(days=30)
    await run_retention(database, clock)

    made = await auth.send("POST", TENANTS, {"name": "Four"}, who=elsewhere.principal)

    assert (refused.status, refused.code) == (403, "TIER_LIMIT_EXCEEDED")
    assert made.status == 201


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("update memberships set role = 'admin' where user_id = $1", "TENANT_NOT_FOUND"),
        ("update users set is_active = false where id = $1", "AUTH_SESSION_REVOKED"),
    ],
)
async def test_what_changes_at_the_moment_of_restoring_counts(
    auth: AuthClient, databases: list[Database], change: str, code: str
) -> None:
    owner = await auth.register()
    await auth.send("POST", TENANTS, {"name": "Other"}, who=owner.principal)
    await close(auth, owner)
    other = await auth.member(owner.email, (await auth.login(owner.email)).data["tokens"])
    path = f"{TENANTS}/{owner.tenant_id}/restore"

    async with databases[1].system_work() as work:
        await work.execute(change, owner.principal.user_id)
        restoring = asyncio.create_task(auth.send("POST", path, who=other.principal))
        await until_somebody_waits(databases[0])

    assert (await restoring).code == code


async def test_the_slug_of_an_erased_tenant_is_free(auth: AuthClient, database: Database, clock: SettableClock) -> None:
    owner = await auth.register(tenant_name="Engines")
    await close(auth, owner)
    clock.advance(days=30)
    await run_retention(database, clock)
    await erase(database, clock)
    other = await auth.register()

    made = await auth.send("POST", TENANTS, {"name": "X", "slug": "engines"}, who=other.principal)

    assert made.status == 201


async def test_closing_the_account_of_its_last_person_closes_a_tenant(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = await auth.register()
    assert (await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=owner.principal)).status == 204

    [tenant] = await database.system_rows("select closed_at from tenants")
    clock.advance(days=30)
    await run_retention(database, clock)
    await erase(database, clock)

    assert tenant["closed_at"] is not None
    assert await states(database) == ["erased"]
    assert await database.system_rows("select from tenants") == []
    told = await database.system_rows("select type from outbox where type ~ 'deleted|anonymised' order by seq")
    assert [row["type"] for row in told] == ["auth.account.anonymised", "auth.tenant.deleted"]


async def test_an_owner_of_a_closed_tenant_may_close_their_account(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    await colleague(auth, mail, owner, "viewer")
    await auth.send("POST", TENANTS, {"name": "Other"}, who=owner.principal)
    await close(auth, owner)
    other = await auth.member(owner.email, (await auth.login(owner.email)).data["tokens"])

    answer = await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=other.principal)

    assert answer.status == 204


async def test_no_sign_in_slips_through_while_a_tenant_is_closed(
    auth: AuthClient, run_auth: RunAuth, databases: list[Database]
) -> None:
    async with run_auth(databases[1]) as other:
        for _ in range(5):
            owner = await auth.register()

            await asyncio.gather(close(auth, owner), *(other.login(owner.email) for _ in range(4)))

            live = await databases[0].system_rows(
                "select from sessions where tenant_id = $1 and revoked_at is null", owner.tenant_id
            )
            assert live == []


async def test_of_what_others_have_nothing_is_erased(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner, other = await auth.register(), await auth.register()
    await make_key(auth, other.principal)
    before = await rows_of(database, other)
    await close(auth, owner)
    clock.advance(days=30)
    await run_retention(database, clock)

    await erase(database, clock)

    assert await rows_of(database, other) == before
    assert not any((await rows_of(database, owner)).values())


async def _is_applied(database: Database) -> bool:
    """The one event that came from elsewhere."""
    return await database.system_rows("select from inbox") != []


async def _is_all_erased(database: Database) -> bool:
    return set(await states(database)) == {"erased"}


async def _all_events_sent(database: Database) -> bool:
    return await database.system_rows("select from outbox where sent_at is null") == []


async def states(database: Database) -> list[str]:
    return [row["state"] for row in await database.system_rows("select state from tenant_closures")]


async def rows_of(database: Database, member: Member) -> dict[str, list[str]]:
    """Of each table that is erased with a tenant."""
    tables = ("memberships", "sessions", "api_keys", "topic_offsets", "outbox_topics")
    return {
        table: [
            row["row"]
            for row in await database.system_rows(
                f"select r::text as row from {table} r where tenant_id = $1 order by 1", member.tenant_id
            )
        ]
        for table in tables
    }
