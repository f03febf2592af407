"""The first proof of an address: an account comes back to whoever reads its mail; what opened it before does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from auth_authenticator import Authenticator, set_up_mfa
from auth_builders import PASSWORD, Member, registration
from auth_client import Answer, AuthClient
from auth_credentials import introspect, make_key, session_cookie
from auth_fakes import SettableClock
from lock_queue import until_somebody_waits
from mail_server import MailServer, token_in
from members import INVITATIONS, invite

from auth_service.address_proof.service import prove_address
from shared.db.databases import Database

AUTH = "/api/v1/auth"
NEW_PASSWORD = "another good long passphrase"

ENDS = "ends with the first proof"
GOES_WITH = "goes with what it belongs to, which ends"
DECIDED = {
    "sessions.user_id": ENDS,
    "api_keys.user_id": ENDS,
    "session_tokens.user_id": ENDS,
    "live_tickets.user_id": ENDS,
    "mail_tokens.user_id": ENDS,
    "mfa_enrolments.user_id": ENDS,
    "mfa_challenges.user_id": ENDS,
    "mfa_recovery_codes.user_id": GOES_WITH,
    "invitations.invited_by": ENDS,
    "invitations.accepted_by": "stays: history, and opens nothing",
    "memberships.user_id": "stays: tenants that it made; before the proof it joins no others",
    "former_memberships.user_id": "stays: where it was, and opens nothing",
    "user_settings.user_id": "stays: how things look",
    "data_exports.user_id": "stays: read by the account's own sessions alone, for a day",
    "audit_logs.user_id": "stays: the record of what happened",
    "idempotency_keys.user_id": "stays: repeated to the account's own sessions alone, for a day",
    "outbox.actor_id": "stays: the record of what happened",
}
"""Every column that names a user: a new one is decided about here, and ended in `address_proof.service` where it opens
the account."""


class Setup(NamedTuple):
    """What somebody leaves behind in an account with the address of somebody else."""

    account: Member
    authenticator: Authenticator
    key: str
    cookie: str
    device: str
    handover: str
    ticket: str


@pytest.fixture
async def setup(auth_with_mail: AuthClient, mail: MailServer, database: Database, clock: SettableClock) -> Setup:
    """As an account could do before its proof when that was not asked for."""
    auth = auth_with_mail
    account = await auth.register(email="victim@example.com")
    entered = await auth.login(account.email, cookie=True)
    device = next(line.partition(";")[0] for line in entered.cookies if line.startswith("tessera_device"))
    key = (await make_key(auth, account.principal))["key"]
    await invite(auth, mail, account, "accomplice@example.com", role="viewer")
    link = (await auth.send("POST", f"{AUTH}/session-token", who=account.principal)).data["url"]
    ticket = (await auth.send("POST", "/api/v1/realtime/ticket", who=account.principal)).data["ticket"]
    authenticator, _ = await set_up_mfa(auth, account.principal, clock)
    async with database.system_work() as work:
        await work.execute("update users set email_verified = false")
    assert (await auth.login(account.email)).code == "AUTH_MFA_REQUIRED"
    cookie = session_cookie(entered)
    return Setup(account, authenticator, key, cookie, device, link.rpartition("token=")[2], ticket)


async def verify(auth: AuthClient, mail: MailServer, who: Member | None = None) -> Answer:
    token = token_in((await letters(mail, "Confirm"))[0])
    return await auth.send("POST", f"{AUTH}/verify-email", {"token": token}, who=who.principal if who else None)


async def reset(auth: AuthClient, mail: MailServer) -> Answer:
    await auth.send("POST", f"{AUTH}/forgot-password", {"email": "victim@example.com"})
    token = await mail.token_to("victim@example.com", "new password")
    return await auth.send("POST", f"{AUTH}/reset-password", {"token": token, "password": NEW_PASSWORD})


async def letters(mail: MailServer, about: str) -> list:
    await mail.letter_to("victim@example.com", about)
    return mail.letters_to("victim@example.com", about)


@pytest.mark.parametrize("prove", [verify, reset])
async def test_nothing_that_was_set_up_before_opens_the_account(
    auth_with_mail: AuthClient,
    mail: MailServer,
    database: Database,
    clock: SettableClock,
    setup: Setup,
    prove: Callable[[AuthClient, MailServer], Awaitable[Answer]],
) -> None:
    auth = auth_with_mail

    assert (await prove(auth, mail)).status == 204

    password = NEW_PASSWORD if prove is reset else PASSWORD
    for kind, credential in (("api_key", setup.key), ("session_cookie", setup.cookie), ("live_ticket", setup.ticket)):
        assert (await introspect(auth, clock, kind, credential))["principal"] is None, kind
    assert (await auth.refresh(setup.account.refresh_token)).code == "AUTH_REFRESH_INVALID"
    handed = await auth.send("POST", f"{AUTH}/session-exchange", {"token": setup.handover})
    assert handed.code == "SESSION_TOKEN_EXPIRED"
    entered = await auth.send(
        "POST", f"{AUTH}/login", {"email": "victim@example.com", "password": password}, headers={"Cookie": setup.device}
    )
    assert entered.status == 200, "the foreign second factor is asked for"
    assert any(line.startswith("tessera_device") for line in entered.cookies), "the foreign device is still known"
    owner = await auth.member("victim@example.com", entered.data["tokens"])
    listed = await auth.send("GET", INVITATIONS, who=owner.principal)
    assert [each["status"] for each in listed.json["items"]] == []
    told = await database.system_rows("select type from outbox where type like 'auth.%.revoked'")
    assert {row["type"] for row in told} == {"auth.session.revoked", "auth.api_key.revoked"}


async def test_other_mailed_links_end_too(auth_with_mail: AuthClient, mail: MailServer, setup: Setup) -> None:
    auth = auth_with_mail
    verification = token_in((await letters(mail, "Confirm"))[0])

    await reset(auth, mail)
    answer = await auth.send("POST", f"{AUTH}/verify-email", {"token": verification})

    assert answer.code == "TOKEN_USED_OR_EXPIRED"


async def test_the_session_that_comes_with_the_link_goes_on_and_no_other(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock, setup: Setup
) -> None:
    auth = auth_with_mail

    assert (await verify(auth, mail, setup.account)).status == 204

    assert (await auth.refresh(setup.account.refresh_token)).status == 200
    assert (await introspect(auth, clock, "session_cookie", setup.cookie))["principal"] is None
    assert (await introspect(auth, clock, "api_key", setup.key))["principal"] is None


async def test_a_session_of_another_account_keeps_nothing_alive(
    auth_with_mail: AuthClient, mail: MailServer, setup: Setup
) -> None:
    auth, other = auth_with_mail, await auth_with_mail.register()

    assert (await verify(auth, mail, other)).status == 204

    assert (await auth.refresh(setup.account.refresh_token)).status == 401
    assert (await auth.refresh(other.refresh_token)).status == 200


async def test_an_invitation_to_the_own_address_is_the_proof(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock, setup: Setup
) -> None:
    auth, host = auth_with_mail, await auth_with_mail.register()
    token = await invite(auth, mail, host, "victim@example.com", role="admin")

    joined = await auth.send("POST", f"{INVITATIONS}/accept", {"token": token}, who=setup.account.principal)

    assert (joined.status, joined.data["user"]["email_verified"]) == (200, True)
    assert (await auth.refresh(setup.account.refresh_token)).status == 200
    assert (await introspect(auth, clock, "session_cookie", setup.cookie))["principal"] is None
    assert (await introspect(auth, clock, "api_key", setup.key))["principal"] is None


async def test_a_later_proof_ends_nothing_but_what_a_reset_ends(
    auth_with_mail: AuthClient, mail: MailServer, clock: SettableClock
) -> None:
    auth = auth_with_mail
    owner = await auth.register(email="victim@example.com")
    key = (await make_key(auth, owner.principal))["key"]
    await set_up_mfa(auth, owner.principal, clock)

    await verify(auth, mail)
    goes_on = await auth.refresh(owner.refresh_token)
    await reset(auth, mail)

    assert goes_on.status == 200
    assert (await auth.login(owner.email, NEW_PASSWORD)).code == "AUTH_MFA_REQUIRED"
    assert (await introspect(auth, clock, "api_key", key))["principal"] is not None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/api-keys", {"name": "robot", "scopes": ["*:read"]}),
        (INVITATIONS, {"email": "x@example.com"}),
        ("/api/v1/users", {"email": "x@example.com", "first_name": "A", "last_name": "B"}),
    ],
)
async def test_before_the_proof_nothing_is_set_up_and_nobody_invited(
    auth_with_mail: AuthClient, mail: MailServer, path: str, body: dict[str, object]
) -> None:
    auth, somebody = auth_with_mail, await auth_with_mail.register_unproven(email="victim@example.com")

    before = await auth.send("POST", path, body, who=somebody.principal)
    await verify(auth, mail, somebody)
    after = await auth.send("POST", path, body, who=somebody.principal)

    assert (before.status, before.code) == (403, "EMAIL_NOT_VERIFIED")
    assert after.status == 201


async def test_before_the_proof_no_other_tenant_is_joined_and_the_token_stays_good(
    auth_with_mail: AuthClient, mail: MailServer
) -> None:
    auth, host = auth_with_mail, await auth_with_mail.register()
    somebody = await auth.register_unproven()
    token = await invite(auth, mail, host, "guest@example.com")

    refused = [
        await auth.send("POST", f"{INVITATIONS}/accept", {"token": token}, who=somebody.principal),
        await auth.login(somebody.email, invitation_token=token),
        await auth.send("POST", f"{AUTH}/register", registration(invitation_token=token)),
    ]
    guest = await auth.register_unproven(email="guest@example.com", invitation_token=token)

    assert [(each.status, each.code) for each in refused] == [(403, "EMAIL_NOT_VERIFIED")] * 3
    assert guest.tenant_id == host.tenant_id


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/api-keys", {"name": "robot", "scopes": ["*:read"]}),
        (INVITATIONS, {"email": "x@example.com"}),
        ("/api/v1/users/me/mfa", None),
    ],
)
async def test_what_an_ended_session_sets_up_at_the_moment_of_the_proof_does_not_outlive_it(
    auth: AuthClient, database: Database, clock: SettableClock, path: str, body: dict[str, object] | None
) -> None:
    somebody = await auth.register_unproven()

    async with database.system_work() as work:
        await prove_address(work, somebody.principal.user_id, clock.now())
        trying = asyncio.create_task(auth.send("POST", path, body, who=somebody.principal))
        await until_somebody_waits(database)
    answer = await trying

    assert (answer.status, answer.code) == (401, "AUTH_SESSION_REVOKED")
    for table in ("api_keys", "invitations", "mfa_enrolments"):
        assert await database.system_rows(f"select from {table}") == []


async def test_of_two_proofs_at_once_one_ends_what_was_before_and_both_are_right(
    auth_with_mail: AuthClient, mail: MailServer, database: Database
) -> None:
    auth, somebody = auth_with_mail, await auth_with_mail.register_unproven(email="victim@example.com")
    await auth.send("POST", f"{AUTH}/resend-verification", who=somebody.principal)
    host = await auth.register()
    invitation = await invite(auth, mail, host, "victim@example.com")

    proven = await asyncio.gather(
        verify(auth, mail, somebody),
        auth.send("POST", f"{INVITATIONS}/accept", {"token": invitation}, who=somebody.principal),
    )

    assert proven[1].status == 200
    assert proven[0].status in (204, 410)
    [row] = await database.system_rows(
        "select version, email_verified from users where email_identity = $1", somebody.email
    )
    assert row == {"version": 2, "email_verified": True}


async def test_every_column_that_names_a_user_is_decided_about(database: Database) -> None:
    rows = await database.system_rows(
        "select c.table_name || '.' || c.column_name as place from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type = 'uuid'"
        " and c.column_name in ('user_id', 'actor_id', 'invited_by', 'accepted_by', 'owner_id', 'created_by')"
    )

    assert {row["place"] for row in rows} == DECIDED.keys()
