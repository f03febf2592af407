"""What one account can leave behind has an end, also when it asks fifty times at once."""

import asyncio
from collections import Counter
from uuid import UUID

from auth_authenticator import set_up_mfa
from auth_client import AuthClient
from auth_fakes import SettableClock

from auth_service import limits
from auth_service.limits import ENDED_SESSIONS_KEPT, LIVE_SESSIONS
from auth_service.retention import REVOKED_KEYS
from shared.db.databases import Database

API_KEYS, LINKS = "/api/v1/api-keys", "/api/v1/auth/session-token"


async def test_a_user_has_a_hundred_api_keys_and_revoked_ones_go(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner = await auth.register()
    body = {"name": "k", "scopes": ["tasks:read"]}
    async with database.system_work() as work:
        await work.execute(
            """
            insert into api_keys (tenant_id, user_id, id, prefix, digest, name, scopes, created_at)
            select $1, $2, gen_random_uuid(), 'tsk_', '', 'k', '{}', now() from generate_series(1, $3)
            """,
            owner.tenant_id,
            owner.principal.user_id,
            limits.KEYS_OF_USER.most - 5,
        )

    answers = await asyncio.gather(*(auth.send("POST", API_KEYS, body, who=owner.principal) for _ in range(20)))
    made = next(answer.data["id"] for answer in answers if answer.status == 201)
    await auth.send("DELETE", f"{API_KEYS}/{made}", who=owner.principal)
    next_one = await auth.send("POST", API_KEYS, body, who=owner.principal)
    clock.advance(days=2)
    async with database.system_work() as work:
        forgotten = (await REVOKED_KEYS.begin()(work, clock.now())).deleted

    assert Counter(answer.status for answer in answers) == {201: 5, 409: 15}
    assert {answer.code for answer in answers if answer.status == 409} == {"LIMIT_REACHED"}
    assert (next_one.status, forgotten) == (201, 1)


async def test_whoever_signs_in_too_often_ends_their_oldest_session(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register()
    clock.advance(minutes=1)
    await put_sessions(database, member.tenant_id, member.principal.user_id, clock, LIVE_SESSIONS - 1, is_over=False)

    still = await auth.refresh(member.refresh_token)
    await auth.login(member.email)
    over = await auth.refresh(still.data["refresh_token"])

    assert (still.status, over.status) == (200, 401)
    [told] = await database.system_rows("select data from outbox where type = 'auth.session.revoked'")
    assert '"too_many"' in told["data"]


async def test_of_sessions_that_have_ended_the_last_hundred_are_kept(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register()
    await put_sessions(database, member.tenant_id, member.principal.user_id, clock, 300, is_over=True)
    clock.advance(days=2)

    await auth.login(member.email)

    ended = await database.system_rows("select from sessions where revoked_at is not null")
    assert len(ended) == ENDED_SESSIONS_KEPT


async def test_links_for_browsers_that_nobody_opens_do_not_pile_up(auth: AuthClient, database: Database) -> None:
    member = await auth.register()

    for _ in range(limits.WAITING_LINKS + 5):
        assert (await auth.send("POST", LINKS, who=member.principal)).status == 200

    assert len(await database.system_rows("select from session_tokens")) == limits.WAITING_LINKS


async def test_sign_ins_that_wait_for_a_code_do_not_pile_up(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    member = await auth.register()
    await set_up_mfa(auth, member.principal, clock)

    for _ in range(limits.WAITING_SIGN_INS + 3):
        await auth.login(member.email)

    assert len(await database.system_rows("select from mfa_challenges")) == limits.WAITING_SIGN_INS


async def put_sessions(
    database: Database, tenant_id: UUID, user_id: UUID, clock: SettableClock, number: int, *, is_over: bool
) -> None:
    async with database.system_work() as work:
        await work.execute(
            """
            insert into sessions (id, tenant_id, user_id, current_digest, expires_at, user_agent, address, created_at,
                                  last_seen_at, revoked_at)
            select gen_random_uuid(), $1, $2, '', $3::timestamptz + interval '30 days', '', '', $3, $3,
                   case when $4::boolean then $3 end
            from generate_series(1, $5)
            """,
            tenant_id,
            user_id,
            clock.now(),
            is_over,
            number,
        )
