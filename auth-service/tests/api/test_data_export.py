"""Everything held about oneself, as one document."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from auth_authenticator import set_up_mfa
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock

from auth_service.tenants.repository import add_membership, remove_membership
from shared.db.databases import Database
from shared.errors import Unavailable
from shared.events.questions import HeldAbout, HeldPage
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Responder
from shared.principal import Principal, Role

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
EXPORT = "/api/v1/users/me/export"


class Holder:
    """Another service, which holds so many numbered rows about everybody: two to a page, and a section without any."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.asked: list[HeldAbout] = []
        self.is_away = False

    async def hear(self, asked: HeldAbout) -> HeldPage:
        if self.is_away:
            raise Unavailable
        self.asked.append(asked)
        if asked.after == "empty":
            return HeldPage("empty", [], None)
        first = int(asked.after or 0)
        page = range(first, min(first + 2, self.rows))
        rows = [msgspec.Raw(b'{"number":%d}' % number) for number in page]
        return HeldPage("rows", rows, str(page[-1] + 1) if page else "empty")


@pytest.fixture(autouse=True)
async def holders(bus: MemoryBus) -> dict[str, Holder]:
    found = {"conversation": Holder(5), "project": Holder(0)}
    for service, holder in found.items():
        responder = Responder(bus, service)
        responder.on(HeldAbout, holder.hear)
        await responder.start()
    return found


async def test_an_export_is_accepted_watched_and_downloaded(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    accepted = await auth.send("POST", EXPORT, who=who)
    watched = await auth.send("GET", accepted.headers["location"], who=who)
    content = await auth.send("GET", watched.data["job"]["url"], who=who)

    job = accepted.data["job"]
    assert accepted.status == 202
    assert accepted.headers["location"] == f"{EXPORT}/{job['id']}"
    assert watched.data == accepted.data
    assert job["status"] == "ready"
    assert content.headers["content-disposition"].startswith("attachment")
    assert content.headers["cache-control"] == "private, no-store"
    assert content.json["document"] == "tessera-account-export"


async def test_the_document_holds_what_is_held(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register(email="ada@example.com", tenant_name="Engines")
    who = member.principal
    await auth.send("PUT", "/api/v1/settings/editor/theme", {"value": "dark"}, who=who)
    await auth.send("PATCH", "/api/v1/users/me", {"preferences": {"a": 1}}, who=who)
    await set_up_mfa(auth, who, clock)

    document = await exported(auth, who)

    [account], [membership], [session] = document["account"], document["memberships"], document["sessions"]
    [setting], [factor] = document["settings"], document["second_factor"]
    assert (account["email"], account["preferences"]) == ("ada@example.com", {"a": 1})
    assert (membership["tenant_name"], membership["role"]) == ("Engines", "owner")
    assert (session["id"], session["address"]) == (str(who.session_id), "127.0.0.1")
    assert (setting["category"], setting["key"], setting["value"]) == ("editor", "theme", "dark")
    assert factor["recovery_codes_left"] == 10


async def test_what_other_services_hold_is_in_it_by_tenant(auth: AuthClient, holders: dict[str, Holder]) -> None:
    member = await auth.register()
    other = (await auth.send("POST", "/api/v1/tenants", {"name": "Other"}, who=member.principal)).data

    document = await exported(auth, member.principal)

    held = {
        "conversation": {"rows": [{"number": number} for number in range(5)], "empty": []},
        "project": {"rows": [], "empty": []},
    }
    tenant_ids = sorted([str(member.tenant_id), other["id"]])
    assert document["tenants"] == [{"tenant_id": tenant_id, **held} for tenant_id in tenant_ids]
    assert {asked.user_id for holder in holders.values() for asked in holder.asked} == {member.principal.user_id}


async def test_what_is_held_where_somebody_was_a_member_before_is_in_it(
    auth: AuthClient, holders: dict[str, Holder], database: Database
) -> None:
    member, host = await auth.register(), await auth.register()
    async with database.system_work() as work:
        await add_membership(work, host.tenant_id, member.principal.user_id, Role.VIEWER, NOW)
        await remove_membership(work, host.tenant_id, member.principal.user_id, NOW)

    document = await exported(auth, member.principal)

    assert document["former_memberships"] == [{"tenant_id": str(host.tenant_id), "left_at": "2026-11-30T12:00:00Z"}]
    assert str(host.tenant_id) in [each["tenant_id"] for each in document["tenants"]]


async def test_a_service_that_is_away_is_no_document(auth: AuthClient, holders: dict[str, Holder]) -> None:
    who = (await auth.register()).principal
    job = (await auth.send("POST", EXPORT, who=who)).data["job"]

    holders["conversation"].is_away = True
    answer = await auth.send("GET", job["url"], who=who)

    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")


async def test_nothing_in_it_lets_anybody_in_or_is_about_others(auth: AuthClient, clock: SettableClock) -> None:
    member, stranger = await auth.register(), await auth.register()
    await set_up_mfa(auth, member.principal, clock)

    text = str(await exported(auth, member.principal))

    assert stranger.email not in text
    assert not any(word in text for word in ("argon2", "digest", "sealed", "secret", "password_hash"))


async def test_it_is_for_its_owner_alone(auth: AuthClient) -> None:
    owner, stranger = (await auth.register()).principal, (await auth.register()).principal
    job = (await auth.send("POST", EXPORT, who=owner)).data["job"]

    foreign = [await auth.send("GET", path, who=stranger) for path in (f"{EXPORT}/{job['id']}", job["url"])]
    absent = [await auth.send("GET", f"{EXPORT}/{new_id()}{end}", who=stranger) for end in ("", "/content")]
    nonsense = await auth.send("GET", f"{EXPORT}/nonsense", who=stranger)

    assert {(answer.status, answer.code) for answer in (*foreign, *absent, nonsense)} == {(404, "EXPORT_NOT_FOUND")}


async def test_it_is_kept_for_a_day_and_replaced_by_the_next(auth: AuthClient, clock: SettableClock) -> None:
    who = (await auth.register()).principal
    first, second = [(await auth.send("POST", EXPORT, who=who)).data["job"] for _ in range(2)]

    replaced = await auth.send("GET", first["url"], who=who)
    clock.advance(hours=23)
    kept = await auth.send("GET", second["url"], who=who)
    clock.advance(hours=1)
    expired = await auth.send("GET", second["url"], who=who)

    assert (replaced.status, kept.status, expired.status) == (404, 200, 404)


async def test_every_replica_has_it(auth: AuthClient, run_auth: RunAuth, databases: list[Database]) -> None:
    who = (await auth.register()).principal
    job = (await auth.send("POST", EXPORT, who=who)).data["job"]

    async with run_auth(databases[1]) as other:
        assert (await other.send("GET", job["url"], who=who)).status == 200


async def test_a_repeated_request_with_its_key_makes_one(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    first, second = [await auth.send("POST", EXPORT, who=who, headers={"Idempotency-Key": "once"}) for _ in range(2)]

    assert first.body == second.body
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]


async def test_the_document_rests_sealed(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    await auth.send("POST", EXPORT, who=member.principal)

    [row] = await database.system_rows("select sealed_document from data_exports")

    assert member.email.encode() not in row["sealed_document"]


async def test_five_a_day_are_enough(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        who = (await auth.register()).principal

        answers = [await auth.send("POST", EXPORT, who=who) for _ in range(6)]

    assert [answer.status for answer in answers] == [202] * 5 + [429]


@pytest.mark.parametrize("row", [("POST", EXPORT), ("GET", f"{EXPORT}/x"), ("GET", f"{EXPORT}/x/content")])
async def test_it_is_for_whoever_is_signed_in(auth: AuthClient, row: tuple[str, str]) -> None:
    assert (await auth.send(*row)).code == "AUTH_REQUIRED"


async def exported(auth: AuthClient, who: Principal) -> Any:
    job = (await auth.send("POST", EXPORT, who=who)).data["job"]
    return (await auth.send("GET", job["url"], who=who)).json
