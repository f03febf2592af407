"""Limits on signing in and registering: exact, blind to whether an account exists, no weapon against its owner."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from auth_builders import PASSWORD, registration
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock

from shared.db.databases import Database

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
WRONG = "a wrong passphrase"


@pytest.fixture
async def strict(run_auth: RunAuth, database: Database) -> AsyncIterator[AuthClient]:
    async with run_auth(database, rate_limit_scale=1) as client:
        yield client


async def test_fifty_parallel_guesses_reach_five_checks_whatever_the_replica(
    strict: AuthClient, run_auth: RunAuth, databases: list[Database]
) -> None:
    member = await strict.register()

    async with run_auth(databases[1], rate_limit_scale=1) as other:
        answers = await asyncio.gather(
            *(login((strict, other)[number % 2], member.email, WRONG) for number in range(50))
        )

    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 45


async def test_a_refusal_says_when_to_try_again(strict: AuthClient, clock: SettableClock) -> None:
    member = await strict.register()
    for _ in range(5):
        await login(strict, member.email, WRONG)
    clock.advance(minutes=5)

    answer = await login(strict, member.email)

    assert (answer.status, answer.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.json["error"]["details"] == {"retry_after": 600}
    assert answer.headers["retry-after"] == "600"
    assert answer.headers["ratelimit-policy"] == '"login";q=5;w=900'
    assert answer.headers["ratelimit"] == '"login";r=0;t=600'


async def test_the_window_ends(strict: AuthClient, clock: SettableClock) -> None:
    member = await strict.register()
    for _ in range(6):
        await login(strict, member.email, WRONG)

    clock.advance(minutes=15)

    assert (await login(strict, member.email)).status == 200


async def test_a_right_password_is_no_guess(strict: AuthClient) -> None:
    member = await strict.register()

    answers = [await login(strict, member.email) for _ in range(8)]

    assert {answer.status for answer in answers} == {200}


async def test_somebody_elsewhere_cannot_lock_the_owner_out(strict: AuthClient) -> None:
    member = await strict.register()
    for _ in range(8):
        await login(strict, member.email, WRONG, address=ELSEWHERE)

    assert (await login(strict, member.email, address=HERE)).status == 200


async def test_somebody_on_the_owners_network_cannot_either_where_they_signed_in_before(strict: AuthClient) -> None:
    member = await strict.register()
    device = device_cookie(await login(strict, member.email))
    for _ in range(60):
        await login(strict, member.email, WRONG)

    unknown_device = await login(strict, member.email)
    known_device = await login(strict, member.email, cookie=device)

    assert (unknown_device.status, known_device.status) == (429, 200)


async def test_a_known_device_has_five_guesses_and_is_known_for_one_account(strict: AuthClient) -> None:
    member, other = await strict.register(), await strict.register()
    device = device_cookie(await login(strict, member.email))

    guesses = [await login(strict, member.email, WRONG, cookie=device) for _ in range(6)]
    of_another = [await login(strict, other.email, WRONG, cookie=device) for _ in range(6)]

    assert [guess.status for guess in guesses] == [401] * 5 + [429]
    assert [guess.status for guess in of_another] == [401] * 5 + [429]
    assert (await login(strict, member.email)).status == 200


async def test_a_device_is_introduced_once_by_a_cookie_no_script_can_read(strict: AuthClient) -> None:
    member = await strict.register()

    first = await login(strict, member.email)
    second = await login(strict, member.email, cookie=device_cookie(first))
    failed = await login(strict, member.email, WRONG)

    [line] = first.cookies
    assert "HttpOnly; SameSite=Lax" in line
    assert (second.cookies, failed.cookies) == ((), ())


async def test_one_address_has_fifty_guesses_over_all_accounts(strict: AuthClient, clock: SettableClock) -> None:
    answers = [await login(strict, f"nobody{number}@example.com") for number in range(51)]

    assert [answer.status for answer in answers] == [401] * 50 + [429]
    assert (await login(strict, "nobody@example.com", address=ELSEWHERE)).status == 401


async def test_a_whole_ipv6_network_is_one_address(strict: AuthClient) -> None:
    answers = [await login(strict, "nobody@example.com", address=f"2001:db8::{number:x}") for number in range(1, 7)]

    assert [answer.status for answer in answers] == [401] * 5 + [429]


async def test_unknown_wrong_and_disabled_are_counted_and_refused_alike(strict: AuthClient, database: Database) -> None:
    member, disabled = await strict.register(), await strict.register()
    async with database.system_work() as work:
        await work.execute("update users set is_active = false where id = $1", disabled.principal.user_id)

    attempts = {"nobody@example.com": PASSWORD, member.email: WRONG, disabled.email: PASSWORD, "no address": PASSWORD}
    courses = [[face(await login(strict, email, password)) for _ in range(6)] for email, password in attempts.items()]

    assert courses == [courses[0]] * len(courses)
    counters = await database.system_rows("select used from attempt_windows where used < 20 and key not like 'mail %'")
    assert sorted(row["used"] for row in counters) == [2, 2, 5, 5, 5, 5]  # 2: the two registrations, by hour and day


async def test_every_spelling_of_an_address_is_one_account(strict: AuthClient) -> None:
    spellings = ["ada@example.com", "ADA@example.com", "Ada@Example.com", "adA@EXAMPLE.com", "aDa@example.com"]

    answers = [await login(strict, email) for email in [*spellings, "adA@example.com"]]

    assert [answer.status for answer in answers] == [401] * 5 + [429]


async def test_the_scale_multiplies_the_limits(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database, rate_limit_scale=2) as auth:
        answers = [await login(auth, "nobody@example.com") for _ in range(11)]

    assert [answer.status for answer in answers] == [401] * 10 + [429]


async def test_one_address_registers_three_accounts_an_hour(strict: AuthClient, clock: SettableClock) -> None:
    answers = await asyncio.gather(*(register(strict) for _ in range(8)))
    elsewhere = await register(strict, address=ELSEWHERE)
    clock.advance(hours=1)

    assert sorted(answer.status for answer in answers) == [201] * 3 + [429] * 5
    assert elsewhere.status == 201
    assert (await register(strict)).status == 201


async def test_a_form_that_is_filled_in_wrong_is_no_registration(strict: AuthClient) -> None:
    wrong = [await register(strict, password="short") for _ in range(5)]
    common = [await register(strict, password="password123") for _ in range(5)]

    assert {answer.status for answer in (*wrong, *common)} == {422}
    assert (await register(strict)).status == 201


async def test_asking_for_taken_addresses_is_limited_like_registering(strict: AuthClient) -> None:
    member = await strict.register()

    answers = [await register(strict, address=ELSEWHERE, email=member.email) for _ in range(4)]

    assert [answer.status for answer in answers] == [409] * 3 + [429]


async def test_the_counters_name_nobody(strict: AuthClient, database: Database) -> None:
    await login(strict, "nobody@example.com")

    rows = await database.system_rows("select key from attempt_windows")

    assert {len(row["key"]) for row in rows} == {64}
    assert not any("nobody" in row["key"] or HERE in row["key"] for row in rows)


async def login(
    auth: AuthClient, email: str, password: str = PASSWORD, *, address: str = HERE, cookie: str | None = None
) -> Answer:
    headers = {"X-Forwarded-For": address} | ({"Cookie": cookie} if cookie else {})
    return await auth.send("POST", "/api/v1/auth/login", {"email": email, "password": password}, headers=headers)


async def register(auth: AuthClient, *, address: str = HERE, **changes: Any) -> Answer:
    body = registration(**changes)
    return await auth.send("POST", "/api/v1/auth/register", body, headers={"X-Forwarded-For": address})


def device_cookie(answer: Answer) -> str:
    [line] = answer.cookies
    return line.partition(";")[0]


def face(answer: Answer) -> tuple[object, ...]:
    """Whatever could tell one account from another, outside of the gateway: it keeps what is said for the audit log."""
    error = {name: value for name, value in answer.json["error"].items() if name != "trace_id"}
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"x-request-id", "date", "x-tessera-audit"}
    }
    return answer.status, str(error), str(headers), answer.cookies


async def test_a_right_password_is_no_attempt_where_the_tenant_is_closed(strict: AuthClient) -> None:
    owner = await strict.register()
    closed = await strict.send("DELETE", "/api/v1/tenants/current", {}, who=owner.principal)

    answers = [await strict.login(owner.email) for _ in range(7)]

    assert closed.status == 204
    assert {(answer.status, answer.code) for answer in answers} == {(403, "TENANT_CLOSED")}
