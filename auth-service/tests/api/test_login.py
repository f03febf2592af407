"""Signing in with a password."""

import asyncio

import pytest
from argon2 import PasswordHasher
from auth_builders import PASSWORD
from auth_client import AuthClient
from auth_fakes import SettableClock

from shared.db.databases import Database
from shared.ids import new_id


async def test_the_right_password_gives_the_user_and_a_pair_of_tokens(auth: AuthClient) -> None:
    member = await auth.register(email="ada@example.com")

    answer = await auth.login("ada@example.com")

    assert answer.status == 200
    assert answer.data["user"]["id"] == str(member.principal.user_id)
    assert answer.data["tokens"]["token_type"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"
    again = await auth.member(member.email, answer.data["tokens"])
    assert again.principal.session_id != member.principal.session_id


async def test_the_address_may_be_spelled_in_any_case(auth: AuthClient) -> None:
    await auth.register(email="Ada@example.com")

    assert (await auth.login("aDA@EXAMPLE.com")).status == 200


async def test_the_last_login_is_remembered_and_is_no_change_of_the_profile(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    clock.advance(hours=1)

    user = (await auth.login(member.email)).data["user"]

    assert user["last_login_at"] > user["created_at"]
    assert user["version"] == 1


async def test_unknown_address_wrong_password_and_disabled_account_look_the_same(
    auth: AuthClient, database: Database
) -> None:
    member, disabled = await auth.register(), await auth.register()
    await run_as_operator(database, "update users set is_active = false where id = $1", disabled.principal.user_id)

    answers = [
        await auth.login("nobody@example.com"),
        await auth.login(member.email, "a wrong passphrase"),
        await auth.login(disabled.email),
        await auth.login("not even an address"),
    ]

    assert {answer.status for answer in answers} == {401}
    assert {answer.code for answer in answers} == {"AUTH_INVALID_CREDENTIALS"}
    assert len({without_trace(answer.json) for answer in answers}) == 1


async def test_a_password_is_checked_exactly_as_it_was_received(auth: AuthClient) -> None:
    password = "  Grün\u00e9 \ufb01sh 🐟  "
    member = await auth.register(password=password)

    assert (await auth.login(member.email, password)).status == 200
    assert (await auth.login(member.email, password.strip())).status == 401


async def test_signing_in_to_a_tenant_needs_a_membership_of_it(auth: AuthClient) -> None:
    member, stranger = await auth.register(), await auth.register()

    own = await auth.login(member.email, tenant_id=str(member.tenant_id))
    foreign = await auth.login(member.email, tenant_id=str(stranger.tenant_id))
    absent = await auth.login(member.email, tenant_id=str(new_id()))

    assert own.status == 200
    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "TENANT_NOT_FOUND")
    assert without_trace(foreign.json) == without_trace(absent.json)


async def test_a_member_of_two_tenants_chooses_one_with_the_role_they_have_there(
    auth: AuthClient, database: Database
) -> None:
    member, host = await auth.register(), await auth.register()
    await run_as_operator(
        database,
        "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
        " values ($1, $2, 'viewer', now(), now())",
        host.tenant_id, member.principal.user_id,
    )  # fmt: skip

    first = await auth.login(member.email)
    chosen = await auth.login(member.email, tenant_id=str(host.tenant_id))

    assert (first.data["user"]["tenant_id"], first.data["user"]["role"]) == (str(member.tenant_id), "owner")
    assert (chosen.data["user"]["tenant_id"], chosen.data["user"]["role"]) == (str(host.tenant_id), "viewer")


async def test_whoever_belongs_to_no_tenant_has_nothing_to_sign_in_to(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    await run_as_operator(database, "delete from memberships where user_id = $1", member.principal.user_id)

    assert (await auth.login(member.email)).code == "TENANT_NOT_FOUND"


async def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_login(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await run_as_operator(database, "update users set password_hash = $1", weak)

    first, second = await auth.login(member.email), await auth.login(member.email)

    [user] = await database.system_rows("select password_hash from users")
    assert user["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (first.status, second.status) == (200, 200)


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\ufdfa" * 900, "x" * 1025, ""])
async def test_hostile_text_is_refused_in_order(auth: AuthClient, text: str) -> None:
    answers = [await auth.login(text, PASSWORD), await auth.login("ada@example.com", text)]

    assert {answer.status for answer in answers} <= {400, 401, 422}


@pytest.mark.parametrize("field", ["role", "is_platform_admin", "id", "tier"])
async def test_nothing_but_credentials_is_read(auth: AuthClient, field: str) -> None:
    answer = await auth.login("ada@example.com", **{field: "owner"})

    assert answer.wrong_fields == {field: "unknown"}


async def test_a_burst_of_logins_is_answered_and_never_holds_up_the_others(auth: AuthClient) -> None:
    member = await auth.register()

    logins = [asyncio.create_task(auth.login(member.email)) for _ in range(30)]
    async with asyncio.timeout(60):
        probe = await auth.send("GET", "/health/live")
        is_first = not all(login.done() for login in logins)
        answers = await asyncio.gather(*logins)

    assert (probe.status, is_first) == (200, True)
    assert {answer.status for answer in answers} == {200}


def without_trace(body: dict[str, dict[str, object]]) -> str:
    return str({name: value for name, value in body["error"].items() if name != "trace_id"})


async def run_as_operator(database: Database, sql: str, *args: object) -> None:
    async with database.system_work() as work:
        await work.execute(sql, *args)
