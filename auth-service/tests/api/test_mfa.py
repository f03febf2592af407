"""Setting up a second factor, and removing it."""

import asyncio

import pytest
from asyncpg import InsufficientPrivilegeError
from auth_authenticator import MFA, begin_mfa, set_up_mfa
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer, body_of

from shared.db.databases import Database
from shared.principal import Principal

CONFIRM = MFA + "/confirm"


async def test_a_second_factor_is_set_up_in_two_steps(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register(email="ada@example.com")

    begun = await auth.send("POST", MFA, who=member.principal)
    app = await begin_mfa(auth, member.principal, clock)
    confirmed = await auth.send("POST", CONFIRM, {"code": app.code()}, who=member.principal)

    assert set(begun.data) == {"secret", "otpauth_url"}
    assert begun.data["otpauth_url"].startswith("otpauth://totp/Tessera%3Aada%40example.com?secret=")
    codes = confirmed.data["recovery_codes"]
    assert (confirmed.status, len(codes), len(set(codes))) == (200, 10, 10)


async def test_until_it_is_confirmed_nothing_is_asked_at_sign_in(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    await begin_mfa(auth, member.principal, clock)

    assert (await auth.login(member.email)).status == 200


async def test_only_the_secret_that_was_shown_last_can_be_confirmed(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    first, second = [await begin_mfa(auth, member.principal, clock) for _ in range(2)]

    wrong = await auth.send("POST", CONFIRM, {"code": first.code()}, who=member.principal)
    right = await auth.send("POST", CONFIRM, {"code": second.code()}, who=member.principal)

    assert (wrong.status, wrong.code) == (401, "AUTH_MFA_INVALID")
    assert right.status == 200


async def test_one_in_use_is_not_replaced(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)

    again = await auth.send("POST", MFA, who=member.principal)
    confirmed_again = await auth.send("POST", CONFIRM, {"code": app.next_code()}, who=member.principal)

    assert (again.status, again.code) == (409, "MFA_ALREADY_ENABLED")
    assert (confirmed_again.status, confirmed_again.code) == (409, "MFA_ALREADY_ENABLED")


async def test_of_parallel_confirms_one_gets_the_recovery_codes(
    auth: AuthClient, clock: SettableClock, run_auth: RunAuth, databases: list[Database]
) -> None:
    member = await auth.register()
    app = await begin_mfa(auth, member.principal, clock)

    async with run_auth(databases[1]) as other:
        answers = await asyncio.gather(
            *(
                replica.send("POST", CONFIRM, {"code": app.code()}, who=member.principal)
                for replica in (auth, other) * 6
            )
        )

    assert sorted(answer.status for answer in answers) == [200] + [409] * 11
    [stored] = await databases[0].system_rows("select count(*) as number from mfa_recovery_codes")
    assert stored["number"] == 10


async def test_it_is_removed_with_a_code(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    app, _ = await set_up_mfa(auth, member.principal, clock)

    wrong = await auth.send("DELETE", MFA, {"code": app.wrong_code()}, who=member.principal)
    replayed = await auth.send("DELETE", MFA, {"code": app.code()}, who=member.principal)
    right = await auth.send("DELETE", MFA, {"code": app.next_code()}, who=member.principal)
    again = await auth.send("DELETE", MFA, {"code": app.next_code()}, who=member.principal)

    assert (wrong.status, wrong.code) == (replayed.status, replayed.code) == (401, "AUTH_MFA_INVALID")
    assert (right.status, right.body) == (204, b"")
    assert (again.status, again.code) == (409, "MFA_NOT_ENABLED")
    assert (await auth.login(member.email)).status == 200


async def test_switching_it_on_and_off_is_told_by_mail(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()

    app, _ = await set_up_mfa(auth, member.principal, clock)
    await mail.letter_to(member.email, "sign-in is on")
    await auth.send("DELETE", MFA, {"code": app.wrong_code()}, who=member.principal)
    await auth.send("DELETE", MFA, {"code": app.next_code()}, who=member.principal)
    off = await mail.letter_to(member.email, "sign-in is off")

    assert all("http://127.0.0.1:3000/forgot-password" in body_of(off, kind) for kind in ("plain", "html"))
    assert len(mail.letters_to(member.email, "sign-in is")) == 2


async def test_it_is_removed_with_a_recovery_code_however_it_is_typed(auth: AuthClient, clock: SettableClock) -> None:
    member = await auth.register()
    _, codes = await set_up_mfa(auth, member.principal, clock)

    typed = f" {codes[3].upper().replace('-', ' ')} "

    assert (await auth.send("DELETE", MFA, {"code": typed}, who=member.principal)).status == 204


async def test_there_is_nothing_to_confirm_before_it_is_begun(auth: AuthClient) -> None:
    member = await auth.register()

    answer = await auth.send("POST", CONFIRM, {"code": "123456"}, who=member.principal)

    assert (answer.status, answer.code) == (409, "MFA_NOT_ENABLED")


async def test_it_guards_one_user_in_all_of_their_tenants_and_nobody_else(
    auth: AuthClient, clock: SettableClock
) -> None:
    member, stranger = await auth.register(), await auth.register()
    app, codes = await set_up_mfa(auth, member.principal, clock)

    answers = [
        await auth.send("DELETE", MFA, {"code": code}, who=stranger.principal) for code in (app.next_code(), codes[0])
    ]

    assert {answer.code for answer in answers} == {"MFA_NOT_ENABLED"}
    assert (await auth.login(stranger.email)).status == 200
    assert (await auth.login(member.email)).code == "AUTH_MFA_REQUIRED"


async def test_nothing_in_the_database_lets_anybody_in(
    auth: AuthClient, clock: SettableClock, database: Database
) -> None:
    member = await auth.register()
    app, codes = await set_up_mfa(auth, member.principal, clock)

    [enrolment] = await database.system_rows("select sealed_secret from mfa_enrolments")
    stored = await database.system_rows("select digest from mfa_recovery_codes")

    assert app._secret not in enrolment["sealed_secret"]
    plain = [code.replace("-", "").upper().encode() for code in codes]
    assert not {row["digest"] for row in stored} & set(plain)


async def test_a_tenants_own_work_sees_none_of_it(auth: AuthClient, clock: SettableClock, database: Database) -> None:
    member = await auth.register()
    await set_up_mfa(auth, member.principal, clock)

    for table in ("mfa_enrolments", "mfa_recovery_codes", "mfa_challenges", "data_exports"):
        with pytest.raises(InsufficientPrivilegeError):
            async with database.unit_of_work(member.tenant_id) as work:
                await work.rows(f"select * from {table}")
    async with database.unit_of_work(member.tenant_id) as work:
        assert await work.rows("select * from attempt_windows where key not like 'mail %'") == []


async def test_a_signed_in_thief_cannot_guess_the_code(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        member = await auth.register()
        app, codes = await set_up_mfa(auth, member.principal, clock)

        guesses = [await auth.send("DELETE", MFA, {"code": app.wrong_code()}, who=member.principal) for _ in range(21)]
        refused = await auth.send("DELETE", MFA, {"code": app.next_code()}, who=member.principal)
        with_recovery_code = await auth.send("DELETE", MFA, {"code": codes[0]}, who=member.principal)

    assert [guess.status for guess in guesses] == [401] * 20 + [429]
    assert refused.code == "RATE_LIMIT_EXCEEDED"
    assert with_recovery_code.status == 204


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "1" * 65}, {"code": 123456}])
async def test_a_code_is_a_short_text(auth: AuthClient, body: dict[str, object]) -> None:
    member = await auth.register()

    answers = [await auth.send(*row, body, who=member.principal) for row in (("POST", CONFIRM), ("DELETE", MFA))]

    assert [(answer.status, set(answer.wrong_fields)) for answer in answers] == [(422, {"code"})] * 2


@pytest.mark.parametrize("field", ["user_id", "tenant_id", "confirmed_at", "secret"])
async def test_nothing_but_the_code_is_read(auth: AuthClient, field: str) -> None:
    member = await auth.register()

    answer = await auth.send("POST", CONFIRM, {"code": "123456", field: "x"}, who=member.principal)

    assert answer.wrong_fields == {field: "unknown"}


@pytest.mark.parametrize("row", [("POST", MFA), ("POST", CONFIRM), ("DELETE", MFA)])
async def test_it_is_for_people_who_are_signed_in(auth: AuthClient, row: tuple[str, str]) -> None:
    key = api_key_of((await auth.register()).principal)

    assert (await auth.send(*row, {"code": "123456"})).code == "AUTH_REQUIRED"
    assert (await auth.send(*row, {"code": "123456"}, who=key)).code == "AUTH_FORBIDDEN"


def api_key_of(who: Principal) -> Principal:
    return Principal(
        user_id=who.user_id, tenant_id=who.tenant_id, session_id=who.session_id, role=who.role,
        scopes=("*:read", "*:write"),
    )  # fmt: skip
