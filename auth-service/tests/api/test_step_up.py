"""A fresh proof of who is at the keyboard, before what cannot be undone."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from auth_authenticator import MFA, Authenticator, begin_mfa, set_up_mfa
from auth_builders import PASSWORD, Member
from auth_client import Answer, AuthClient, RunAuth
from auth_credentials import make_key, session_cookie, with_cookie
from auth_fakes import SettableClock
from mail_server import MailServer

from shared.db.databases import Database
from shared.principal import Principal

STEP_UP = "/api/v1/auth/step-up"
API_KEYS = "/api/v1/api-keys"
KEY: dict[str, Any] = {"name": "robot", "scopes": ["projects:read"]}
FRESH_SECONDS = 10 * 60


async def step_up(auth: AuthClient, who: Principal, **proof: str) -> Answer:
    return await auth.send("POST", STEP_UP, proof, who=who)


async def stale(auth: AuthClient, clock: SettableClock) -> Member:
    """Somebody whose sign-in was a second too long ago."""
    member = await auth.register()
    clock.advance(seconds=FRESH_SECONDS + 1)
    return member


def methods(answer: Answer) -> list[str]:
    named: list[str] = answer.json["error"]["details"]["methods"]
    return named


def assert_asked(answer: Answer, *named: str) -> None:
    assert (answer.status, answer.code) == (401, "AUTH_STEP_UP_REQUIRED"), answer
    assert methods(answer) == list(named)


async def test_a_sign_in_counts_for_ten_minutes(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    clock.advance(seconds=FRESH_SECONDS)
    in_time = await auth.send("POST", API_KEYS, KEY, who=member.principal)
    clock.advance(seconds=1)
    too_late = await auth.send("POST", API_KEYS, KEY, who=member.principal)

    assert in_time.status == 201
    assert_asked(too_late, "password")


@pytest.mark.parametrize(("method", "path", "body"), [("POST", API_KEYS, KEY), ("POST", MFA, None), ("POST", MFA, {})])
async def test_what_outlives_a_session_is_made_after_a_step_up_only(
    auth: AuthClient, clock: SettableClock, method: str, path: str, body: Any
) -> None:
    member = await stale(auth, clock)

    before = await auth.send(method, path, body, who=member.principal)
    proof = await step_up(auth, member.principal, password=PASSWORD)
    after = await auth.send(method, path, body, who=member.principal)

    assert_asked(before, "password")
    assert (proof.status, proof.body) == (204, b"")
    assert after.status < 300, after


async def test_a_second_factor_that_was_begun_in_time_is_not_confirmed_too_late(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    await begin_mfa(auth, member.principal, clock)
    clock.advance(seconds=FRESH_SECONDS + 1)
    app = Authenticator(await pending_secret(auth, member), clock)

    clock.advance(seconds=FRESH_SECONDS + 1)
    too_late = await auth.send("POST", MFA + "/confirm", {"code": app.code()}, who=member.principal)
    await step_up(auth, member.principal, password=PASSWORD)
    confirmed = await auth.send("POST", MFA + "/confirm", {"code": app.code()}, who=member.principal)

    assert_asked(too_late, "password")
    assert confirmed.status == 200


async def pending_secret(auth: AuthClient, member: Member) -> str:
    answer = await auth.send("POST", MFA, {"current_password": PASSWORD}, who=member.principal)
    secret: str = answer.data["secret"]
    return secret


async def test_the_password_in_the_body_is_the_step_up(auth: AuthClient, clock: SettableClock) -> None:
    member = await stale(auth, clock)

    wrong = await auth.send("POST", API_KEYS, KEY | {"current_password": "not it at all"}, who=member.principal)
    right = await auth.send("POST", API_KEYS, KEY | {"current_password": PASSWORD}, who=member.principal)
    next_one = await auth.send("POST", API_KEYS, KEY, who=member.principal)

    assert (wrong.status, wrong.code) == (401, "INVALID_PASSWORD")
    assert (right.status, next_one.status) == (201, 201)
    assert not {"current_password", "code"} & right.data.keys()


async def test_a_wrong_password_is_refused_however_fresh_the_session(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await auth.send("POST", API_KEYS, KEY | {"current_password": "not it at all"}, who=member.principal)

    assert (answer.status, answer.code) == (401, "INVALID_PASSWORD")


async def test_nothing_given_is_a_wrong_body(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await step_up(auth, member.principal)

    assert (answer.status, answer.wrong_fields) == (422, {"password": "required", "code": "required"})


async def test_with_a_second_factor_a_password_is_not_enough(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, recovery_codes = await set_up_mfa(auth, member.principal, clock)
    clock.advance(seconds=FRESH_SECONDS + 1)

    assert_asked(await auth.send("POST", API_KEYS, KEY, who=member.principal), "code")
    assert_asked(await step_up(auth, member.principal, password=PASSWORD), "code")
    assert_asked(await auth.send("POST", API_KEYS, KEY | {"current_password": PASSWORD}, who=member.principal), "code")
    wrong = await step_up(auth, member.principal, code=app.wrong_code())
    assert (wrong.status, wrong.code) == (401, "AUTH_MFA_INVALID")

    code = app.next_code()
    assert (await step_up(auth, member.principal, code=code)).status == 204
    assert (await step_up(auth, member.principal, code=code)).code == "AUTH_MFA_INVALID"  # once
    assert (await auth.send("POST", API_KEYS, KEY, who=member.principal)).status == 201
    clock.advance(seconds=FRESH_SECONDS + 1)
    both = KEY | {"current_password": PASSWORD, "code": recovery_codes[0]}
    assert (await auth.send("POST", API_KEYS, both, who=member.principal)).status == 201
    clock.advance(seconds=FRESH_SECONDS + 1)
    assert (await auth.send("POST", API_KEYS, both, who=member.principal)).code == "AUTH_MFA_INVALID"


async def test_a_code_beside_a_wrong_password_proves_nothing(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    clock.advance(seconds=FRESH_SECONDS + 1)

    answer = await step_up(auth, member.principal, password="not it at all", code=app.next_code())

    assert answer.code == "INVALID_PASSWORD"
    assert_asked(await auth.send("POST", API_KEYS, KEY, who=member.principal), "code")


async def test_a_recovery_code_used_here_is_told_by_mail(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    _, recovery_codes = await set_up_mfa(auth, member.principal, clock)

    assert (await step_up(auth, member.principal, code=recovery_codes[0])).status == 204

    await mail.letter_to(member.email, "recovery code")


async def test_an_account_without_a_second_factor_has_no_codes(auth: AuthClient, clock: SettableClock) -> None:
    member = await stale(auth, clock)

    answer = await step_up(auth, member.principal, code="123456")

    assert answer.code == "AUTH_MFA_INVALID"
    assert_asked(await auth.send("POST", API_KEYS, KEY, who=member.principal), "password")


async def test_the_proof_survives_refreshing_and_is_not_renewed_by_it(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    clock.advance(seconds=FRESH_SECONDS - 60)
    tokens = (await auth.refresh(member.refresh_token)).data
    after_refresh = await auth.send("POST", API_KEYS, KEY, who=member.principal)
    clock.advance(seconds=61)
    await auth.refresh(tokens["refresh_token"])
    too_late = await auth.send("POST", API_KEYS, KEY, who=member.principal)

    assert after_refresh.status == 201
    assert_asked(too_late, "password")


async def test_a_session_that_is_opened_from_another_is_no_fresher(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()

    for minutes, is_fresh in ((9, True), (2, False)):
        clock.advance(minutes=minutes)
        for opened in (await switched(auth, member), await handed_over(auth, member)):
            answer = await auth.send("POST", API_KEYS, KEY, who=opened)
            assert answer.code == "AUTH_STEP_UP_REQUIRED" if not is_fresh else answer.status == 201, answer


async def switched(auth: AuthClient, member: Member) -> Principal:
    body = {"tenant_id": str(member.tenant_id)}
    answer = await auth.send("POST", "/api/v1/auth/switch-tenant", body, who=member.principal)
    return (await auth.member(member.email, answer.data["tokens"])).principal


async def handed_over(auth: AuthClient, member: Member) -> Principal:
    link = await auth.send("POST", "/api/v1/auth/session-token", who=member.principal)
    token = link.data["url"].partition("token=")[2]
    exchanged = await auth.send("POST", "/api/v1/auth/session-exchange", {"token": token})
    refreshed = await auth.send("POST", "/api/v1/auth/refresh", {}, headers=with_cookie(session_cookie(exchanged)))
    return (await auth.member(member.email, refreshed.data)).principal


async def test_it_counts_for_one_session(auth: AuthClient, clock: SettableClock) -> None:
    here = await stale(auth, clock)
    there = await switched(auth, here)

    assert (await step_up(auth, here.principal, password=PASSWORD)).status == 204

    assert (await auth.send("POST", API_KEYS, KEY, who=here.principal)).status == 201
    assert_asked(await auth.send("POST", API_KEYS, KEY, who=there), "password")


async def test_somebody_elses_session_proves_nothing(auth: AuthClient, clock: SettableClock) -> None:
    ada = await stale(auth, clock)
    mallory = await auth.register()
    borrowed = msgspec.structs.replace(ada.principal, session_id=mallory.principal.session_id)

    assert_asked(await auth.send("POST", API_KEYS, KEY, who=borrowed), "password")
    assert (await step_up(auth, borrowed, password=PASSWORD)).code == "AUTH_SESSION_REVOKED"


async def test_an_ended_session_is_not_proven(auth: AuthClient) -> None:
    member = await auth.register()
    await auth.send("POST", "/api/v1/auth/logout", who=member.principal)

    assert (await step_up(auth, member.principal, password=PASSWORD)).code == "AUTH_SESSION_REVOKED"
    assert_asked(await auth.send("POST", API_KEYS, KEY, who=member.principal), "password")


async def test_keys_never_step_up(auth: AuthClient) -> None:
    member = await auth.register()
    key = await make_key(auth, member.principal, scopes=["*:read", "*:write"])
    robot = msgspec.structs.replace(member.principal, session_id=key["id"], scopes=("*:read", "*:write"))

    answers = [
        await step_up(auth, robot, password=PASSWORD),
        await auth.send("POST", API_KEYS, KEY | {"current_password": PASSWORD}, who=robot),
        await auth.send("POST", MFA, {"current_password": PASSWORD}, who=robot),
        await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=robot),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(403, "AUTH_FORBIDDEN")}


async def test_guesses_are_counted_with_those_at_other_places_that_ask_for_the_password(
    run_auth: RunAuth, databases: list[Database], clock: SettableClock
) -> None:
    async with run_auth(databases[0], rate_limit_scale=1) as auth, run_auth(databases[1], rate_limit_scale=1) as other:
        member = await auth.register()
        change = {"current_password": "not it at all", "new_password": "another long passphrase"}
        guesses = [
            await step_up(auth, member.principal, password="not it at all"),
            await other.send("POST", API_KEYS, KEY | {"current_password": "not it"}, who=member.principal),
            await auth.send("PUT", "/api/v1/users/me/password", change, who=member.principal),
            await other.send("DELETE", "/api/v1/users/me", {"password": "not it at all"}, who=member.principal),
            await step_up(other, member.principal, password="not it at all"),
        ]
        refused = await step_up(auth, member.principal, password=PASSWORD)
        clock.advance(minutes=15)
        later = await step_up(auth, member.principal, password=PASSWORD)

    assert {answer.code for answer in guesses} == {"INVALID_PASSWORD"}
    assert (refused.status, refused.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(refused.headers["retry-after"]) > 0
    assert later.status == 204


async def test_what_was_right_is_no_guess(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        member = await auth.register()

        answers = [await step_up(auth, member.principal, password=PASSWORD) for _ in range(7)]

    assert {answer.status for answer in answers} == {204}


async def test_a_repeat_with_a_key_needs_the_proof_again(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    keyed = {"Idempotency-Key": str(uuid4())}
    made = await auth.send("POST", API_KEYS, KEY, who=member.principal, headers=keyed)
    clock.advance(seconds=FRESH_SECONDS + 1)

    stolen = await auth.send("POST", API_KEYS, KEY, who=member.principal, headers=keyed)
    await step_up(auth, member.principal, password=PASSWORD)
    repeated = await auth.send("POST", API_KEYS, KEY, who=member.principal, headers=keyed)

    assert_asked(stolen, "password")
    assert (repeated.status, repeated.body) == (201, made.body)


async def test_a_repeat_with_a_key_and_a_code_in_its_body_is_answered_as_the_first(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    clock.advance(seconds=FRESH_SECONDS + 1)
    body, keyed = KEY | {"code": app.next_code()}, {"Idempotency-Key": str(uuid4())}

    made = await auth.send("POST", API_KEYS, body, who=member.principal, headers=keyed)
    repeated = await auth.send("POST", API_KEYS, body, who=member.principal, headers=keyed)

    assert made.status == 201, made
    assert (repeated.status, repeated.body) == (201, made.body)


async def test_a_code_that_is_not_needed_stays_good_and_a_password_is_checked(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)
    both = KEY | {"current_password": "not it at all", "code": codes[0]}

    wrong = await auth.send("POST", API_KEYS, both, who=member.principal)
    fresh = await auth.send("POST", API_KEYS, KEY | {"code": codes[0]}, who=member.principal)
    used = await step_up(auth, member.principal, code=codes[0])

    assert wrong.code == "INVALID_PASSWORD"
    assert (fresh.status, used.status) == (201, 204)


async def test_an_account_with_a_second_factor_is_closed_with_a_code_too(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    clock.advance(seconds=FRESH_SECONDS + 1)

    without = await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=member.principal)
    both = {"password": PASSWORD, "code": app.next_code()}
    closed = await auth.send("DELETE", "/api/v1/users/me", both, who=member.principal)

    assert_asked(without, "code")
    assert closed.status == 204


async def test_of_an_account_without_one_the_password_closes_it_at_any_time(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await stale(auth, clock)

    answer = await auth.send("DELETE", "/api/v1/users/me", {"password": PASSWORD}, who=member.principal)

    assert answer.status == 204
