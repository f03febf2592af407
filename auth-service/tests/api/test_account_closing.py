"""Closing one's account: at once for everybody to see, for good after a month."""

import asyncio
from datetime import datetime, timedelta

import pytest
from auth_authenticator import set_up_mfa
from auth_builders import KEY_ENCRYPTION_SECRET, PASSWORD, Member
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock
from queued import is_done

from auth_service.account_closing.repository import DELETE_JOBS
from auth_service.mail.mail_queue import MAIL_LETTER, SealedLetter
from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.recovery.reset_requests import RESET_REQUEST, ResetRequest
from auth_service.retention import own_rows
from auth_service.tenants.repository import add_membership
from shared.db.databases import Database
from shared.email_address import email_identity
from shared.events.auth import AccountAnonymised
from shared.events.questions import MemberDirectory
from shared.events.topics import tenant_topic, user_topic
from shared.ids import new_id
from shared.jobs.queue import JobQueue, NewJob
from shared.messaging.event_log import EventLog
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

ME = "/api/v1/users/me"


async def test_a_closed_account_signs_in_nowhere(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    elsewhere = await auth.login(member.email)

    answer = await close(auth, member)

    assert (answer.status, answer.body) == (204, b"")
    assert (await auth.login(member.email)).code == "AUTH_INVALID_CREDENTIALS"
    for token in (member.refresh_token, elsewhere.data["tokens"]["refresh_token"]):
        assert (await auth.refresh(token)).code == "AUTH_REFRESH_INVALID"
    assert await types_told(database) == {
        "auth.session.revoked": 2,
        "auth.membership.changed": 1,
        "auth.account.deactivated": 1,
        "auth.tenant.closed": 1,
    }


async def test_the_directory_of_members_names_it_no_more(auth: AuthClient, bus: MemoryBus) -> None:
    """The other services take its owner for gone, and must not learn anew who that was."""
    closed, other = await auth.register(), await auth.register()

    await close(auth, closed)

    answer = await Requests(bus).ask(MemberDirectory())
    assert [member.id for member in answer.members] == [other.principal.user_id]


async def test_its_api_keys_end_with_it(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    body = {"name": "a program", "scopes": ["tasks:read"]}
    created = await auth.send("POST", "/api/v1/api-keys", body, who=member.principal)
    assert created.status == 201

    await close(auth, member)

    assert (await types_told(database))["auth.api_key.revoked"] == 1
    assert await database.system_rows("select from api_keys where revoked_at is null") == []


async def test_it_takes_the_password(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await close(auth, member, "a wrong passphrase")

    assert (answer.status, answer.code) == (401, "INVALID_PASSWORD")
    assert (await auth.login(member.email)).status == 200


async def test_a_signed_in_thief_cannot_guess_the_password(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        member = await auth.register()

        answers = await asyncio.gather(*(close(auth, member, "a wrong passphrase") for _ in range(12)))

    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 7


async def test_the_last_owner_of_other_people_stays(auth: AuthClient, database: Database) -> None:
    owner, guest = await auth.register(), await auth.register()
    await join(database, owner, guest, Role.DEVELOPER)

    refused = await close(auth, owner)
    await set_role(database, owner, guest, Role.OWNER)
    closed = await close(auth, owner)

    assert (refused.status, refused.code) == (409, "LAST_OWNER")
    assert refused.json["error"]["details"] == {"tenant_ids": [str(owner.tenant_id)]}
    assert closed.status == 204


async def test_whoever_is_alone_in_their_tenant_may_go(auth: AuthClient) -> None:
    assert (await close(auth, await auth.register())).status == 204


async def test_of_two_owners_who_leave_at_once_one_stays(
    auth: AuthClient, run_auth: RunAuth, databases: list[Database]
) -> None:
    async with run_auth(databases[1]) as other:
        for _ in range(5):
            one, two, guest = [await auth.register() for _ in range(3)]
            await join(databases[0], one, two, Role.OWNER)
            await join(databases[0], one, guest, Role.VIEWER)

            answers = await asyncio.gather(close(auth, one), close(other, two))

            assert sorted(answer.status for answer in answers) == [204, 409]


async def test_an_account_is_closed_once(auth: AuthClient) -> None:
    member = await auth.register()

    answers = await asyncio.gather(*(close(auth, member) for _ in range(6)))

    assert sorted(answer.status for answer in answers) == [204] + [401] * 5


async def test_after_a_month_nothing_tells_who_it_was(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register(email="ada@example.com", tenant_name="Ada's engines")
    await auth.send("PATCH", ME, {"display_name": "ada", "preferences": {"a": "secret"}}, who=member.principal)
    await auth.send("PUT", "/api/v1/settings/custom/a", {"value": "secret"}, who=member.principal)
    await set_up_mfa(auth, member.principal, clock)
    await auth.send("POST", ME + "/export", who=member.principal)
    await close(auth, member)
    async with database.system_work() as work:
        later, email = clock.now() + timedelta(days=60), "ada@example.com"
        await JobQueue(clock).add(work, RESET_REQUEST, NewJob(ResetRequest(email), unique_key=email, at=later))

    clock.advance(days=29, hours=23)
    await run_retention(database, clock)
    [kept] = await database.system_rows("select email from users")
    clock.advance(hours=1)
    await run_retention(database, clock)

    [user] = await database.system_rows("select * from users")
    assert kept["email"] == "ada@example.com"
    assert user["email"] == f"deleted-{member.principal.user_id.hex}@deleted.invalid"
    assert (user["first_name"], user["last_name"], user["display_name"]) == ("Deleted", "user", None)
    assert "ada@" not in str(dict(user)).lower()
    assert (await types_told(database))["auth.tenant.deleted"] == 1
    for table in (
        "sessions",
        "memberships",
        "user_settings",
        "mfa_enrolments",
        "mfa_recovery_codes",
        "data_exports",
        "mail_tokens",
    ):
        assert await database.system_rows(f"select from {table}") == [], table
    assert await is_done(database, RESET_REQUEST.name)


@pytest.mark.parametrize("is_set_aside", [True, False])
async def test_no_job_knows_the_address_after_a_month(
    auth: AuthClient, database: Database, clock: SettableClock, *, is_set_aside: bool
) -> None:
    """Neither one that waits nor one that was set aside, which an operator could retry."""
    member, later = await auth.register(email="ada@example.com"), clock.now() + timedelta(days=60)
    await auth.register(email="ben@example.com")
    for email in ("Ada@Example.com", "ben@example.com"):
        await leave_jobs(database, clock, email, later)
    await close(auth, member)
    async with database.system_work() as work:
        if is_set_aside:
            await work.execute("update jobs set status = 'failed', ended_at = due_at where due_at = $1", later)

    clock.advance(days=31)
    await run_retention(database, clock)

    rows = await database.system_rows("select kind, unique_key from jobs where due_at = $1 order by kind", later)
    letters = RecipientKeys(KEY_ENCRYPTION_SECRET).range_of("ben@example.com")
    assert [row["kind"] for row in rows] == [MAIL_LETTER.name, RESET_REQUEST.name]
    assert letters.first < rows[0]["unique_key"] < letters.last
    assert rows[1]["unique_key"] == "ben@example.com"


async def test_mail_that_could_not_be_sent_goes_with_the_account(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, smtp_url="smtp://127.0.0.1:1") as auth:
        member, other = await auth.register(), await auth.register()
        await eventually(lambda: _have_letters(database, 2))
        await close(auth, member)
        clock.advance(days=31)
        await run_retention(database, clock)
        left = await database.system_rows("select unique_key from jobs where kind = $1", MAIL_LETTER.name)

    letters = RecipientKeys(KEY_ENCRYPTION_SECRET).range_of(other.email)
    assert [letters.first < row["unique_key"] < letters.last for row in left] == [True]


async def _have_letters(database: Database, number: int) -> bool:
    return len(await database.system_rows("select from jobs where kind = $1", MAIL_LETTER.name)) == number


async def test_jobs_of_an_address_are_found_by_an_index(database: Database) -> None:
    """Whether they wait or were set aside."""
    plans = []
    async with database.system_work() as work:
        await work.execute("set local enable_seqscan = off")
        await work.execute("set local enable_bitmapscan = off")
        for statement in DELETE_JOBS:
            keys = RecipientKeys("").range_of("ada@example.com")
            rows = await work.rows(f"explain {statement}", MAIL_LETTER.name, *keys)
            plans.append("\n".join(row["QUERY PLAN"] for row in rows))

    for plan, index in zip(plans, ("jobs_once", "jobs_ended_by_key"), strict=True):
        assert index in plan
        assert "unique_key >=" in plan.split("Index Cond")[1].split("\n")[0]


async def test_the_address_is_free_again(auth: AuthClient, database: Database, clock: SettableClock) -> None:
    member = await auth.register(email="ada@example.com")
    await close(auth, member)
    clock.advance(days=31)
    await run_retention(database, clock)

    again = await auth.register(email="ada@example.com")

    assert again.principal.user_id != member.principal.user_id
    old = await auth.login(f"deleted-{member.principal.user_id.hex}@deleted.invalid", PASSWORD)
    assert old.code == "AUTH_INVALID_CREDENTIALS"


async def test_the_tenant_of_others_goes_on_and_is_told(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner, guest = await auth.register(tenant_name="Engines"), await auth.register()
    await join(database, owner, guest, Role.VIEWER)
    await close(auth, guest)
    clock.advance(days=31)
    await run_retention(database, clock)

    [tenant] = await database.system_rows("select name from tenants where id = $1", owner.tenant_id)
    told = await database.system_rows("select tenant_id from outbox where type = $1", AccountAnonymised.type)

    assert tenant["name"] == "Engines"
    assert {row["tenant_id"] for row in told} == {owner.tenant_id, guest.tenant_id}


async def test_tenants_that_were_left_before_are_told_too(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner, guest, back = [await auth.register() for _ in range(3)]
    for host in (owner, back):
        await join(database, host, guest, Role.VIEWER)
        await leave(auth, host, guest)
    async with database.system_work() as work:
        await add_membership(work, back.tenant_id, guest.principal.user_id, Role.VIEWER, clock.now())
    await close(auth, guest)
    clock.advance(days=31)

    await run_retention(database, clock)

    told = await database.system_rows("select tenant_id from outbox where type = $1", AccountAnonymised.type)
    assert sorted(row["tenant_id"] for row in told) == sorted(one.tenant_id for one in (owner, guest, back))
    assert await database.system_rows("select from former_memberships") == []


async def test_accounts_that_were_erased_before_that_are_told_of_once(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner, guest = await auth.register(), await auth.register()
    await join(database, owner, guest, Role.VIEWER)
    await leave(auth, owner, guest)
    async with database.system_work() as work:
        await work.execute("update former_memberships set is_account_erased = true")

    for _ in range(2):
        await run_retention(database, clock)

    told = await database.system_rows("select tenant_id, subject from outbox where type = $1", AccountAnonymised.type)
    assert told == [{"tenant_id": owner.tenant_id, "subject": str(guest.principal.user_id)}]


async def test_what_identified_them_leaves_the_live_history(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register(first_name="Canary")
    await auth.send("PUT", "/api/v1/settings/custom/motto", {"value": "canary"}, who=member.principal)
    await close(auth, member)
    clock.advance(days=31)

    await run_retention(database, clock)

    log, who = EventLog(database), member.principal
    for topic in (user_topic(who.user_id), tenant_topic(who.tenant_id)):
        events = await log.read(who.tenant_id, topic, 0, 100)
        assert not any(b"canary" in bytes(event.data).lower() for event in events)
        assert [event.type for event in events if not event.is_redacted] == ["auth.membership.removed"]


async def test_an_account_that_was_opened_again_is_left_alone(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register()
    await close(auth, member)
    async with database.system_work() as work:
        await work.execute("update users set is_active = true")
        await work.execute("update memberships set is_active = true")
        await work.execute("update tenants set closed_at = null")
    clock.advance(days=31)

    await run_retention(database, clock)

    assert (await auth.login(member.email)).status == 200


async def test_replicas_that_keep_house_together_do_everything_once(
    auth: AuthClient, databases: list[Database], clock: SettableClock
) -> None:
    for _ in range(3):
        await close(auth, await auth.register())
    clock.advance(days=31)

    await asyncio.gather(*(run_retention(database, clock) for database in databases))

    assert (await types_told(databases[0]))[AccountAnonymised.type] == 3


@pytest.mark.parametrize("body", [{}, {"password": 1}, {"password": "x" * 1025}])
async def test_a_password_is_a_text(auth: AuthClient, body: dict[str, object]) -> None:
    member = await auth.register()

    answer = await auth.send("DELETE", ME, body, who=member.principal)

    assert (answer.status, set(answer.wrong_fields)) == (422, {"password"})


@pytest.mark.parametrize("field", ["user_id", "tenant_id", "id"])
async def test_nothing_but_the_password_is_read(auth: AuthClient, field: str) -> None:
    member = await auth.register()

    answer = await auth.send("DELETE", ME, {"password": PASSWORD, field: "x"}, who=member.principal)

    assert answer.wrong_fields == {field: "unknown"}


async def test_it_is_for_whoever_is_signed_in(auth: AuthClient) -> None:
    assert (await auth.send("DELETE", ME, {"password": PASSWORD})).code == "AUTH_REQUIRED"


async def close(auth: AuthClient, member: Member, password: str = PASSWORD) -> Answer:
    return await auth.send("DELETE", ME, {"password": password}, who=member.principal)


async def leave_jobs(database: Database, clock: SettableClock, email: str, at: datetime) -> None:
    """A letter and a request for a password that wait for a time that never comes."""
    jobs, keys, mail_id = JobQueue(clock), RecipientKeys(KEY_ENCRYPTION_SECRET), new_id()
    letter = NewJob(SealedLetter(mail_id, "welcome", b""), unique_key=keys.key_of(email, mail_id), at=at)
    identity = email_identity(email)
    async with database.system_work() as work:
        await jobs.add(work, MAIL_LETTER, letter)
        await jobs.add(work, RESET_REQUEST, NewJob(ResetRequest(identity), unique_key=identity, at=at))


async def leave(auth: AuthClient, host: Member, guest: Member) -> None:
    path = f"/api/v1/users/{guest.principal.user_id}"
    assert (await auth.send("DELETE", path, who=host.principal)).status == 204


async def run_retention(database: Database, clock: SettableClock) -> None:
    for task in retention_tasks(
        database, own_rows(JobQueue(clock), RecipientKeys(KEY_ENCRYPTION_SECRET)), clock, Metrics("auth")
    ):
        await task.run_once()


async def join(database: Database, host: Member, guest: Member, role: Role) -> None:
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, $3, now(), now())",
            host.tenant_id, guest.principal.user_id, role.value,
        )  # fmt: skip


async def set_role(database: Database, host: Member, guest: Member, role: Role) -> None:
    async with database.system_work() as work:
        await work.execute(
            "update memberships set role = $3 where tenant_id = $1 and user_id = $2",
            host.tenant_id, guest.principal.user_id, role.value,
        )  # fmt: skip


async def types_told(database: Database) -> dict[str, int]:
    rows = await database.system_rows(
        "select type, count(*) as number from outbox"
        " where type ~ '(revoked|changed|removed|deactivated|anonymised|closed|deleted)$' group by type"
    )
    return {row["type"]: row["number"] for row in rows}
