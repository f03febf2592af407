"""Seats of a tenant and tenants of an account: exact on every road, however many requests come at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from auth_builders import Member, registration
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer
from members import INVITATIONS, colleague, invite, wanting

from auth_service.invitations.domain import LIFE
from auth_service.invitations.repository import put_invitation
from auth_service.invitations.schemas import CreateInvitation
from auth_service.mail_tokens.domain import new_token
from shared.db.databases import Database, DatabaseConfig
from shared.events.projects import ProjectRole
from shared.events.questions import InvitationRoom, InvitationRoomAnswer
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role, Tier
from shared.quotas import LIMITS, Quota, TierLimitExceeded
from shared.testing.eventually import eventually

USERS, TENANTS, ACCEPT, REGISTER = "/api/v1/users", "/api/v1/tenants", f"{INVITATIONS}/accept", "/api/v1/auth/register"
SEATS = LIMITS[Quota.MEMBERS][Tier.FREE]
OWNED = LIMITS[Quota.TENANTS][Tier.FREE]
AT_ONCE = 50


class TwoReplicas(NamedTuple):
    one: AuthClient
    other: AuthClient

    async def at_once(self, deed: Callable[[AuthClient, int], Awaitable[Answer]]) -> Counter[str]:
        """What 50 parallel requests over both replicas were answered."""
        answers = await asyncio.gather(*(deed(self[number % 2], number) for number in range(AT_ONCE)))
        return Counter(str(answer.status) if answer.status < 300 else answer.code for answer in answers)


@pytest.fixture
def config(config: DatabaseConfig) -> DatabaseConfig:
    """Patient: how long fifty wait for one another is not the subject here."""
    return config._replace(acquire_timeout=60.0, lock_timeout=60.0, statement_timeout=60.0)


@pytest.fixture
async def replicas(run_auth: RunAuth, databases: list[Database], mail: MailServer) -> AsyncIterator[TwoReplicas]:
    async with run_auth(databases[0], smtp_url=mail.url) as one, run_auth(databases[1], smtp_url=mail.url) as other:
        yield TwoReplicas(one, other)


async def set_tier(database: Database, tenant_id: UUID, tier: Tier) -> None:
    async with database.system_work() as work:
        await work.execute("update tenants set tier = $2 where id = $1", tenant_id, tier)


async def put_token(database: Database, inviter: Member, email: str, role: Role, now: datetime) -> str:
    """Of an invitation into one more project, as it would be mailed."""
    token = new_token()
    asked = CreateInvitation(email=email, role=role, project_id=uuid4(), project_role=ProjectRole.VIEWER)
    async with database.system_work() as work:
        await put_invitation(work, inviter.tenant_id, inviter.principal.user_id, asked, token, now, now + LIFE)
    return token.text


def add_user(client: AuthClient, owner: Member, name: str) -> Awaitable[Answer]:
    body = {"email": f"{name}@example.com", "first_name": "New", "last_name": "Person"}
    return client.send("POST", USERS, body, who=owner.principal)


def send_invitation(client: AuthClient, owner: Member, name: str, **more: Any) -> Awaitable[Answer]:
    return client.send("POST", INVITATIONS, {"email": f"{name}@example.com", **more}, who=owner.principal)


def refused(number: int) -> Counter[str]:
    return Counter({"201": AT_ONCE - number, "TIER_LIMIT_EXCEEDED": number})


async def test_of_fifty_invitations_at_once_as_many_are_sent_as_there_are_seats(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()

    answers = await replicas.at_once(lambda client, number: send_invitation(client, owner, f"guest{number}"))
    last = await send_invitation(replicas.one, owner, "last")

    assert answers == refused(AT_ONCE - (SEATS - 1))
    assert last.json["error"]["details"] == {
        "quota": "members", "limit": SEATS, "used": SEATS,
        "resets_at": None, "tier": "free", "required_tier": "pro", "upgrade_url": None,
    }  # fmt: skip


async def test_of_fifty_accounts_made_at_once_as_many_join_as_there_are_seats(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()

    answers = await replicas.at_once(lambda client, number: add_user(client, owner, f"new{number}"))

    assert answers == refused(AT_ONCE - (SEATS - 1))


async def test_invitations_and_accounts_share_the_seats(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()

    answers = await replicas.at_once(
        lambda client, number: (send_invitation if number % 4 < 2 else add_user)(client, owner, f"guest{number}")
    )

    assert answers == refused(AT_ONCE - (SEATS - 1))


async def test_one_address_that_is_invited_fifty_times_holds_one_seat(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()

    answers = await replicas.at_once(lambda client, _number: send_invitation(client, owner, "guest"))
    others = [await send_invitation(replicas.one, owner, f"guest{number}") for number in range(SEATS - 1)]

    assert answers == refused(0)
    assert [answer.status for answer in others] == [201] * (SEATS - 2) + [403]


async def test_whoever_was_invited_sits_down_in_a_full_tenant(replicas: TwoReplicas, mail: MailServer) -> None:
    owner = await replicas.one.register()
    names = [f"guest{number}@example.com" for number in range(SEATS - 1)]
    tokens = [await invite(replicas.one, mail, owner, name) for name in names]

    joined = await asyncio.gather(
        *(
            replicas[number % 2].send("POST", REGISTER, registration(email=name, invitation_token=token))
            for number, (name, token) in enumerate(zip(names, tokens, strict=True))
        )
    )
    one_more = await send_invitation(replicas.one, owner, "last")

    assert {answer.status for answer in joined} == {201}
    assert one_more.code == "TIER_LIMIT_EXCEEDED"


async def test_of_fifty_strangers_with_tokens_of_members_as_many_join_as_there_are_seats(
    replicas: TwoReplicas, database: Database, clock: SettableClock
) -> None:
    """An invitation of somebody who is a member holds no seat, so whoever uses it in their place needs one."""
    owner = await replicas.one.register()
    strangers = await asyncio.gather(*(replicas[number % 2].register() for number in range(AT_ONCE)))
    tokens = [await put_token(database, owner, owner.email, Role.VIEWER, clock.now()) for _ in strangers]

    answers = await replicas.at_once(
        lambda client, number: client.send("POST", ACCEPT, {"token": tokens[number]}, who=strangers[number].principal)
    )

    assert answers == Counter({"200": SEATS - 1, "TIER_LIMIT_EXCEEDED": AT_ONCE - (SEATS - 1)})


async def test_a_downgrade_keeps_out_who_was_invited_before_it(
    replicas: TwoReplicas, mail: MailServer, database: Database
) -> None:
    owner, guest = await replicas.one.register(), await replicas.one.register()
    await set_tier(database, owner.tenant_id, Tier.PRO)
    token = await invite(replicas.one, mail, owner, guest.email)
    for number in range(SEATS):
        await send_invitation(replicas.one, owner, f"guest{number}")

    async def accept() -> Answer:
        return await replicas.one.send("POST", ACCEPT, {"token": token}, who=guest.principal)

    await set_tier(database, owner.tenant_id, Tier.FREE)
    kept_out = await accept()
    await set_tier(database, owner.tenant_id, Tier.PRO)
    let_in = await accept()

    assert (kept_out.status, kept_out.code) == (403, "TIER_LIMIT_EXCEEDED")
    assert let_in.status == 200


async def test_the_tier_is_the_tenants_and_not_what_a_token_says(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()
    boasting = owner._replace(principal=msgspec.structs.replace(owner.principal, tier=Tier.PREMIUM))

    answers = await replicas.at_once(lambda client, number: send_invitation(client, boasting, f"guest{number}"))

    assert answers == refused(AT_ONCE - (SEATS - 1))


async def test_seats_come_free_when_an_invitation_is_withdrawn_or_over_and_when_a_member_goes(
    replicas: TwoReplicas, mail: MailServer, clock: SettableClock
) -> None:
    auth, owner = replicas.one, await replicas.one.register()
    member = await colleague(auth, mail, owner, "viewer")
    invited = [await send_invitation(auth, owner, f"guest{number}") for number in range(SEATS - 2)]
    path = f"{USERS}/{member.principal.user_id}"

    async def next_one() -> int:
        return (await send_invitation(auth, owner, "next")).status

    statuses = [await next_one()]
    await auth.send("PATCH", path, {"is_active": False}, who=owner.principal)
    statuses.append(await next_one())
    await auth.send("DELETE", path, who=owner.principal)
    statuses.append(await next_one())
    await auth.send("DELETE", f"{INVITATIONS}/{invited[0].data['id']}", who=owner.principal)
    statuses.append((await send_invitation(auth, owner, "after")).status)
    statuses.append((await send_invitation(auth, owner, "one-too-many")).status)
    clock.advance(days=8)
    statuses.append((await send_invitation(auth, owner, "later")).status)

    assert statuses == [403, 403, 201, 201, 403, 201]


async def test_who_holds_a_seat_needs_no_other_to_be_invited_again(replicas: TwoReplicas, mail: MailServer) -> None:
    auth, owner = replicas.one, await replicas.one.register()
    member = await colleague(auth, mail, owner, "viewer")
    for number in range(SEATS - 2):
        await send_invitation(auth, owner, f"guest{number}")

    of_member = await auth.send("POST", INVITATIONS, {"email": member.email}, who=owner.principal)
    again = await send_invitation(auth, owner, "guest0")

    assert (of_member.code, again.status) == ("MEMBER_EXISTS", 201)


async def test_projects_ask_whether_there_is_a_seat_and_bring_in_nobody_without_one(
    replicas: TwoReplicas, bus: MemoryBus, database: Database
) -> None:
    owner = await replicas.one.register()
    tenant_id, inviter = owner.tenant_id, owner.principal.user_id
    for number in range(SEATS - 1):
        await send_invitation(replicas.one, owner, f"guest{number}")
    requests = Requests(bus)

    with pytest.raises(TierLimitExceeded) as refusal:
        await requests.ask(InvitationRoom(tenant_id=tenant_id, email="new@example.com"))
    held = await requests.ask(InvitationRoom(tenant_id=tenant_id, email="GUEST0@example.com"))
    await bus.publish([wanting(tenant_id, inviter, f"{name}@example.com") for name in ("new", "guest0")])

    async def is_applied() -> bool:
        rows = await database.system_rows("select from inbox where consumer = 'auth.events'")
        return len(rows) == 2

    await eventually(is_applied)
    invited = await database.system_rows("select email_identity from invitations where project_id is not null")
    assert refusal.value.details["used"] == SEATS
    assert held == InvitationRoomAnswer()
    assert [row["email_identity"] for row in invited] == ["guest0@example.com"]


async def test_of_fifty_tenants_made_at_once_an_account_gets_what_its_tier_includes(replicas: TwoReplicas) -> None:
    owner = await replicas.one.register()

    answers = await replicas.at_once(
        lambda client, number: client.send("POST", TENANTS, {"name": f"T{number}"}, who=owner.principal)
    )
    last = await replicas.one.send("POST", TENANTS, {"name": "Last"}, who=owner.principal)
    listed = await replicas.one.send("GET", TENANTS, who=owner.principal)

    assert answers == refused(AT_ONCE - (OWNED - 1))
    assert listed.json["total"] == OWNED
    details = last.json["error"]["details"]
    assert (details["quota"], details["limit"], details["used"]) == ("tenants", OWNED, OWNED)


async def test_the_best_tier_among_ones_tenants_says_how_many_there_may_be(
    replicas: TwoReplicas, database: Database
) -> None:
    owner = await replicas.one.register()
    await set_tier(database, owner.tenant_id, Tier.PRO)

    answers = await replicas.at_once(
        lambda client, number: client.send("POST", TENANTS, {"name": f"T{number}"}, who=owner.principal)
    )

    assert answers == refused(AT_ONCE - (LIMITS[Quota.TENANTS][Tier.PRO] - 1))


async def test_nobody_accepts_to_own_more_tenants_than_their_account_may_have(
    replicas: TwoReplicas, database: Database, clock: SettableClock
) -> None:
    auth, puppet = replicas.one, await replicas.one.register()
    givers = [await auth.register() for _ in range(10)]
    tokens = [await put_token(database, giver, puppet.email, Role.OWNER, clock.now()) for giver in givers]

    answers = await replicas.at_once(
        lambda client, number: (
            client.send("POST", ACCEPT, {"token": tokens[number]}, who=puppet.principal)
            if number < len(tokens)
            else client.send("POST", TENANTS, {"name": f"T{number}"}, who=puppet.principal)
        )
    )

    assert answers["200"] + answers["201"] == OWNED - 1
    assert answers["TIER_LIMIT_EXCEEDED"] == AT_ONCE - (OWNED - 1)


async def test_nobody_is_promoted_to_own_more_tenants_than_their_account_may_have(
    replicas: TwoReplicas, database: Database, clock: SettableClock
) -> None:
    auth, puppet = replicas.one, await replicas.one.register()
    path = f"{USERS}/{puppet.principal.user_id}"
    givers = [await auth.register() for _ in range(10)]
    for giver in givers:
        token = await put_token(database, giver, puppet.email, Role.ADMIN, clock.now())
        await auth.send("POST", ACCEPT, {"token": token}, who=puppet.principal)

    answers = await replicas.at_once(
        lambda client, number: client.send("PATCH", path, {"role": "owner"}, who=givers[number // 5].principal)
    )
    owned = await database.system_rows(
        "select from memberships where user_id = $1 and role = 'owner'", puppet.principal.user_id
    )

    assert len(owned) == OWNED
    assert answers == Counter({"200": 5 * (OWNED - 1), "TIER_LIMIT_EXCEEDED": AT_ONCE - 5 * (OWNED - 1)})
