"""Whatever happens to one person at the same moment, nobody waits for somebody who waits for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from auth_authenticator import MFA, set_up_mfa
from auth_builders import PASSWORD, Member, registration
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock
from lock_queue import until_somebody_waits
from mail_server import MailServer
from members import INVITATIONS, colleague, invite

from auth_service.retention import WINDOWS
from shared.db.databases import Database, DatabaseConfig, open_databases

AUTH, USERS, TENANTS = "/api/v1/auth", "/api/v1/users", "/api/v1/tenants"
STEP_UP = f"{AUTH}/step-up"
ROUNDS = 4
Deed = Callable[[AuthClient], Awaitable[Answer]]


@pytest.fixture
async def patient(config: DatabaseConfig) -> AsyncIterator[list[Database]]:
    """Two processes' worth of pools: a busy machine makes none give up, and PostgreSQL still finds each cycle."""
    long = config._replace(lock_timeout=60, statement_timeout=60, acquire_timeout=60, idle_in_transaction_timeout=60)
    async with open_databases(long, long._replace(name="auth_of_another_replica", models=())) as opened:
        yield list(opened.values())


async def test_nothing_that_happens_to_one_account_at_once_ends_in_a_deadlock(
    run_auth: RunAuth, patient: list[Database], mail: MailServer
) -> None:
    async with run_auth(patient[0], smtp_url=mail.url) as one, run_auth(patient[1], smtp_url=mail.url) as two:
        for _ in range(ROUNDS):
            owner, elsewhere = await one.register(), await one.register()
            member = await colleague(one, mail, owner, "owner")
            token = await invite(one, mail, elsewhere, member.email)
            deeds = deeds_about(member, owner, token)

            answers = await asyncio.gather(*(deed(replica) for deed in deeds for replica in (one, two)))

            assert {answer.status for answer in answers} <= {200, 201, 204, 401, 403, 404, 409, 410}, answers
            roles = await patient[0].system_rows(
                "select m.role from memberships m join users u on u.id = m.user_id"
                " where m.tenant_id = $1 and m.is_active and u.is_active", owner.tenant_id,
            )  # fmt: skip
            assert not roles or {"role": "owner"} in roles


async def test_keeping_house_waits_for_nobody(
    auth: AuthClient, databases: list[Database], clock: SettableClock
) -> None:
    member = await auth.register()
    await auth.login(member.email, "a wrong passphrase")
    clock.advance(days=1)

    async def forget() -> int:
        async with databases[1].system_work() as work:
            return (await WINDOWS.begin()(work, clock.now())).deleted

    async with databases[0].system_work() as work:
        await work.rows("select from attempt_windows for update")
        kept = await asyncio.wait_for(asyncio.create_task(forget()), timeout=5)
    forgotten = await forget()

    assert kept == 0
    assert forgotten > 0


SECOND_FACTOR_DEEDS = ["step_up", "sign_in", "remove"]


@pytest.mark.parametrize("deed", SECOND_FACTOR_DEEDS)
async def test_the_second_factor_is_locked_after_its_user(
    auth: AuthClient, databases: list[Database], clock: SettableClock, deed: str
) -> None:
    member = await auth.register()
    send = (await second_factor_deeds(auth, member, clock))[deed]

    async with databases[1].system_work() as work:
        await work.rows("select from users where id = $1 for no key update", member.principal.user_id)
        doing = asyncio.create_task(send(auth))
        await until_somebody_waits(databases[0])
        free = await databases[0].system_rows("select from mfa_enrolments for update nowait")

    assert len(free) == 1
    assert (await doing).status in (200, 204)


async def test_codes_and_a_proof_of_one_account_at_once_end_in_no_deadlock(
    run_auth: RunAuth, databases: list[Database], mail: MailServer, clock: SettableClock
) -> None:
    async with run_auth(databases[0], smtp_url=mail.url) as one, run_auth(databases[1], smtp_url=mail.url) as two:
        for _ in range(ROUNDS):
            member = await one.register_unproven()
            token = await mail.token_to(member.email, "Confirm")
            deeds = await second_factor_deeds(one, member, clock)

            answers = await asyncio.gather(
                *(deed(replica) for deed in deeds.values() for replica in (one, two)),
                one.send("POST", f"{AUTH}/verify-email", {"token": token}, who=member.principal),
            )

            assert {answer.status for answer in answers} <= {200, 204, 401, 409}, answers
            assert answers[-1].status == 204


async def second_factor_deeds(auth: AuthClient, member: Member, clock: SettableClock) -> dict[str, Deed]:
    """Each takes a code of its own."""
    me = member.principal
    _, codes = await set_up_mfa(auth, me, clock)
    challenge = (await auth.login(member.email)).json["error"]["details"]["mfa_token"]
    second = {"mfa_token": challenge, "code": codes[1]}
    return {
        "step_up": lambda auth: auth.send("POST", f"{AUTH}/step-up", {"code": codes[0]}, who=me),
        "sign_in": lambda auth: auth.send("POST", f"{AUTH}/login/mfa", second),
        "remove": lambda auth: auth.send("DELETE", MFA, {"code": codes[2]}, who=me),
    }


@asynccontextmanager
async def held_account(database: Database, member: Member) -> AsyncIterator[None]:
    async with database.system_work() as work:
        await work.rows("select from users where id = $1 for no key update", member.principal.user_id)
        yield


async def count_free(database: Database, table: str) -> int:
    """Raises DatabaseUnavailable where somebody has locked a row of it."""
    async with database.system_work() as work:
        return len(await work.rows(f"select from {table} for update nowait"))


async def test_a_sign_in_that_waits_for_its_account_keeps_no_other_of_its_network_waiting(
    auth: AuthClient, databases: list[Database]
) -> None:
    member = await auth.register()

    async with held_account(databases[0], member):
        sign_in = asyncio.create_task(auth.login(member.email))
        await until_somebody_waits(databases[1])
        counters = await asyncio.create_task(count_free(databases[1], "attempt_windows"))

    assert counters > 0
    assert (await sign_in).status == 200


def new_user() -> dict[str, str]:
    return {"email": registration()["email"], "first_name": "New", "last_name": "Person"}


def deeds_about(member: Member, owner: Member, token: str) -> list[Deed]:
    me, tenant, path = member.principal, {"tenant_id": str(member.tenant_id)}, f"{USERS}/{member.principal.user_id}"
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    return [
        lambda auth: auth.login(member.email),
        lambda auth: auth.login(member.email, invitation_token=token),
        lambda auth: auth.send("POST", INVITATIONS, {"email": member.email}, who=owner.principal),
        lambda auth: auth.send("POST", USERS, new_user(), who=owner.principal),
        lambda auth: auth.send("POST", TENANTS, {"name": "Own"}, who=me),
        lambda auth: auth.refresh(member.refresh_token),
        lambda auth: auth.send("POST", f"{AUTH}/switch-tenant", tenant, who=me),
        lambda auth: auth.send("POST", f"{INVITATIONS}/accept", {"token": token}, who=me),
        lambda auth: auth.send("PATCH", path, {"role": "admin"}, who=owner.principal),
        lambda auth: auth.send("PATCH", path, {"role": "owner"}, who=owner.principal),
        lambda auth: auth.send("PATCH", f"{USERS}/me", {"first_name": "Grace"}, who=me),
        lambda auth: auth.send("DELETE", path, who=owner.principal),
        lambda auth: auth.send("DELETE", f"{USERS}/{owner.principal.user_id}", who=me),
        lambda auth: auth.send("DELETE", f"{AUTH}/sessions", who=me),
        lambda auth: auth.send("PUT", f"{USERS}/me/password", change, who=me),
        lambda auth: auth.send("DELETE", f"{USERS}/me", {"password": PASSWORD}, who=me),
        lambda auth: auth.send("POST", f"{AUTH}/logout", who=me),
    ]
