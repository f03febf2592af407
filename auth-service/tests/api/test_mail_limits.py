"""How much mail goes to one address, and how much one user or tenant causes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from auth_authenticator import MFA, set_up_mfa
from auth_builders import Member, registration
from auth_client import Answer, AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer
from members import INVITATIONS, wanting
from queued import LETTER, RESET_REQUEST, is_done, letters_left

from shared.db.databases import Database
from shared.events.questions import InvitationRoom
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.testing.eventually import eventually

FORGOT, RESEND = "/api/v1/auth/forgot-password", "/api/v1/auth/resend-verification"


@pytest.fixture
async def limited(run_auth: RunAuth, database: Database, mail: MailServer) -> AsyncIterator[AuthClient]:
    async with run_auth(database, smtp_url=mail.url, mail_limit_scale=1) as auth:
        yield auth


async def invited(auth: AuthClient, inviter: Member, email: str) -> Answer:
    """Withdrawn at once: there is a seat for the next."""
    answer = await auth.send("POST", INVITATIONS, {"email": email}, who=inviter.principal)
    if answer.status == 201:
        await auth.send("DELETE", f"{INVITATIONS}/{answer.data['id']}", who=inviter.principal)
    return answer


async def test_a_list_of_strangers_is_not_mailed_by_one_sender(
    limited: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, mallory = limited, await limited.register()

    answers = [await invited(auth, mallory, f"stranger{number}@example.com") for number in range(25)]

    assert Counter(answer.status for answer in answers) == {201: 20, 429: 5}
    assert answers[-1].code == "RATE_LIMIT_EXCEEDED"
    assert 3590 < int(answers[-1].headers["retry-after"]) <= 3600
    await eventually(lambda: is_done(database, LETTER))
    assert len(mail.letters_to("stranger19@example.com")) == 1
    assert not mail.letters_to("stranger20@example.com")
    clock.advance(hours=1)
    assert (await invited(auth, mallory, "stranger20@example.com")).status == 201


async def test_a_day_has_a_limit_of_its_own(limited: AuthClient, clock: SettableClock) -> None:
    auth, mallory = limited, await limited.register()
    counted: Counter[int] = Counter()

    for hour in range(4):
        answers = [await invited(auth, mallory, f"stranger{hour}-{number}@example.com") for number in range(20)]
        counted.update(answer.status for answer in answers)
        clock.advance(hours=1)

    assert counted == {201: 60, 429: 20}


@pytest.mark.parametrize("has_account", [True, False])
async def test_one_address_is_not_flooded_by_many_senders_whether_or_not_it_has_an_account(
    limited: AuthClient, mail: MailServer, has_account: bool
) -> None:
    auth, email = limited, "victim@example.com"
    if has_account:
        await auth.register(email=email)
    senders = [await auth.register() for _ in range(5)]

    answers = [await invited(auth, sender, spelt) for sender, spelt in zip(senders, spellings(email), strict=True)]

    assert [answer.status for answer in answers] == [201, 201, 201, 429, 429]
    assert {answer.code for answer in answers[3:]} == {"RATE_LIMIT_EXCEEDED"}


def spellings(email: str) -> list[str]:
    """They reach one mailbox."""
    return [email, email.upper(), email.replace("@", "+a@"), email.replace("@", "+b@"), email]


async def test_parallel_invitations_on_two_replicas_never_exceed_the_limit(
    run_auth: RunAuth, databases: list[Database], mail: MailServer
) -> None:
    async with (
        run_auth(databases[0], mail_limit_scale=1) as one,
        run_auth(databases[1], mail_limit_scale=1) as other,
    ):
        senders = [await one.register() for _ in range(8)]

        answers = await asyncio.gather(
            *(invited(auth, sender, "victim@example.com") for sender in senders for auth in (one, other))
        )

    assert Counter(answer.status for answer in answers) == {201: 3, 429: 13}


async def test_accounts_made_for_others_count_as_invitations_do(limited: AuthClient) -> None:
    auth, admin = limited, await limited.register()
    for number in range(20):
        await invited(auth, admin, f"stranger{number}@example.com")
    body = {"email": "one-more@example.com", "first_name": "One", "last_name": "More", "role": "viewer"}

    answer = await auth.send("POST", "/api/v1/users", body, who=admin.principal)

    assert (answer.status, answer.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert (await auth.send("GET", "/api/v1/users", who=admin.principal)).json["total"] == 1


async def test_a_project_that_has_people_invited_is_limited_alike(
    limited: AuthClient, bus: MemoryBus, mail: MailServer
) -> None:
    auth, owner = limited, await limited.register()
    room = InvitationRoom(tenant_id=owner.tenant_id, email="guest@example.com", invited_by=owner.principal.user_id)
    await Requests(bus).ask(room)
    for number in range(20):
        await invited(auth, owner, f"stranger{number}@example.com")

    with pytest.raises(Exception, match="Too many requests") as refused:
        await Requests(bus).ask(room)
    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")])
    await bus.publish([wanting(owner.tenant_id, owner.principal.user_id, "guest@example.com")])

    assert int(getattr(refused.value, "headers")["Retry-After"]) > 0  # noqa: B009 - of an error by its code
    assert (await auth.send("GET", INVITATIONS, who=owner.principal)).json["total"] == 0
    assert not mail.letters_to("guest@example.com")


async def test_whoever_uses_up_invitations_to_somebody_keeps_no_recovery_from_them(
    limited: AuthClient, mail: MailServer
) -> None:
    auth, victim = limited, await limited.register()
    mallory = await auth.register()
    for _ in range(4):
        last = await invited(auth, mallory, victim.email)
    assert last.status == 429

    assert (await auth.send("POST", FORGOT, {"email": victim.email})).status == 204

    await mail.letter_to(victim.email, "new password")


async def test_confirmation_is_mailed_a_few_times_a_day_and_always_answered_alike(
    limited: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, member = limited, await limited.register_unproven()
    await eventually(lambda: len(mail.letters_to(member.email, "Confirm")) == 1)

    answers = []
    for _ in range(4):
        for _ in range(4):
            answers.append(await auth.send("POST", RESEND, who=member.principal))
            await database.system_rows("delete from mail_tokens returning digest")  # as if all were used
        await eventually(lambda: is_done(database, LETTER))
        clock.advance(hours=1)

    assert {(answer.status, answer.body) for answer in answers} == {(204, b"")}
    await eventually(lambda: len(mail.letters_to(member.email, "Confirm")) == 6)
    assert await letters_left(database, "verify_email") == 0


async def test_recovery_is_never_used_up_for_longer_than_its_links_live(
    limited: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, member = limited, await limited.register()
    answers = []
    for hour in range(1, 9):
        for _ in range(4):
            answers.append(await auth.send("POST", FORGOT, {"email": member.email}))
            await eventually(lambda: is_done(database, RESET_REQUEST))
        await eventually(lambda: is_done(database, LETTER))
        assert len(mail.letters_to(member.email, "new password")) == 3 * hour
        clock.advance(hours=1)

    assert {answer.status for answer in answers} == {204}


async def test_other_spellings_of_an_address_use_up_nothing_of_its_owners_recovery(
    limited: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, victim = limited, await limited.register(email="victim@example.com")
    for tag in ("a", "b"):
        await auth.register_unproven(email=f"victim+{tag}@example.com")
        for _ in range(4):
            await auth.send("POST", FORGOT, {"email": f"victim+{tag}@example.com"})
            await eventually(lambda: is_done(database, RESET_REQUEST))

    assert (await auth.send("POST", FORGOT, {"email": victim.email})).status == 204

    await mail.letter_to(victim.email, "new password")


async def test_other_spellings_of_an_address_use_up_nothing_of_its_warnings(
    limited: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth, victim = limited, await limited.register(email="victim@example.com")
    other = await auth.register_unproven(email="victim+a@example.com")
    for _ in range(6):
        await switch_on_and_off(auth, other, clock)

    await switch_on_and_off(auth, victim, clock)

    await mail.letter_to(victim.email, "sign-in is off")


async def switch_on_and_off(auth: AuthClient, who: Member, clock: SettableClock) -> None:
    """Each of both is warned about."""
    app, _ = await set_up_mfa(auth, who.principal, clock)
    removed = await auth.send("DELETE", MFA, {"code": app.next_code()}, who=who.principal)
    assert removed.status == 204, removed


async def test_addresses_with_tags_are_proven_each(limited: AuthClient, mail: MailServer) -> None:
    for number in range(8):
        await limited.register_unproven(email=f"tester+{number}@example.com")

    for number in range(8):
        await mail.letter_to(f"tester+{number}@example.com", "Confirm")


async def test_a_mailbox_gets_few_confirmations_for_its_tags_and_one_for_its_own_address(
    limited: AuthClient, mail: MailServer, database: Database
) -> None:
    for number in range(22):
        await limited.register_unproven(email=f"victim+{number}@example.com")
    await limited.register_unproven(email="victim@example.com")

    await mail.letter_to("victim@example.com", "Confirm")
    await eventually(lambda: is_done(database, LETTER))
    assert sum(bool(mail.letters_to(f"victim+{number}@example.com")) for number in range(22)) == 20


async def test_what_is_not_mailed_uses_up_no_link(
    limited: AuthClient, mail: MailServer, database: Database, clock: SettableClock
) -> None:
    auth, member = limited, await limited.register_unproven()
    for _ in range(2):
        await auth.send("POST", RESEND, who=member.principal)
    await database.system_rows("delete from mail_tokens returning digest")  # as if all were used
    for _ in range(4):
        await auth.send("POST", RESEND, who=member.principal)
    left_out = await database.system_rows("select from mail_tokens")
    await eventually(lambda: is_done(database, LETTER))
    clock.advance(hours=1)
    await auth.send("POST", RESEND, who=member.principal)

    assert left_out == []
    await eventually(lambda: len(mail.letters_to(member.email, "Confirm")) == 4)


async def test_a_recovery_that_is_not_mailed_uses_up_no_link(limited: AuthClient, database: Database) -> None:
    auth, member = limited, await limited.register()
    for number in range(5):
        await auth.send("POST", FORGOT, {"email": member.email})
        await eventually(lambda: is_done(database, RESET_REQUEST))
        if number == 2:
            await database.system_rows("delete from mail_tokens returning digest")  # as if all were used

    assert await database.system_rows("select from mail_tokens where purpose = 'set_password'") == []


async def test_one_network_asks_about_few_forgotten_passwords_whatever_the_addresses(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        answers = [await auth.send("POST", FORGOT, {"email": f"nobody{n}@example.com"}) for n in range(22)]
        clock.advance(hours=1)
        later = await auth.send("POST", FORGOT, {"email": "nobody@example.com"})

    assert [answer.status for answer in answers] == [204] * 20 + [429] * 2
    assert later.status == 204


async def test_one_network_registers_few_addresses_a_day(
    run_auth: RunAuth, database: Database, clock: SettableClock
) -> None:
    async with run_auth(database, rate_limit_scale=1) as auth:
        statuses: Counter[int] = Counter()
        for _ in range(8):
            for _ in range(3):
                statuses[(await auth.send("POST", "/api/v1/auth/register", registration())).status] += 1
            clock.advance(hours=1)

    assert statuses == {201: 20, 429: 4}


async def test_a_tenants_own_work_sees_counters_of_mail_and_no_others(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database) as auth:
        member = await auth.register()
        await auth.login(member.email, "not it at all")
        await invited(auth, member, "guest@example.com")
        all_keys = {row["key"] for row in await database.system_rows("select key from attempt_windows")}
        async with database.unit_of_work(member.tenant_id) as work:
            seen = {row["key"] for row in await work.rows("select key from attempt_windows")}

    assert seen == {key for key in all_keys if key.startswith("mail ")}
    assert len(seen) < len(all_keys)
