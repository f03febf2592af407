"""From an app to the web: a link that signs a browser in, once and soon."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from auth_client import Answer, AuthClient, RunAuth
from auth_credentials import introspect, session_cookie
from auth_fakes import SettableClock
from lock_queue import until_somebody_waits

from shared.db.databases import Database
from shared.principal import Principal
from shared.scopes import SCOPES

EXCHANGE = "/api/v1/auth/session-exchange"


async def token_of(auth: AuthClient, who: Principal) -> str:
    answer = await auth.send("POST", "/api/v1/auth/session-token", who=who)
    assert answer.status == 200, answer
    (token,) = parse_qs(urlsplit(answer.data["url"]).query)["token"]
    return token


async def exchange(auth: AuthClient, token: str) -> Answer:
    return await auth.send("POST", EXCHANGE, {"token": token}, headers={"User-Agent": "Browser/1"})


async def test_a_link_leads_to_the_web_app_and_ends_soon(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, public_web_url="https://app.example.com/") as auth:
        member = await auth.register()

        link = (await auth.send("POST", "/api/v1/auth/session-token", who=member.principal)).data

    assert link["url"].startswith("https://app.example.com/auth/session?token=tso_")
    assert msgspec.convert(link["expires_at"], type(clock.now())).timestamp() == clock.now().timestamp() + 90


async def test_the_token_becomes_a_session_of_its_own(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    answer = await exchange(auth, await token_of(auth, member.principal))

    assert answer.status == 200
    assert answer.data["status"] == "success"
    assert answer.data["user"] == (await auth.send("GET", "/api/v1/users/me", who=member.principal)).data
    assert set(answer.data) == {"status", "user"}
    principal = (await introspect(auth, clock, "session_cookie", session_cookie(answer)))["principal"]
    assert principal["user_id"] == str(member.principal.user_id)
    assert principal["tenant_id"] == str(member.tenant_id)
    assert principal["session_id"] != str(member.principal.session_id)


async def test_a_session_that_is_ending_signs_no_browser_in(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    token = await token_of(auth, member.principal)

    async with database.system_work() as work:
        await work.execute("update sessions set revoked_at = now() where id = $1", member.principal.session_id)
        exchanging = asyncio.create_task(exchange(auth, token))
        await until_somebody_waits(database)

    assert (await exchanging).code == "SESSION_TOKEN_EXPIRED"


async def test_of_many_parallel_uses_one_wins(run_auth: RunAuth, databases: list[Database]) -> None:
    async with run_auth(databases[0]) as one, run_auth(databases[1]) as other:
        member = await one.register()
        for _ in range(5):
            token = await token_of(one, member.principal)

            answers = await asyncio.gather(*(exchange(auth, token) for auth in (one, other) * 25))

            assert sorted(answer.status for answer in answers) == [200] + [410] * 49
            assert {answer.code for answer in answers if answer.status == 410} == {"SESSION_TOKEN_EXPIRED"}
            assert sum(bool(answer.cookies) for answer in answers) == 1
    opened = await databases[0].system_rows("select count(*) from sessions where cookie_digest is not null")
    assert opened == [{"count": 5}]


async def test_a_late_token_is_expired(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    early, late = await token_of(auth, member.principal), await token_of(auth, member.principal)

    clock.advance(seconds=89)
    assert (await exchange(auth, early)).status == 200
    clock.advance(seconds=1)
    answer = await exchange(auth, late)

    assert (answer.status, answer.code, answer.cookies) == (410, "SESSION_TOKEN_EXPIRED", ())


@pytest.mark.parametrize("token", ["x", "tso_", "tso_" + "A" * 86, "tsk_" + "A" * 70, "\u00e9"])
async def test_a_made_up_token_is_answered_like_a_used_one(auth: AuthClient, token: str) -> None:
    answer = await exchange(auth, token)

    assert (answer.status, answer.code) == (410, "SESSION_TOKEN_EXPIRED")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"token": "required"}),
        ({"token": ""}, {"token": "too_short"}),
        ({"token": None}, {"token": "wrong_type"}),
        ({"token": "x" * 1025}, {"token": "too_long"}),
        *(({"token": "x", name: "x"}, {name: "unknown"}) for name in ("tenant_id", "user_id", "role", "cookie")),
    ],
)
async def test_a_wrong_field_is_named(auth: AuthClient, body: dict[str, object], wrong: dict[str, str]) -> None:
    answer = await auth.send("POST", EXCHANGE, body)

    assert (answer.status, answer.wrong_fields) == (422, wrong)


async def test_without_a_session_there_is_no_link(auth: AuthClient) -> None:
    key = msgspec.structs.replace((await auth.register()).principal, scopes=SCOPES)

    assert (await auth.send("POST", "/api/v1/auth/session-token")).code == "AUTH_REQUIRED"
    assert (await auth.send("POST", "/api/v1/auth/session-token", who=key)).code == "AUTH_FORBIDDEN"


@pytest.mark.parametrize(
    "change",
    [
        "update users set is_active = false",
        "update memberships set is_active = false",
        "delete from memberships",
        "update sessions set revoked_at = now()",
        "delete from sessions",
    ],
)
async def test_whoever_is_out_by_now_does_not_come_back_by_link(
    auth: AuthClient, database: Database, change: str
) -> None:
    token = await token_of(auth, (await auth.register()).principal)
    async with database.system_work() as work:
        await work.execute(change)

    assert (await exchange(auth, token)).code == "SESSION_TOKEN_EXPIRED"


async def test_two_tenants_links_stay_apart(auth: AuthClient) -> None:
    ada, mallory = await auth.register(), await auth.register()

    answers = [await exchange(auth, await token_of(auth, one.principal)) for one in (ada, mallory)]

    assert [answer.data["user"]["tenant_id"] for answer in answers] == [str(ada.tenant_id), str(mallory.tenant_id)]


async def test_no_copy_of_the_database_holds_a_token_and_old_ones_are_swept_up(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = (await auth.register()).principal
    for _ in range(3):
        token = await token_of(auth, owner)
        clock.advance(seconds=91)
    token = await token_of(auth, owner)

    stored = await database.system_rows("select t::text as text from session_tokens t")

    assert len(stored) == 1
    assert token not in stored[0]["text"]
