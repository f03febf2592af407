"""Signing in with a second factor: the password opens a challenge, a code finishes it."""

import asyncio
from typing import Any

import pytest
from auth_authenticator import MFA, set_up_mfa
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer, body_of
from members import invite

from shared.db.databases import Database
from shared.testing.eventually import eventually

LOGIN_MFA = "/api/v1/auth/login/mfa"


async def test_the_password_alone_gives_only_a_challenge(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    await set_up_mfa(auth, member.principal, clock)

    answer = await auth.login(member.email)

    assert (answer.status, answer.code) == (401, "AUTH_MFA_REQUIRED")
    assert set(answer.json["error"]["details"]) == {"mfa_token"}


async def test_a_code_finishes_signing_in(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)

    answer = await finish(auth, await challenge(auth, member.email), app.next_code())

    assert answer.status == 200
    assert answer.data["user"]["email"] == member.email
    again = await auth.member(member.email, answer.data["tokens"])
    assert again.principal.user_id == member.principal.user_id


async def test_an_invitation_is_accepted_at_the_second_step(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, owner, guest = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    app, _ = await set_up_mfa(auth, guest.principal, clock)
    token = await invite(auth, mail, owner, guest.email)

    first = await auth.login(guest.email, invitation_token=token)
    mfa_token = first.json["error"]["details"]["mfa_token"]
    body = {"mfa_token": mfa_token, "code": app.next_code(), "invitation_token": token}
    second = await auth.send("POST", LOGIN_MFA, body)

    assert (first.code, second.status) == ("AUTH_MFA_REQUIRED", 200)
    assert second.data["user"]["tenant_id"] == str(owner.tenant_id)


async def test_each_use_of_a_recovery_code_is_told_by_mail_and_how_many_are_left(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)

    for number, code in enumerate(codes, start=1):
        assert (await finish(auth, await challenge(auth, member.email), code)).status == 200
        await eventually(lambda: len(mail.letters_to(member.email, "recovery code")) == number)  # noqa: B023 - at once

    letters = mail.letters_to(member.email, "recovery code")
    told = [body_of(letter, "plain") for letter in letters]
    assert sum("Recovery codes left: 9." in text for text in told) == 1
    assert sum("That was the last one." in text for text in told) == 1


async def test_a_code_is_good_for_one_sign_in(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    code = app.next_code()

    first = await finish(auth, await challenge(auth, member.email), code)
    second = await finish(auth, await challenge(auth, member.email), code)

    assert first.status == 200
    assert (second.status, second.code) == (401, "AUTH_MFA_INVALID")


async def test_of_parallel_uses_of_one_code_one_signs_in(
    auth: AuthClient, clock: SettableClock, run_auth: RunAuth, databases: list[Database]
) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    code = app.next_code()
    tokens = [await challenge(auth, member.email) for _ in range(10)]

    async with run_auth(databases[1]) as other:
        answers = await asyncio.gather(
            *(finish((auth, other)[number % 2], token, code) for number, token in enumerate(tokens))
        )

    assert sorted(answer.status for answer in answers) == [200] + [401] * 9


async def test_of_parallel_uses_of_one_recovery_code_one_signs_in(
    auth: AuthClient, clock: SettableClock, run_auth: RunAuth, databases: list[Database]
) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)
    tokens = [await challenge(auth, member.email) for _ in range(10)]

    async with run_auth(databases[1]) as other:
        answers = await asyncio.gather(
            *(finish((auth, other)[number % 2], token, codes[0]) for number, token in enumerate(tokens))
        )

    assert sorted(answer.status for answer in answers) == [200] + [401] * 9
    assert (await finish(auth, await challenge(auth, member.email), codes[1])).status == 200


async def test_a_challenge_is_finished_once(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)
    token = await challenge(auth, member.email)

    answers = await asyncio.gather(*(finish(auth, token, code) for code in codes[:4]))

    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]


async def test_a_challenge_stands_five_guesses(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    token = await challenge(auth, member.email)

    guesses = await asyncio.gather(*(finish(auth, token, app.wrong_code()) for _ in range(5)))
    late = await finish(auth, token, app.next_code())

    assert {guess.code for guess in guesses} == {"AUTH_MFA_INVALID"}
    assert (late.status, late.code) == (401, "AUTH_MFA_INVALID")


async def test_a_challenge_lives_five_minutes(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    token = await challenge(auth, member.email)

    clock.advance(minutes=5)

    assert (await finish(auth, token, app.code())).code == "AUTH_MFA_INVALID"


async def test_a_challenge_does_not_outlive_the_password_it_was_opened_with(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)
    token = await challenge(auth, member.email)
    async with database.system_work() as work:
        await work.execute("update users set password_changed_at = password_changed_at + interval '1 second'")

    answer = await finish(auth, token, app.next_code())

    assert (answer.status, answer.code) == (401, "AUTH_INVALID_CREDENTIALS")


async def test_removing_the_second_factor_ends_its_challenges(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)
    token = await challenge(auth, member.email)

    await auth.send("DELETE", MFA, {"code": codes[0]}, who=member.principal)

    assert (await finish(auth, token, codes[1])).code == "AUTH_MFA_INVALID"


async def test_the_code_of_somebody_else_is_wrong(auth: AuthClient, clock: SettableClock) -> None:
    member, stranger = await auth.register(), await auth.register()
    await set_up_mfa(auth, member.principal, clock)
    app, codes = await set_up_mfa(auth, stranger.principal, clock)
    token = await challenge(auth, member.email)

    answers = [await finish(auth, token, code) for code in (app.next_code(), codes[0])]

    assert {answer.code for answer in answers} == {"AUTH_MFA_INVALID"}


async def test_codes_cannot_be_guessed_with_many_challenges(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        member = await auth.register()
        app, codes = await set_up_mfa(auth, member.principal, clock)

        guesses = [await finish(auth, await challenge(auth, member.email), app.wrong_code()) for _ in range(21)]
        owner = await finish(auth, await challenge(auth, member.email), codes[0])

    assert [guess.status for guess in guesses] == [401] * 20 + [429]
    assert owner.status == 200


async def test_the_chosen_tenant_and_the_cookie_are_remembered(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member, host = await auth.register(), await auth.register()
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'viewer', now(), now())",
            host.tenant_id, member.principal.user_id,
        )  # fmt: skip
    app, _ = await set_up_mfa(auth, member.principal, clock)

    token = await challenge(auth, member.email, tenant_id=str(host.tenant_id), cookie=True)
    answer = await finish(auth, token, app.next_code())

    assert (answer.data["user"]["tenant_id"], answer.data["user"]["role"]) == (str(host.tenant_id), "viewer")
    assert {line.partition("=")[0] for line in answer.cookies} == {"tessera_session", "tessera_device"}


@pytest.mark.parametrize("token", ["", "x", "tsm_" + "A" * 86, "tsm_é", "x" * 1024])
async def test_a_made_up_challenge_is_refused(auth: AuthClient, token: str) -> None:
    answer = await finish(auth, token, "123456")

    assert (answer.status, answer.code) == (401, "AUTH_MFA_INVALID")


@pytest.mark.parametrize("field", ["user_id", "role", "tenant_id", "cookie", "email"])
async def test_nothing_but_token_and_code_is_read(auth: AuthClient, field: str) -> None:
    body = {"mfa_token": "x", "code": "123456", field: "x"}

    assert (await auth.send("POST", LOGIN_MFA, body)).wrong_fields == {field: "unknown"}


async def test_the_challenge_is_stored_as_a_digest(auth: AuthClient, clock: SettableClock, database: Database) -> None:
    member = await auth.register()
    await set_up_mfa(auth, member.principal, clock)

    token = await challenge(auth, member.email)

    [row] = await database.system_rows("select digest from mfa_challenges")
    assert len(row["digest"]) == 32
    assert row["digest"] not in token.encode()


async def test_a_code_is_used_up_although_the_tenant_is_closed(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    _, codes = await set_up_mfa(auth, owner.principal, clock)
    closed = await auth.send("DELETE", "/api/v1/tenants/current", {}, who=owner.principal)
    token = await challenge(auth, owner.email)

    first = await finish(auth, token, codes[0])
    again = await finish(auth, await challenge(auth, owner.email), codes[0])

    assert closed.status == 204
    assert (first.status, first.code) == (403, "TENANT_CLOSED")
    assert (again.status, again.code) == (401, "AUTH_MFA_INVALID")
    assert (await finish(auth, token, codes[1])).code == "AUTH_MFA_INVALID"
    await mail.letter_to(owner.email, "recovery code")


async def test_a_refused_invitation_leaves_the_code_used_and_nobody_joined(
    auth: AuthClient, clock: SettableClock
) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)

    refused = await finish(auth, await challenge(auth, member.email), codes[0], invitation_token="x")
    again = await finish(auth, await challenge(auth, member.email), codes[0])

    assert (refused.status, refused.code) == (410, "TOKEN_USED_OR_EXPIRED")
    assert (again.status, again.code) == (401, "AUTH_MFA_INVALID")


async def challenge(auth: AuthClient, email: str, **more: Any) -> str:
    answer = await auth.login(email, **more)
    assert answer.code == "AUTH_MFA_REQUIRED", answer
    token: str = answer.json["error"]["details"]["mfa_token"]
    return token


async def finish(auth: AuthClient, token: str, code: str, **more: Any) -> Answer:
    return await auth.send("POST", LOGIN_MFA, {"mfa_token": token, "code": code, **more})
