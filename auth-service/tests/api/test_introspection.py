"""Whose an opaque credential is: the gateway asks, and only the gateway."""

from typing import Any
from uuid import UUID

import pytest
from auth_builders import INTERNAL_SECRET
from auth_client import AuthClient
from auth_credentials import introspect, make_key, session_cookie
from auth_fakes import SettableClock

from auth_service.api_keys.domain import key_tokens
from shared.db.databases import Database
from shared.identity import HEADER, mint_identity, mint_service_identity

ADDRESS = "/internal/introspect"
INVALID = {"principal": None, "expires_at": None, "refusal": "AUTH_INVALID_TOKEN"}


async def test_a_key_is_its_owner_with_less_power(auth: AuthClient, clock: SettableClock, database: Database) -> None:
    owner = (await auth.register()).principal
    async with database.system_work() as work:
        await work.execute("update users set is_platform_admin = true")
    made = await make_key(auth, owner, scopes=["tasks:read", "*:write"], expires_at="2999-01-01T00:00:00Z")

    answer = await introspect(auth, clock, "api_key", made["key"])

    assert answer["refusal"] is None
    assert answer["expires_at"] == 32472144000
    assert answer["principal"] == {
        "user_id": str(owner.user_id),
        "tenant_id": str(owner.tenant_id),
        "session_id": made["id"],
        "role": "owner",
        "tier": "free",
        "is_platform_admin": False,
        "scopes": ["tasks:read", "*:write"],
    }


async def test_a_session_cookie_is_the_person(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    session = (await auth.member(member.email, signed_in.data["tokens"])).principal.session_id

    answer = await introspect(auth, clock, "session_cookie", session_cookie(signed_in))

    assert answer["principal"]["session_id"] == str(session)
    assert answer["principal"]["scopes"] is None
    assert answer["expires_at"] == int(clock.now().timestamp()) + 2_592_000


async def test_a_key_follows_its_owners_role_and_tier(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    made = await make_key(auth, (await auth.register()).principal)
    async with database.system_work() as work:
        await work.execute("update memberships set role = 'viewer'")
        await work.execute("update tenants set tier = 'pro'")

    principal = (await introspect(auth, clock, "api_key", made["key"]))["principal"]

    assert (principal["role"], principal["tier"]) == ("viewer", "pro")


@pytest.mark.parametrize(
    "changes",
    [
        ["update users set is_active = false"],
        ["update memberships set is_active = false"],
        ["delete from memberships"],
        ["delete from sessions", "delete from api_keys"],
    ],
)
async def test_whoever_may_not_sign_in_has_no_good_credential(
    auth: AuthClient, clock: SettableClock, database: Database, changes: list[str]
) -> None:
    member = await auth.register()
    made = await make_key(auth, member.principal)
    cookie = session_cookie(await auth.login(member.email, cookie=True))
    async with database.system_work() as work:
        for change in changes:
            await work.execute(change)

    assert await introspect(auth, clock, "api_key", made["key"]) == INVALID
    assert await introspect(auth, clock, "session_cookie", cookie) == INVALID


async def test_what_is_over_says_so(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    ends = clock.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    clock.advance(seconds=-60)
    made = await make_key(auth, member.principal, expires_at=ends)
    cookie = session_cookie(await auth.login(member.email, cookie=True))
    assert (await introspect(auth, clock, "api_key", made["key"]))["refusal"] is None

    clock.advance(seconds=60)
    assert (await introspect(auth, clock, "api_key", made["key"]))["refusal"] == "AUTH_TOKEN_EXPIRED"
    clock.advance(days=31)
    assert (await introspect(auth, clock, "session_cookie", cookie))["refusal"] == "AUTH_TOKEN_EXPIRED"


async def test_the_cookie_of_an_ended_session_says_so(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    who = (await auth.member(member.email, signed_in.data["tokens"])).principal

    await auth.send("POST", "/api/v1/auth/logout", who=who)

    answer = await introspect(auth, clock, "session_cookie", session_cookie(signed_in))
    assert answer["refusal"] == "AUTH_SESSION_REVOKED"


async def test_no_credential_is_taken_for_another(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    signed_in = await auth.login(member.email, cookie=True)
    link = (await auth.send("POST", "/api/v1/auth/session-token", who=member.principal)).data["url"]
    texts = {
        "api_key": (await make_key(auth, member.principal))["key"],
        "session_cookie": session_cookie(signed_in),
        "access": signed_in.data["tokens"]["access_token"],
        "refresh": signed_in.data["tokens"]["refresh_token"],
        "once": link.rpartition("=")[2],
    }

    for kind in ("api_key", "session_cookie"):
        for name, text in texts.items():
            answer = await introspect(auth, clock, kind, text[:256])
            assert (answer == INVALID) == (name != kind), (kind, name)
    for name, text in texts.items():
        if name != "refresh":
            assert (await auth.refresh(text)).code == "AUTH_REFRESH_INVALID", name
        if name != "once":
            exchanged = await auth.send("POST", "/api/v1/auth/session-exchange", {"token": text})
            assert exchanged.code == "SESSION_TOKEN_EXPIRED", name


async def test_a_key_with_another_secret_is_not_the_key(auth: AuthClient, clock: SettableClock) -> None:
    made = await make_key(auth, (await auth.register()).principal)

    assert await introspect(auth, clock, "api_key", key_tokens().new(UUID(made["id"])).text) == INVALID


async def test_a_use_is_noted_at_most_once_a_minute(auth: AuthClient, clock: SettableClock, database: Database) -> None:
    owner = (await auth.register()).principal
    made = await make_key(auth, owner)
    noted = []

    for seconds in (0, 30, 31):
        clock.advance(seconds=seconds)
        await introspect(auth, clock, "api_key", made["key"])
        (row,) = await database.system_rows("select last_used_at, xmin::text as writer from api_keys")
        noted.append(row["writer"])

    assert noted[0] == noted[1] != noted[2]
    assert row["last_used_at"] == clock.now()
    (listed,) = (await auth.send("GET", "/api/v1/api-keys", who=owner)).json["items"]
    assert listed["last_used_at"] is not None


async def test_a_revoked_key_is_in_the_snapshot_of_the_gateway(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    made = await make_key(auth, owner)
    await auth.send("DELETE", f"/api/v1/api-keys/{made['id']}", who=owner)
    identity = mint_service_identity("gateway", "auth", INTERNAL_SECRET, clock.now())

    answer = await auth.send("GET", "/internal/revocations", headers={HEADER: identity})

    assert answer.data["sessions"] == [
        {"session_id": made["id"], "user_id": str(owner.user_id), "revoked_at": int(clock.now().timestamp())}
    ]


async def test_nobody_but_the_gateway_may_ask(auth: AuthClient, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    question: dict[str, Any] = {"kind": "api_key", "credential": (await make_key(auth, owner))["key"]}

    for identity in (
        None,
        mint_service_identity("realtime", "auth", INTERNAL_SECRET, clock.now()),
        mint_service_identity("gateway", "project", INTERNAL_SECRET, clock.now()),
        mint_service_identity("gateway", "auth", "another secret of thirty-two characters", clock.now()),
        mint_identity(owner, "auth", INTERNAL_SECRET, clock.now()),
    ):
        answer = await auth.send("POST", ADDRESS, question, headers={HEADER: identity} if identity else {})
        assert answer.code == "AUTH_REQUIRED"
