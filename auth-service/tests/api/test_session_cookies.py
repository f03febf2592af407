"""The session cookie: set at sign-in on demand, good for refreshing, cleared at sign-out."""

import asyncio
import re

import pytest
from auth_client import AuthClient, RunAuth
from auth_credentials import introspect, session_cookie, with_cookie
from auth_fakes import SettableClock

from shared.db.databases import Database

REFRESH = "/api/v1/auth/refresh"


async def test_a_cookie_is_set_on_demand_only(auth: AuthClient) -> None:
    member = await auth.register()

    plain, wanted = await auth.login(member.email), await auth.login(member.email, cookie=True)

    assert not [line for line in plain.cookies if line.startswith("tessera_session")]
    assert set(wanted.data) == {"user", "tokens"}
    line = next(line for line in wanted.cookies if line.startswith("tessera_session"))
    assert re.fullmatch(r"tessera_session=tsc_[\w-]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax", line), line


@pytest.mark.parametrize(
    ("web_url", "is_secure"),
    [
        ("http://127.0.0.1:3000", False),
        ("http://localhost", False),
        ("http://[::1]:3000", False),
        ("https://app.example.com", True),
        ("http://app.example.com", True),
        ("http://192.168.0.7", True),
        ("https://localhost.example.com", True),
    ],
)
async def test_outside_this_machine_the_cookie_wants_tls(
    run_auth: RunAuth, database: Database, web_url: str, is_secure: bool
) -> None:
    async with run_auth(database, public_web_url=web_url) as auth:
        member = await auth.register()
        signed_in = await auth.login(member.email, cookie=True)
        signed_out = await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    for answer in (signed_in, signed_out):
        line = next(line for line in answer.cookies if line.startswith("tessera_session"))
        assert ("; Secure" in line) is is_secure


async def test_no_copy_of_the_database_holds_a_cookie(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    cookie = session_cookie(await auth.login(member.email, cookie=True))

    stored = await database.system_rows("select s::text as text from sessions s union all select o::text from outbox o")

    assert stored
    assert not [row for row in stored if cookie in row["text"]]


async def test_a_failed_sign_in_sets_no_cookie(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await auth.login(member.email, "a wrong passphrase", cookie=True)

    assert (answer.code, answer.cookies) == ("AUTH_INVALID_CREDENTIALS", ())


async def test_a_cookie_is_exchanged_for_a_pair_and_lives_on(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    cookie = session_cookie(signed_in)
    before = await auth.member(member.email, signed_in.data["tokens"])
    clock.advance(days=20)

    renewed = await auth.send("POST", REFRESH, headers=with_cookie(cookie))

    assert session_cookie(renewed) == cookie
    after = await auth.member(member.email, renewed.data)
    assert after.principal == before.principal
    clock.advance(days=20)
    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] is None
    assert (await auth.refresh(after.refresh_token)).status == 200


async def test_tabs_that_refresh_at_once_get_the_same_pair(
    run_auth: RunAuth, databases: list[Database], clock: SettableClock
) -> None:
    async with run_auth(databases[0]) as one, run_auth(databases[1]) as other:
        member = await one.register()
        cookie = session_cookie(await one.login(member.email, cookie=True))

        answers = await asyncio.gather(
            *(auth.send("POST", REFRESH, {}, headers=with_cookie(cookie)) for auth in (one, other) * 10)
        )
        tokens = {answer.data["refresh_token"] for answer in answers}
        clock.advance(seconds=9)
        tokens.add((await one.send("POST", REFRESH, headers=with_cookie(cookie))).data["refresh_token"])
        clock.advance(seconds=2)
        later = (await one.send("POST", REFRESH, headers=with_cookie(cookie))).data["refresh_token"]

        assert len(tokens) == 1
        assert later not in tokens
        assert (await one.refresh(later)).status == 200


async def test_a_token_that_the_cookie_replaced_is_refused_and_later_a_reuse(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    old = signed_in.data["tokens"]["refresh_token"]
    cookie = session_cookie(signed_in)
    await auth.send("POST", REFRESH, headers=with_cookie(cookie))

    assert (await auth.refresh(old)).code == "AUTH_REFRESH_INVALID"
    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] is None
    clock.advance(seconds=11)
    assert (await auth.refresh(old)).code == "AUTH_REFRESH_REUSED"
    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] == "AUTH_SESSION_REVOKED"


async def test_a_token_in_the_body_counts_before_the_cookie(auth: AuthClient) -> None:
    member, other = await auth.register(), await auth.register()
    cookie = session_cookie(await auth.login(other.email, cookie=True))

    answer = await auth.send("POST", REFRESH, {"refresh_token": member.refresh_token}, headers=with_cookie(cookie))

    assert (await auth.member(member.email, answer.data)).principal == member.principal


async def test_without_token_and_cookie_the_token_is_missing(auth: AuthClient) -> None:
    for headers in ({}, with_cookie("")):
        answer = await auth.send("POST", REFRESH, {}, headers=headers)
        assert (answer.status, answer.wrong_fields) == (422, {"refresh_token": "required"})


async def test_a_cookie_that_is_not_good_refreshes_nothing(auth: AuthClient) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    cookie = session_cookie(signed_in)
    who = (await auth.member(member.email, signed_in.data["tokens"])).principal
    await auth.send("POST", "/api/v1/auth/logout", who=who)

    for bad in (cookie, cookie[:-1], signed_in.data["tokens"]["refresh_token"], "x"):
        answer = await auth.send("POST", REFRESH, headers=with_cookie(bad))
        assert (answer.status, answer.code) == (401, "AUTH_REFRESH_INVALID")


async def test_signing_out_clears_the_cookie(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    answer = await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    (line,) = answer.cookies
    assert answer.status == 204
    assert line == "tessera_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
