"""Tickets for live connections: good once, soon, and as whoever asked for them."""

import asyncio

import msgspec
import pytest
from auth_client import AuthClient, RunAuth
from auth_credentials import introspect, make_key
from auth_fakes import SettableClock

from auth_service.retention import TICKETS
from shared.db.databases import Database
from shared.principal import Principal

ADDRESS = "/api/v1/realtime/ticket"
INVALID = {"principal": None, "expires_at": None, "refusal": "AUTH_INVALID_TOKEN"}


async def issue(auth: AuthClient, who: Principal) -> str:
    answer = await auth.send("POST", ADDRESS, who=who)
    assert answer.status == 201, answer
    return str(answer.data["ticket"])


async def use(auth: AuthClient, clock: SettableClock, ticket: str) -> dict[str, object]:
    return await introspect(auth, clock, "live_ticket", ticket)


async def test_a_ticket_is_whoever_asked_for_it_once(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal

    ticket = await issue(auth, owner)

    answer = await use(auth, clock, ticket)
    assert msgspec.convert(answer["principal"], Principal) == owner
    assert answer["expires_at"] == int(clock.now().timestamp()) + 2_592_000  # with its session
    assert await use(auth, clock, ticket) == INVALID


async def test_a_ticket_says_when_it_ends_and_then_it_does(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    answer = await auth.send("POST", ADDRESS, who=owner)
    in_time, late = answer.data["ticket"], await issue(auth, owner)
    assert set(answer.data) == {"ticket", "expires_at"}
    assert msgspec.convert(answer.data["expires_at"], type(clock.now())).timestamp() == clock.now().timestamp() + 30

    clock.advance(seconds=29)
    assert (await use(auth, clock, in_time))["refusal"] is None
    clock.advance(seconds=1)

    assert await use(auth, clock, late) == INVALID


async def test_of_many_parallel_uses_one_wins(
    run_auth: RunAuth, databases: list[Database], clock: SettableClock
) -> None:
    async with run_auth(databases[0]) as one, run_auth(databases[1]) as other:
        owner = (await one.register()).principal
        for _ in range(5):
            ticket = await issue(one, owner)

            answers = await asyncio.gather(*(use(auth, clock, ticket) for auth in (one, other) * 25))

            assert sorted(str(answer["refusal"]) for answer in answers) == ["AUTH_INVALID_TOKEN"] * 49 + ["None"]


async def test_a_key_gets_a_ticket_of_its_own_scopes(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    made = await make_key(auth, owner, scopes=["tasks:read"], expires_at="2999-01-01T00:00:00Z")
    key = msgspec.convert((await introspect(auth, clock, "api_key", made["key"]))["principal"], Principal)

    answer = await use(auth, clock, await issue(auth, key))

    assert msgspec.convert(answer["principal"], Principal) == key
    assert key.scopes == ("tasks:read",)
    assert answer["expires_at"] == 32472144000


async def test_a_ticket_follows_role_and_tier(auth: AuthClient, clock: SettableClock, database: Database) -> None:
    ticket = await issue(auth, (await auth.register()).principal)
    async with database.system_work() as work:
        await work.execute("update memberships set role = 'viewer'")
        await work.execute("update tenants set tier = 'pro'")

    principal = msgspec.convert((await use(auth, clock, ticket))["principal"], Principal)

    assert (principal.role, principal.tier) == ("viewer", "pro")


async def test_the_ticket_of_an_ended_session_says_so(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    ticket = await issue(auth, owner)

    await auth.send("POST", "/api/v1/auth/logout", who=owner)

    assert (await use(auth, clock, ticket))["refusal"] == "AUTH_SESSION_REVOKED"


async def test_the_ticket_of_a_revoked_key_is_worth_nothing(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    made = await make_key(auth, owner)
    key = msgspec.convert((await introspect(auth, clock, "api_key", made["key"]))["principal"], Principal)
    ticket = await issue(auth, key)

    await auth.send("DELETE", f"/api/v1/api-keys/{made['id']}", who=owner)

    assert await use(auth, clock, ticket) == INVALID


@pytest.mark.parametrize(
    "change",
    ["update users set is_active = false", "update memberships set is_active = false", "delete from memberships"],
)
async def test_whoever_may_not_sign_in_has_no_good_ticket(
    auth: AuthClient, clock: SettableClock, database: Database, change: str
) -> None:
    ticket = await issue(auth, (await auth.register()).principal)
    async with database.system_work() as work:
        await work.execute(change)

    assert await use(auth, clock, ticket) == INVALID


async def test_a_ticket_is_nothing_else_and_nothing_else_is_a_ticket(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    key, ticket = (await make_key(auth, owner))["key"], await issue(auth, owner)

    assert await use(auth, clock, key) == INVALID
    for kind in ("api_key", "session_cookie"):
        assert await introspect(auth, clock, kind, ticket) == INVALID
    assert (await auth.refresh(ticket)).code == "AUTH_REFRESH_INVALID"
    for made_up in ("", "x", "tst_", "tst_" + "A" * 86, "\u0000", "\ud800", ticket[:-1] + "é"):
        if made_up.isprintable():
            assert await use(auth, clock, made_up) == INVALID
    assert (await use(auth, clock, ticket))["refusal"] is None


async def test_no_copy_of_the_database_holds_a_ticket_and_unused_ones_go(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    owner = (await auth.register()).principal
    tickets = [await issue(auth, owner) for _ in range(3)]
    clock.advance(seconds=31)
    tickets.append(await issue(auth, owner))

    stored = await database.system_rows("select t::text as text from live_tickets t")
    async with database.system_work() as work:
        gone = (await TICKETS.begin()(work, clock.now())).deleted

    assert len(stored) == 4
    assert not [ticket for ticket in tickets if ticket in str(stored)]
    assert gone == 3
    assert (await use(auth, clock, tickets[3]))["refusal"] is None


async def test_nobody_is_given_a_ticket_without_signing_in(auth: AuthClient) -> None:
    assert (await auth.send("POST", ADDRESS)).code == "AUTH_REQUIRED"
