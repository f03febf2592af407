"""What the gateway asks for itself: which sessions have ended."""

from auth_builders import INTERNAL_SECRET
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock

from shared.identity import HEADER, mint_service_identity

ADDRESS = "/internal/revocations"
ACCESS_TOKEN_LIFE = 900


async def test_an_ended_session_is_listed_as_long_as_its_access_tokens_may_live(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    ended_at = int(clock.now().timestamp())
    await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    listed = await ask_as(auth, clock, "gateway")
    clock.advance(seconds=ACCESS_TOKEN_LIFE + 1)
    later = await ask_as(auth, clock, "gateway")

    session, user = str(member.principal.session_id), str(member.principal.user_id)
    assert listed.data["sessions"] == [{"session_id": session, "user_id": user, "revoked_at": ended_at}]
    assert later.data["sessions"] == []


async def test_only_what_ended_since_is_listed(auth: AuthClient, clock: SettableClock) -> None:
    await auth.send("POST", "/api/v1/auth/logout", who=(await auth.register()).principal)
    clock.advance(seconds=60)

    answer = await ask_as(auth, clock, "gateway", since=int(clock.now().timestamp()) - 30)

    assert answer.data["sessions"] == []


async def test_the_next_question_overlaps_with_this_one(auth: AuthClient, clock: SettableClock) -> None:
    answer = await ask_as(auth, clock, "gateway")

    assert answer.data["as_of"] < clock.now().timestamp()


async def test_nobody_but_the_gateway_may_ask(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    answers = [
        await auth.send("GET", ADDRESS),
        await auth.send("GET", ADDRESS, who=member.principal),
        await ask_as(auth, clock, "project"),
        await auth.send("GET", ADDRESS, headers={HEADER: "nonsense"}),
        await ask_as(auth, clock, "gateway", secret="another-secret-of-at-least-32-bytes!"),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(401, "AUTH_REQUIRED")}


async def test_an_impossible_moment_is_refused(auth: AuthClient, clock: SettableClock) -> None:
    answer = await ask_as(auth, clock, "gateway", since=-1)

    assert answer.wrong_fields == {"query.since": "out_of_range"}


async def ask_as(
    auth: AuthClient, clock: SettableClock, service: str, since: int = 0, secret: str = INTERNAL_SECRET
) -> Answer:
    token = mint_service_identity(service, "auth", secret, clock.now())
    return await auth.send("GET", f"{ADDRESS}?since={since}", headers={HEADER: token})
