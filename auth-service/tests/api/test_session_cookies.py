"""The session cookie: set at sign-in on demand, good for refreshing, cleared at sign-out."""

import asyncio
import re

import pytest
from auth_builders import PASSWORD
from auth_client import AuthClient, RunAuth
from auth_credentials import introspect, session_cookie, with_cookie
from auth_fakes import SettableClock
from mail_server import MailServer

from shared.db.databases import Database

REFRESH = "/api/v1/auth/refresh"
PROTECTED = "__Host-tessera_session"


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

    name, end = ("__Host-tessera", "; Secure") if is_secure else ("tessera", "")
    attributes = f"Path=/; HttpOnly; SameSite=Lax{end}"
    cookies = sorted(line.partition("=")[0] for line in signed_in.cookies)
    assert cookies == [f"{name}_device", f"{name}_session"]
    assert all(line.partition("; ")[2].partition("; ")[2] == attributes for line in signed_in.cookies)
    former = [f"tessera_session=; Max-Age=0; {attributes}"] if is_secure else []
    assert sorted(signed_out.cookies) == sorted([f"{name}_session=; Max-Age=0; {attributes}", *former])


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


async def test_a_cookie_is_exchanged_for_a_pair_and_a_new_cookie(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    cookie = session_cookie(signed_in)
    before = await auth.member(member.email, signed_in.data["tokens"])
    clock.advance(days=20)

    renewed = await auth.send("POST", REFRESH, headers=with_cookie(cookie))

    successor = session_cookie(renewed)
    assert successor != cookie
    after = await auth.member(member.email, renewed.data)
    assert after.principal == before.principal
    clock.advance(days=20)
    assert (await introspect(auth, clock, "session_cookie", successor))["refusal"] is None
    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] == "AUTH_INVALID_TOKEN"
    assert (await auth.refresh(after.refresh_token)).status == 200


async def test_requests_under_way_with_the_replaced_cookie_still_arrive(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    cookie = session_cookie(await auth.login(member.email, cookie=True))
    await auth.send("POST", REFRESH, headers=with_cookie(cookie))

    clock.advance(seconds=9)
    in_time = await introspect(auth, clock, "session_cookie", cookie)
    clock.advance(seconds=1)
    too_late = await introspect(auth, clock, "session_cookie", cookie)

    assert (in_time["refusal"], too_late["refusal"]) == (None, "AUTH_INVALID_TOKEN")


async def test_a_cookie_that_was_replaced_long_ago_ends_the_session(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    stolen = session_cookie(await auth.login(member.email, cookie=True))
    successor = session_cookie(await auth.send("POST", REFRESH, headers=with_cookie(stolen)))

    clock.advance(seconds=10)
    reused = await auth.send("POST", REFRESH, headers=with_cookie(stolen))

    assert (reused.status, reused.code) == (401, "AUTH_REFRESH_REUSED")
    assert (await introspect(auth, clock, "session_cookie", successor))["refusal"] == "AUTH_SESSION_REVOKED"
    await mail.letter_to(member.email, "ended a session")


async def test_of_two_that_replaced_each_other_at_once_the_older_is_a_copy(auth: AuthClient) -> None:
    member = await auth.register()
    first = session_cookie(await auth.login(member.email, cookie=True))
    second = session_cookie(await auth.send("POST", REFRESH, headers=with_cookie(first)))
    await auth.send("POST", REFRESH, headers=with_cookie(second))

    assert (await auth.send("POST", REFRESH, headers=with_cookie(first))).code == "AUTH_REFRESH_REUSED"


async def test_a_cookie_is_good_as_long_as_its_browser_keeps_it(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    cookie = session_cookie(signed_in)
    clock.advance(days=20)
    assert (await auth.refresh(signed_in.data["tokens"]["refresh_token"])).status == 200
    clock.advance(days=10)

    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] == "AUTH_TOKEN_EXPIRED"
    assert (await auth.send("POST", REFRESH, headers=with_cookie(cookie))).code == "AUTH_REFRESH_INVALID"


async def test_a_cookie_of_before_its_time_was_kept_counts_from_the_last_refresh(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member = await auth.register()
    cookie = session_cookie(await auth.login(member.email, cookie=True))
    clock.advance(days=20)
    cookie = session_cookie(await auth.send("POST", REFRESH, {}, headers=with_cookie(cookie)))
    async with database.system_work() as work:
        await work.execute("update sessions set cookie_set_at = null")
    clock.advance(days=20)

    known = await introspect(auth, clock, "session_cookie", cookie)
    refreshed = await auth.send("POST", REFRESH, {}, headers=with_cookie(cookie))

    assert known["principal"] is not None
    assert refreshed.status == 200


async def test_over_tls_the_protected_cookie_counts_and_a_planted_one_does_not(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, public_web_url="https://app.example.com") as auth:
        ada, mallory = await auth.register(), await auth.register()
        own = session_cookie(await auth.login(ada.email, cookie=True))
        planted = session_cookie(await auth.login(mallory.email, cookie=True))

        alone = await auth.send("POST", REFRESH, headers=with_cookie(planted))
        in_a_value = await auth.send("POST", REFRESH, headers=with_cookie(f"1,{PROTECTED}={planted}", "x"))
        beside = {"Cookie": f"tessera_session={planted}; {PROTECTED}={own}; tessera_session={planted}"}
        both = await auth.send("POST", REFRESH, headers=beside)

        assert [alone.status, in_a_value.status] == [422, 422]  # as without a cookie
        assert (await auth.member(ada.email, both.data)).principal.user_id == ada.principal.user_id
        assert both.cookies[0].startswith(f"{PROTECTED}=tsh_")


async def test_a_cookie_of_before_is_replaced_by_a_protected_one(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database) as before:
        member = await before.register()
        cookie = session_cookie(await before.login(member.email, cookie=True))
    async with run_auth(database, public_web_url="https://app.example.com") as auth:
        known = await introspect(auth, clock, "session_cookie", cookie)
        answers = [await auth.send("POST", REFRESH, headers=with_cookie(cookie)) for _ in range(2)]
        (successor,) = {session_cookie(answer) for answer in answers}
        refreshed = await auth.send("POST", REFRESH, headers=with_cookie(successor, PROTECTED))

    assert known["refusal"] is None
    assert successor.startswith("tsh_")
    assert refreshed.status == 200


async def test_tabs_that_refresh_at_once_get_the_same_pair(
    run_auth: RunAuth, databases: list[Database], clock: SettableClock
) -> None:
    async with run_auth(databases[0]) as one, run_auth(databases[1]) as other:
        member = await one.register()
        cookie = session_cookie(await one.login(member.email, cookie=True))

        answers = await asyncio.gather(
            *(auth.send("POST", REFRESH, {}, headers=with_cookie(cookie)) for auth in (one, other) * 10)
        )
        clock.advance(seconds=9)
        answers.append(await one.send("POST", REFRESH, headers=with_cookie(cookie)))
        tokens = {answer.data["refresh_token"] for answer in answers}
        (successor,) = {session_cookie(answer) for answer in answers}
        clock.advance(seconds=2)
        later = (await one.send("POST", REFRESH, headers=with_cookie(successor))).data["refresh_token"]

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
    cookie = session_cookie(await auth.send("POST", REFRESH, headers=with_cookie(cookie)))

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


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/v1/users/me", {"password": PASSWORD}),
        ("PUT", "/api/v1/users/me/password", {"current_password": PASSWORD, "new_password": "another long passphrase"}),
    ],
)
async def test_what_ends_all_sessions_clears_the_cookie(
    auth: AuthClient, method: str, path: str, body: dict[str, str]
) -> None:
    member = await auth.register()

    answer = await auth.send(method, path, body, who=member.principal)

    assert (answer.status, answer.body) == (204, b"")
    assert any("tessera_session=;" in line and "Max-Age=0" in line for line in answer.cookies)
