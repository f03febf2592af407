"""Whoever signs in where the account was not seen before is told of, once; whoever is known is not."""

import pytest
from auth_authenticator import set_up_mfa
from auth_builders import PASSWORD, Member
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock

from shared.db.databases import Database

LOGIN = "/api/v1/auth/login"
HOME = {"User-Agent": "Browser", "X-Forwarded-For": "192.0.2.7"}
ELSEWHERE = {**HOME, "X-Forwarded-For": "198.51.100.9"}
ANOTHER_PROGRAM = {**HOME, "User-Agent": "Another"}


@pytest.fixture
async def member(auth: AuthClient) -> Member:
    """Has signed in at home."""
    registered = await auth.register()
    await sign_in(auth, registered, HOME)
    return registered


@pytest.mark.parametrize("headers", [ELSEWHERE, ANOTHER_PROGRAM], ids=["network", "program"])
async def test_a_sign_in_from_somewhere_new_is_told_once(
    auth: AuthClient, database: Database, member: Member, headers: dict[str, str]
) -> None:
    before = await told(database)

    await sign_in(auth, member, headers)
    await sign_in(auth, member, headers)

    assert await told(database) == [*before, (member.tenant_id, str(member.principal.user_id), False)]


async def test_home_and_a_device_with_its_cookie_are_known(
    auth: AuthClient, database: Database, member: Member
) -> None:
    first = await sign_in(auth, member, HOME)
    before = await told(database)

    await sign_in(auth, member, HOME)
    await sign_in(auth, member, {**ELSEWHERE, "Cookie": first.cookies[0].partition(";")[0]})

    assert await told(database) == before


async def test_the_neighbourhood_of_an_ipv6_address_is_one_place(
    auth: AuthClient, database: Database, member: Member
) -> None:
    await sign_in(auth, member, {**HOME, "X-Forwarded-For": "2001:db8::1"})
    before = await told(database)

    await sign_in(auth, member, {**HOME, "X-Forwarded-For": "2001:db8::2"})

    assert await told(database) == before


async def test_a_wrong_password_tells_nothing(auth: AuthClient, database: Database, member: Member) -> None:
    before = await told(database)

    answer = await sign_in(auth, member, ELSEWHERE, "a wrong passphrase")

    assert (answer.status, await told(database)) == (401, before)


async def test_with_a_second_factor_it_is_told_when_the_code_was_right(
    auth: AuthClient, database: Database, clock: SettableClock, member: Member
) -> None:
    app, _ = await set_up_mfa(auth, member.principal, clock)
    before = await told(database)

    first = await sign_in(auth, member, ELSEWHERE)
    between = await told(database)
    body = {"mfa_token": first.json["error"]["details"]["mfa_token"], "code": app.next_code()}
    second = await auth.send("POST", f"{LOGIN}/mfa", body, headers=ELSEWHERE)

    assert (first.status, second.status) == (401, 200)
    assert (between, len(await told(database))) == (before, len(before) + 1)


async def sign_in(auth: AuthClient, member: Member, headers: dict[str, str], password: str = PASSWORD) -> Answer:
    return await auth.send("POST", LOGIN, {"email": member.email, "password": password}, headers=headers)


async def told(database: Database) -> list[tuple[object, str, bool]]:
    """Tenant and user of each alert about a new device, and whether they have been written to already."""
    rows = await database.system_rows(
        "select tenant_id, data ->> 'user_id' as user_id, data ->> 'is_mailed' as is_mailed from outbox"
        " where type = 'auth.security.alerted' and data ->> 'alert' = 'new_device' order by seq"
    )
    return [(row["tenant_id"], row["user_id"], row["is_mailed"] == "true") for row in rows]
