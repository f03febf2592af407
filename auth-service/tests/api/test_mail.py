"""Mail as people get it, from a real SMTP server, and what becomes of it when the server is not well."""

import asyncio
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from auth_builders import KEY_ENCRYPTION_SECRET, PASSWORD
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer, body_of, token_in
from queued import LETTER, RESET_REQUEST, is_done, letters_left

from auth_service.mail.mail_queue import MAIL_LETTER, SEAL_PURPOSE, SealedLetter
from auth_service.recovery.reset_requests import RESET_REQUEST as KIND_OF_RESETS, ResetRequest
from shared.db.databases import Database
from shared.ids import new_id
from shared.jobs.queue import JobQueue, NewJob
from shared.jobs.repository import TAKE_LOCK
from shared.sealing import Seal
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.eventually import eventually

_TEXT_OF_JOBS = """
select j::text || coalesce(encode(decode(payload ->> 'sealed', 'base64'), 'escape'), '') as text from jobs j
"""
NEW_PASSWORD = "another good long passphrase"
VERIFY, RESET, FORGOT = (f"/api/v1/auth/{name}" for name in ("verify-email", "reset-password", "forgot-password"))


async def test_a_new_account_gets_a_link_that_confirms_its_address_once(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register_unproven()
    token = await mail.token_to(member.email, "Confirm")

    first = await auth.send("POST", VERIFY, {"token": token})
    second = await auth.send("POST", VERIFY, {"token": token})

    assert first.status == 204
    assert (second.status, second.code) == (410, "TOKEN_USED_OR_EXPIRED")
    me = await auth.send("GET", "/api/v1/users/me", who=member.principal)
    assert me.data["email_verified"]


async def test_the_link_leads_to_the_web_app_and_nowhere_else(
    run_auth: RunAuth, database: Database, mail: MailServer
) -> None:
    async with run_auth(database, smtp_url=mail.url, public_web_url="https://app.example.com/x/") as auth:
        member = await auth.register()
        letter = await mail.letter_to(member.email)

    assert f"https://app.example.com/x/verify-email?token={token_in(letter)}" in body_of(letter, "plain")


async def test_a_link_that_is_too_old_confirms_nothing(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    member = await auth_with_mail.register_unproven()
    token = await mail.token_to(member.email)
    clock.advance(days=3)

    answer = await auth_with_mail.send("POST", VERIFY, {"token": token})

    assert (answer.status, answer.code) == (410, "TOKEN_USED_OR_EXPIRED")


async def test_the_link_is_mailed_again_until_there_are_enough_and_never_after_it_was_used(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register_unproven()
    for _ in range(5):
        answer = await auth.send("POST", "/api/v1/auth/resend-verification", who=member.principal)
        assert answer.status == 204
    await eventually(lambda: len(mail.letters_to(member.email)) == 3)

    await auth.send("POST", VERIFY, {"token": await mail.token_to(member.email)})
    await auth.send("POST", "/api/v1/auth/resend-verification", who=member.principal)
    await auth.send("POST", FORGOT, {"email": member.email})
    await mail.letter_to(member.email, "new password")

    assert len(mail.letters_to(member.email, "Confirm")) == 3


async def test_a_forgotten_password_is_replaced_by_a_mailed_link_once_and_ends_all_sessions(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    assert (await auth.send("POST", FORGOT, {"email": member.email.upper()})).status == 204
    body = {"token": await mail.token_to(member.email, "new password"), "password": NEW_PASSWORD}

    first, second = await auth.send("POST", RESET, body), await auth.send("POST", RESET, body)

    assert first.status == 204
    assert (second.status, second.code) == (410, "TOKEN_USED_OR_EXPIRED")
    assert (await auth.refresh(member.refresh_token)).status == 401
    assert (await auth.login(member.email)).status == 401
    assert (await auth.login(member.email, NEW_PASSWORD)).data["user"]["email_verified"]


async def test_a_reset_proves_the_address_and_tells_it(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register_unproven()
    for password in (NEW_PASSWORD, PASSWORD):
        await auth.send("POST", FORGOT, {"email": member.email})
        await eventually(lambda: mail.letters_to(member.email, "new password"))
        token = await mail.token_to(member.email, "new password")
        assert (await auth.send("POST", RESET, {"token": token, "password": password})).status == 204
        mail.messages.clear()

    [told] = await database.system_rows(
        "select tenant_id, data->>'changed_fields' as changed, (data->>'version')::int as version"
        " from outbox where type = 'auth.user.updated'"
    )
    user = (await auth.login(member.email)).data["user"]

    assert (told["tenant_id"], told["changed"]) == (member.tenant_id, '["email_verified"]')
    assert told["version"] == user["version"] == 2


@pytest.mark.parametrize(("path", "about"), [(RESET, "new password"), (VERIFY, "Confirm")])
async def test_of_several_links_opened_at_once_one_is_good(
    auth_with_mail: AuthClient, mail: MailServer, path: str, about: str
) -> None:
    auth = auth_with_mail
    for _ in range(5):
        member = await auth.register_unproven()
        for number in range(3):
            if path == RESET:
                await auth.send("POST", FORGOT, {"email": member.email})
            elif number:
                await auth.send("POST", "/api/v1/auth/resend-verification", who=member.principal)
            await eventually(lambda: len(mail.letters_to(member.email, about)) == number + 1)  # noqa: B023 - at once
        more = {"password": NEW_PASSWORD} if path == RESET else {}

        answers = await asyncio.gather(
            *(
                auth.send("POST", path, {"token": token_in(letter), **more})
                for letter in mail.letters_to(member.email, about)
            )
        )

        assert sorted(answer.status for answer in answers) == [204, 410, 410]


async def test_of_twenty_parallel_resets_with_one_link_one_wins(auth_with_mail: AuthClient, mail: MailServer) -> None:
    member = await auth_with_mail.register()
    await auth_with_mail.send("POST", FORGOT, {"email": member.email})
    body = {"token": await mail.token_to(member.email, "new password"), "password": NEW_PASSWORD}

    answers = await asyncio.gather(*(auth_with_mail.send("POST", RESET, body) for _ in range(20)))

    assert sorted(answer.status for answer in answers) == [204] + [410] * 19


@pytest.mark.parametrize("token", ["nonsense", "\u202e", "x" * 256])
async def test_a_made_up_link_opens_nothing(auth: AuthClient, token: str) -> None:
    reset = await auth.send("POST", RESET, {"token": token, "password": NEW_PASSWORD})
    verify = await auth.send("POST", VERIFY, {"token": token})

    assert reset.code == verify.code == "TOKEN_USED_OR_EXPIRED"


async def test_a_link_for_one_purpose_is_none_for_another(auth_with_mail: AuthClient, mail: MailServer) -> None:
    member = await auth_with_mail.register()
    token = await mail.token_to(member.email, "Confirm")

    answer = await auth_with_mail.send("POST", RESET, {"token": token, "password": NEW_PASSWORD})

    assert answer.code == "TOKEN_USED_OR_EXPIRED"


async def test_a_common_password_is_refused_and_the_link_is_still_good(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    member = await auth_with_mail.register()
    await auth_with_mail.send("POST", FORGOT, {"email": member.email})
    token = await mail.token_to(member.email, "new password")

    refused = await auth_with_mail.send("POST", RESET, {"token": token, "password": "password123"})
    accepted = await auth_with_mail.send("POST", RESET, {"token": token, "password": NEW_PASSWORD})

    assert refused.wrong_fields == {"password": "too_common"}
    assert accepted.status == 204


async def test_nobody_learns_who_has_an_account_from_forgetting_a_password(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    member = await auth_with_mail.register()

    for email in (member.email, "nobody@example.com", "no address"):
        answer = await auth_with_mail.send("POST", FORGOT, {"email": email})
        assert (answer.status, answer.body) == (204, b"")

    await mail.letter_to(member.email, "new password")
    await eventually(lambda: is_done(database, RESET_REQUEST))
    await eventually(lambda: is_done(database, LETTER))
    assert {str(each["To"]) for each in mail.messages} == {member.email}


async def test_a_reused_refresh_token_is_warned_of_once(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    await auth.refresh(member.refresh_token)
    clock.advance(seconds=11)

    answers = [await auth.refresh(member.refresh_token) for _ in range(3)]

    assert {answer.code for answer in answers} == {"AUTH_REFRESH_REUSED"}
    letter = await mail.letter_to(member.email, "We ended a session")
    assert "http://127.0.0.1:3000/forgot-password" in body_of(letter, "plain")
    await auth.send("POST", FORGOT, {"email": member.email})
    await mail.letter_to(member.email, "new password")
    assert len(mail.letters_to(member.email, "We ended a session")) == 1


async def test_changing_the_password_needs_the_current_one_and_ends_all_sessions(auth: AuthClient) -> None:
    member = await auth.register()
    path = "/api/v1/users/me/password"

    wrong = await auth.send(
        "PUT", path, {"current_password": "wrong", "new_password": NEW_PASSWORD}, who=member.principal
    )
    common = await auth.send(
        "PUT", path, {"current_password": PASSWORD, "new_password": "password123"}, who=member.principal
    )
    right = await auth.send(
        "PUT", path, {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, who=member.principal
    )

    assert (wrong.status, wrong.code) == (401, "INVALID_PASSWORD")
    assert common.wrong_fields == {"new_password": "too_common"}
    assert right.status == 204
    assert (await auth.refresh(member.refresh_token)).status == 401
    assert (await auth.login(member.email)).status == 401
    assert (await auth.login(member.email, NEW_PASSWORD)).status == 200


async def test_without_a_server_mail_is_a_file(auth: AuthClient, tmp_path: Path) -> None:
    member = await auth.register()

    await eventually(lambda: list((tmp_path / "mail").glob("*.eml")))

    [file] = (tmp_path / "mail").glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["To"] == member.email
    assert file.stat().st_mode & 0o777 == 0o600


async def test_no_token_can_be_read_from_the_database_and_nothing_of_a_sent_mail_stays(
    run_auth: RunAuth, database: Database, mail: MailServer, clock: SettableClock
) -> None:
    mail.answers = ["451 come again"]
    async with run_auth(database, smtp_url=mail.url) as auth:
        member = await auth.register()
        await eventually(lambda: mail.attempts == 1)
        stored = await database.system_rows(_TEXT_OF_JOBS)
        tokens = await database.system_rows("select t::text as text from mail_tokens t")
        clock.advance(minutes=5)
        auth.wake_jobs()
        token = await mail.token_to(member.email)
        await eventually(lambda: is_done(database, LETTER))

    everything = "".join(row["text"] for row in (*stored, *tokens))
    assert stored
    assert token not in everything
    assert member.email not in everything


async def test_what_a_server_will_never_take_is_set_aside_sealed_and_can_be_sent_later(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    mail.answers = ["554 never"]
    member = await auth_with_mail.register()
    await eventually(lambda: failures(database))

    [given_up] = await failures(database)
    assert (given_up["error"], given_up["attempts"], mail.messages) == ("SMTP 554", 1, [])
    [stored] = await database.system_rows(_TEXT_OF_JOBS)
    assert member.email not in stored["text"]

    async with database.system_work() as work:
        assert await JobQueue(clock).retry(work, given_up["id"])
    auth_with_mail.wake_jobs()

    await mail.letter_to(member.email)
    await eventually(lambda: is_done(database, LETTER))


async def test_a_server_that_is_away_is_tried_eight_times_in_three_hours(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    mail.answers = ["451 come again"] * 9
    await auth_with_mail.register()

    for attempt in range(1, 9):
        await eventually(lambda: mail.attempts == attempt)  # noqa: B023 - at once
        await eventually(lambda: is_at_rest(database))
        clock.advance(seconds=min(3600, 10 * 4 ** (attempt - 1)))
        auth_with_mail.wake_jobs()

    [given_up] = await failures(database)
    assert (given_up["error"], given_up["attempts"], mail.attempts) == ("SMTP 451", 8, 8)


async def test_each_attempt_has_the_same_message_id_and_date(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    mail.answers = ["451 come again"]
    member = await auth_with_mail.register()
    await eventually(lambda: mail.attempts == 1)
    await eventually(lambda: is_at_rest(database))
    clock.advance(seconds=10)
    auth_with_mail.wake_jobs()
    letter = await mail.letter_to(member.email)

    [refused] = mail.refused
    assert refused["Message-ID"] == letter["Message-ID"]
    assert refused["Date"] == letter["Date"]


async def test_a_letter_that_nobody_can_open_is_given_up_at_once(
    run_auth: RunAuth, database: Database, mail: MailServer, clock: SettableClock
) -> None:
    moved = SealedLetter(new_id(), "invitation", Seal(KEY_ENCRYPTION_SECRET, SEAL_PURPOSE).close(b"{}", place="other"))
    async with run_auth(database, smtp_url=mail.url) as auth:
        async with database.system_work() as work:
            await JobQueue(clock).add(work, MAIL_LETTER, moved)
        auth.wake_jobs()
        await eventually(lambda: failures(database))

    [given_up] = await failures(database)
    assert (given_up["error"], given_up["attempts"]) == ("SealError", 1)


async def test_a_letter_that_waits_is_sent_although_its_tenant_was_closed_meanwhile(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, owner = auth_with_mail, await auth_with_mail.register()
    await eventually(lambda: is_done(database, LETTER))
    mail.answers = ["451 come again"]
    await auth.send("POST", "/api/v1/invitations", {"email": "guest@example.com"}, who=owner.principal)
    await eventually(lambda: mail.attempts == 2)
    await eventually(lambda: is_at_rest(database))
    assert (await auth.send("DELETE", "/api/v1/tenants/current", who=owner.principal)).status == 204
    async with database.system_work() as work:  # where other services note it, and here only deletion is noted
        await note(work, owner.tenant_id, ClosureState.CLOSED, clock.now())

    clock.advance(seconds=10)
    auth.wake_jobs()

    await mail.letter_to("guest@example.com")


async def test_a_tenant_that_writes_to_many_holds_two_places_and_keeps_no_reset_from_anybody(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth = auth_with_mail
    inviter, member = await auth.register(), await auth.register()
    await eventually(lambda: is_done(database, LETTER))
    mail.hold("Somebody invites you")
    for number in range(12):
        made = await auth.send(
            "POST", "/api/v1/invitations", {"email": f"guest{number}@example.com"}, who=inviter.principal
        )
        await auth.send("DELETE", f"/api/v1/invitations/{made.data['id']}", who=inviter.principal)
    await eventually(lambda: mail.holding == 2)

    await auth.send("POST", FORGOT, {"email": member.email})
    await mail.letter_to(member.email, "new password")

    assert mail.holding == 2
    mail.release()
    await eventually(lambda: len([each for each in mail.messages if "guest" in str(each["To"])]) == 12)


async def test_a_reset_goes_before_letters_that_have_waited_longer(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    await eventually(lambda: is_done(database, LETTER))
    mail.hold("Confirm")
    for _ in range(11):
        await auth.register_unproven()
    await eventually(lambda: mail.holding == 8)
    await auth.send("POST", FORGOT, {"email": member.email})
    await eventually(lambda: is_done(database, RESET_REQUEST))
    assert not mail.letters_to(member.email, "new password")

    mail.release(1)

    await mail.letter_to(member.email, "new password")
    assert await letters_left(database, "verify_email") == 10
    mail.release()
    await eventually(lambda: is_done(database, LETTER))


async def test_a_forgotten_password_that_cannot_be_answered_is_forgotten_in_the_end(
    run_auth: RunAuth, database: Database, mail: MailServer, clock: SettableClock
) -> None:
    """Its answer would come when nobody expects it any more."""
    async with run_auth(database, smtp_url=mail.url) as auth:
        async with database.system_work() as work:
            await JobQueue(clock).add(work, KIND_OF_RESETS, ResetRequest("ada@example.com"))
            await work.execute("update jobs set attempts = $1", KIND_OF_RESETS.retry.attempts)
        auth.wake_jobs()
        await eventually(lambda: is_done(database, RESET_REQUEST))


async def test_who_asks_again_before_the_answer_has_one_request(
    auth_with_mail: AuthClient, mail: MailServer, databases: list[Database]
) -> None:
    auth, member = auth_with_mail, await auth_with_mail.register()
    async with databases[1].system_work(lock=TAKE_LOCK):  # nobody takes any
        for email in (member.email, member.email.upper(), "nobody@example.com") * 3:
            assert (await auth.send("POST", FORGOT, {"email": email})).status == 204
        waiting = await databases[0].system_rows("select from jobs where kind = $1", RESET_REQUEST)

    assert len(waiting) == 2
    await mail.letter_to(member.email, "new password")
    await eventually(lambda: is_done(databases[0], RESET_REQUEST))
    await eventually(lambda: is_done(databases[0], LETTER))
    assert len(mail.letters_to(member.email, "new password")) == 1


async def test_a_tenants_own_work_sees_no_reset_request_and_no_letter_of_another(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    ada, eve = await auth.register(), await auth.register()
    letter, jobs = SealedLetter(new_id(), "invitation", b""), JobQueue(clock)
    async with database.system_work() as work:
        later = clock.now() + timedelta(hours=1)
        await jobs.add(work, KIND_OF_RESETS, NewJob(ResetRequest(eve.email), at=later))
        await jobs.add(work, MAIL_LETTER, NewJob(letter, at=later), tenant_id=ada.tenant_id)
        await jobs.add(work, MAIL_LETTER, NewJob(letter, at=later))

    async with database.unit_of_work(eve.tenant_id) as work:
        seen = await work.rows("select from jobs")
    async with database.unit_of_work(ada.tenant_id) as work:
        own = await work.rows("select from jobs")

    assert (len(seen), len(own)) == (0, 1)


async def failures(database: Database) -> list[dict[str, Any]]:
    return await database.system_rows("select id, error, attempts from jobs where status = 'failed'")


async def is_at_rest(database: Database) -> bool:
    return await database.system_rows("select from jobs where status in ('queued', 'running')") == []


async def test_two_replicas_send_each_mail_once(run_auth: RunAuth, databases: list[Database], mail: MailServer) -> None:
    one, two = databases
    async with run_auth(one, smtp_url=mail.url) as first, run_auth(two, smtp_url=mail.url) as second:
        members = await asyncio.gather(*(each.register() for each in (first, second) * 8))
        await eventually(lambda: len(mail.messages) >= 16)

    assert sorted(str(each["To"]) for each in mail.messages) == sorted(member.email for member in members)


async def test_names_cannot_write_headers_or_markup(auth_with_mail: AuthClient, mail: MailServer) -> None:
    names = {"first_name": "Ada\r\nBcc: all@example.com", "tenant_name": "<b>Engines</b>\nSubject: x"}
    inviter = await auth_with_mail.register(**names)

    await auth_with_mail.send("POST", "/api/v1/invitations", {"email": "guest@example.com"}, who=inviter.principal)

    letter = await mail.letter_to("guest@example.com")
    assert letter["Bcc"] is None
    assert str(letter["Subject"]) == "Somebody invites you to work together at Tessera"
    assert "“Ada Bcc: all@ example. com Lovelace”" in body_of(letter, "plain")
    assert "“<b>Engines</b> Subject: x”" in body_of(letter, "plain")
    assert "<b>" not in body_of(letter, "html")
