"""Staying signed in: one successor per refresh token, and an end for families whose old tokens turn up again."""

import asyncio

import pytest
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock
from lock_queue import until_somebody_waits

from shared.db.databases import Database

GRACE_SECONDS = 10


async def test_a_refresh_gives_a_new_pair_for_the_same_session(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await auth.refresh(member.refresh_token)

    assert answer.status == 200
    renewed = await auth.member(member.email, answer.data)
    assert renewed.principal == member.principal
    assert renewed.refresh_token != member.refresh_token


async def test_a_chain_of_refreshes_goes_on_and_moves_the_expiry(auth: AuthClient, clock: SettableClock) -> None:
    token = (await auth.register()).refresh_token

    for _ in range(5):
        clock.advance(days=20)
        answer = await auth.refresh(token)
        token = answer.data["refresh_token"]

    assert answer.status == 200


async def test_the_token_just_replaced_gets_the_same_successor_for_ten_seconds(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    first = await auth.refresh(member.refresh_token)
    clock.advance(seconds=GRACE_SECONDS - 0.1)

    second = await auth.refresh(member.refresh_token)

    assert second.status == 200
    assert second.data["refresh_token"] == first.data["refresh_token"]
    assert second.data["refresh_expires_at"] == first.data["refresh_expires_at"]


async def test_fifty_parallel_uses_at_two_replicas_get_one_successor(
    run_auth: RunAuth, databases: list[Database]
) -> None:
    async with run_auth(databases[0]) as one, run_auth(databases[1]) as other:
        member = await one.register()

        answers = await asyncio.gather(*((one, other)[n % 2].refresh(member.refresh_token) for n in range(50)))

        assert {answer.status for answer in answers} == {200}
        assert len({answer.data["refresh_token"] for answer in answers}) == 1
        assert (await other.refresh(answers[0].data["refresh_token"])).status == 200


async def test_the_parent_after_the_grace_ends_the_family(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member = await auth.register()
    successor = (await auth.refresh(member.refresh_token)).data["refresh_token"]
    clock.advance(seconds=GRACE_SECONDS)

    late = await auth.refresh(member.refresh_token)

    assert (late.status, late.code) == (401, "AUTH_REFRESH_REUSED")
    assert (await auth.refresh(successor)).status == 401
    assert await revocations_told(database) == [(str(member.principal.session_id), "refresh_reused")]


async def test_a_grandparent_ends_the_family_at_once(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    parent = (await auth.refresh(member.refresh_token)).data["refresh_token"]
    child = (await auth.refresh(parent)).data["refresh_token"]

    answer = await auth.refresh(member.refresh_token)

    assert (answer.status, answer.code) == (401, "AUTH_REFRESH_REUSED")
    assert (await auth.refresh(parent)).status == (await auth.refresh(child)).status == 401
    assert len(await revocations_told(database)) == 1


async def test_parallel_uses_of_a_stolen_token_end_the_family_once(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member = await auth.register()
    await auth.refresh(member.refresh_token)
    clock.advance(seconds=GRACE_SECONDS)

    answers = await asyncio.gather(*(auth.refresh(member.refresh_token) for _ in range(10)))

    assert {answer.code for answer in answers} == {"AUTH_REFRESH_REUSED"}
    assert len(await revocations_told(database)) == 1


async def test_the_end_of_one_family_leaves_the_users_other_sessions_alone(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    elsewhere = (await auth.login(member.email)).data["tokens"]["refresh_token"]
    await auth.refresh(member.refresh_token)
    clock.advance(seconds=GRACE_SECONDS)
    await auth.refresh(member.refresh_token)

    assert (await auth.refresh(elsewhere)).status == 200


async def test_an_expired_token_is_invalid(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    clock.advance(days=30)

    answer = await auth.refresh(member.refresh_token)

    assert (answer.status, answer.code) == (401, "AUTH_REFRESH_INVALID")


@pytest.mark.parametrize("token", ["", "tsr_", "nonsense", "tsr_" + "A" * 86, "tsr_" + "é" * 86, "x" * 1024])
async def test_a_made_up_token_is_invalid(auth: AuthClient, token: str) -> None:
    answer = await auth.refresh(token)

    assert (answer.status, answer.code) == (401, "AUTH_REFRESH_INVALID")


async def test_an_access_token_is_no_refresh_token(auth: AuthClient) -> None:
    member = await auth.register()
    access_token = (await auth.refresh(member.refresh_token)).data["access_token"]

    assert (await auth.refresh(access_token)).code == "AUTH_REFRESH_INVALID"


@pytest.mark.parametrize(
    "change",
    ["update users set is_active = false", "delete from memberships", "delete from sessions"],
)
async def test_whoever_may_not_sign_in_may_not_refresh(auth: AuthClient, database: Database, change: str) -> None:
    member = await auth.register()
    async with database.system_work() as work:
        await work.execute(change)

    assert (await auth.refresh(member.refresh_token)).code == "AUTH_REFRESH_INVALID"


async def test_a_changed_role_is_in_the_next_access_token(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    async with database.system_work() as work:
        await work.execute("update memberships set role = 'developer'")

    renewed = await auth.member(member.email, (await auth.refresh(member.refresh_token)).data)

    assert renewed.principal.role == "developer"


async def test_logging_out_ends_this_session_and_tells_it(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    elsewhere = (await auth.login(member.email)).data["tokens"]["refresh_token"]

    answer = await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    assert (answer.status, answer.body) == (204, b"")
    assert (await auth.refresh(member.refresh_token)).code == "AUTH_REFRESH_INVALID"
    assert (await auth.refresh(elsewhere)).status == 200
    assert await revocations_told(database) == [(str(member.principal.session_id), "logout")]


async def test_logging_out_ends_a_session_that_is_being_refreshed(auth: AuthClient, database: Database) -> None:
    member = await auth.register()

    async with database.system_work() as refresh:
        await refresh.execute("update sessions set last_seen_at = now() where id = $1", member.principal.session_id)
        logout = asyncio.create_task(auth.send("POST", "/api/v1/auth/logout", who=member.principal))
        await until_somebody_waits(database)

    assert (await logout).status == 204
    assert (await auth.refresh(member.refresh_token)).code == "AUTH_REFRESH_INVALID"
    assert await revocations_told(database) == [(str(member.principal.session_id), "logout")]


async def test_logging_out_twice_is_fine_and_told_once(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    key = {"Idempotency-Key": "out"}

    for _ in range(2):
        answer = await auth.send("POST", "/api/v1/auth/logout", who=member.principal, headers=key)
        assert answer.status == 204

    assert len(await revocations_told(database)) == 1


async def test_logging_out_needs_an_identity(auth: AuthClient) -> None:
    assert (await auth.send("POST", "/api/v1/auth/logout")).code == "AUTH_REQUIRED"


async def revocations_told(database: Database) -> list[tuple[str, str]]:
    rows = await database.system_rows(
        "select data ->> 'session_id' as session, data ->> 'reason' as reason from outbox"
        " where type = 'auth.session.revoked' order by seq"
    )
    return [(row["session"], row["reason"]) for row in rows]
