"""One's own devices: where one is signed in, and signing out elsewhere."""

import asyncio

import pytest
from auth_builders import Member
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock

from shared.db.databases import Database
from shared.events.auth import SessionRevoked
from shared.ids import new_id
from shared.messaging.bus import Binding
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually

SESSIONS = "/api/v1/auth/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_every_sign_in_is_a_device_with_a_name(auth: AuthClient) -> None:
    member = await auth.register()
    phone = await sign_in(auth, member, {"User-Agent": FIREFOX, "X-Forwarded-For": "192.0.2.7"})

    answer = await auth.send("GET", SESSIONS, who=phone.principal)

    newest, oldest = answer.json["items"]
    assert answer.json["total"] == 2
    assert (newest["id"], newest["current"]) == (str(phone.principal.session_id), True)
    assert (newest["device"], newest["ip"], newest["user_agent"]) == ("Firefox on Linux", "192.0.2.7", FIREFOX)
    assert (oldest["id"], oldest["current"]) == (str(member.principal.session_id), False)
    assert set(newest) == {
        "id", "tenant_id", "device", "ip", "user_agent", "created_at", "last_seen_at", "expires_at", "current",
    }  # fmt: skip


async def test_a_device_was_last_seen_when_it_refreshed(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    clock.advance(hours=2)
    await auth.refresh(member.refresh_token)

    [device] = (await auth.send("GET", SESSIONS, who=member.principal)).json["items"]

    assert device["last_seen_at"] > device["created_at"]


async def test_the_list_has_pages_and_cursors(auth: AuthClient) -> None:
    member = await auth.register()
    for _ in range(4):
        await auth.login(member.email)

    first = (await auth.send("GET", SESSIONS + "?page_size=2", who=member.principal)).json
    second = (
        await auth.send("GET", f"{SESSIONS}?page_size=2&cursor={first['next_cursor']}", who=member.principal)
    ).json
    last = (await auth.send("GET", SESSIONS + "?page_size=2&page=3&include_total=false", who=member.principal)).json

    seen = [device["id"] for page in (first, second, last) for device in page["items"]]
    assert len(set(seen)) == 5
    assert (first["total"], last["total"], last["next_cursor"]) == (5, None, None)


@pytest.mark.parametrize("query", ["page_size=0", "page_size=101", "cursor=nonsense", "user_id=x"])
async def test_a_wrong_query_is_refused(auth: AuthClient, query: str) -> None:
    member = await auth.register()

    assert (await auth.send("GET", f"{SESSIONS}?{query}", who=member.principal)).status == 422


async def test_a_device_that_is_signed_out_cannot_refresh_and_is_told_to_everybody(
    auth: AuthClient, bus: MemoryBus
) -> None:
    heard: list[bytes] = []
    await bus.tap("test", (Binding("auth", SessionRevoked.type),), heard.append, lambda: None)
    member = await auth.register()
    phone = await sign_in(auth, member)

    answer = await end(auth, member, phone.principal.session_id)

    assert (answer.status, answer.body) == (204, b"")
    assert (await auth.refresh(phone.refresh_token)).code == "AUTH_REFRESH_INVALID"
    assert (await auth.refresh(member.refresh_token)).status == 200
    await eventually(lambda: len(heard) == 1)
    assert str(phone.principal.session_id).encode() in heard[0]


async def test_all_others_are_signed_out_at_once(auth: AuthClient) -> None:
    member = await auth.register()
    others = [await sign_in(auth, member) for _ in range(3)]

    answer = await auth.send("DELETE", SESSIONS, who=member.principal)

    assert answer.status == 204
    assert {(await auth.refresh(other.refresh_token)).code for other in others} == {"AUTH_REFRESH_INVALID"}
    [left] = (await auth.send("GET", SESSIONS, who=member.principal)).json["items"]
    assert left["current"]


async def test_one_may_sign_out_where_one_is(auth: AuthClient) -> None:
    member = await auth.register()

    assert (await end(auth, member, member.principal.session_id)).status == 204
    assert (await auth.refresh(member.refresh_token)).code == "AUTH_REFRESH_INVALID"


async def test_the_devices_of_others_are_neither_seen_nor_ended(auth: AuthClient) -> None:
    member, stranger = await auth.register(), await auth.register()

    foreign = await end(auth, member, stranger.principal.session_id)
    absent = await end(auth, member, new_id())
    no_id = await auth.send("DELETE", SESSIONS + "/nonsense", who=member.principal)
    await auth.send("DELETE", SESSIONS, who=member.principal)

    codes = {(answer.status, answer.code) for answer in (foreign, absent, no_id)}
    assert codes == {(404, "SESSION_NOT_FOUND")}
    assert {len(foreign.body), len(absent.body)} == {len(foreign.body)}
    assert (await auth.refresh(stranger.refresh_token)).status == 200
    assert len((await auth.send("GET", SESSIONS, who=member.principal)).json["items"]) == 1


async def test_a_person_sees_their_devices_in_all_of_their_tenants(auth: AuthClient, database: Database) -> None:
    member, host = await auth.register(), await auth.register()
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'viewer', now(), now())",
            host.tenant_id, member.principal.user_id,
        )  # fmt: skip
    elsewhere = await auth.login(member.email, tenant_id=str(host.tenant_id))

    devices = (await auth.send("GET", SESSIONS, who=member.principal)).json["items"]
    await auth.send("DELETE", SESSIONS, who=member.principal)

    assert {device["tenant_id"] for device in devices} == {str(member.tenant_id), str(host.tenant_id)}
    assert (await auth.refresh(elsewhere.data["tokens"]["refresh_token"])).code == "AUTH_REFRESH_INVALID"


async def test_a_device_is_ended_once(auth: AuthClient) -> None:
    member = await auth.register()
    phone = await sign_in(auth, member)

    answers = await asyncio.gather(*(end(auth, member, phone.principal.session_id) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [204] + [404] * 7


async def test_no_refresh_that_ends_after_the_204_gives_a_token(auth: AuthClient) -> None:
    member = await auth.register()
    for _ in range(10):
        phone = await sign_in(auth, member)
        refresh = asyncio.create_task(auth.refresh(phone.refresh_token))
        ended = await end(auth, member, phone.principal.session_id)
        raced = await refresh

        assert ended.status == 204
        if raced.status == 200:
            assert (await auth.refresh(raced.data["refresh_token"])).code == "AUTH_REFRESH_INVALID"


@pytest.mark.parametrize("row", [("GET", SESSIONS), ("DELETE", SESSIONS), ("DELETE", f"{SESSIONS}/{new_id()}")])
async def test_devices_are_shown_to_whoever_is_signed_in(auth: AuthClient, row: tuple[str, str]) -> None:
    assert (await auth.send(*row)).code == "AUTH_REQUIRED"


async def sign_in(auth: AuthClient, member: Member, headers: dict[str, str] | None = None) -> Member:
    body = {"email": member.email, "password": "a good long passphrase"}
    answer = await auth.send("POST", "/api/v1/auth/login", body, headers=headers)
    return await auth.member(member.email, answer.data["tokens"])


async def end(auth: AuthClient, who: Member, session_id: object) -> Answer:
    return await auth.send("DELETE", f"{SESSIONS}/{session_id}", who=who.principal)
