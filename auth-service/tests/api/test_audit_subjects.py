"""Of requests without a credential auth-service tells the gateway whom they were about, and nothing to anybody else."""

from auth_builders import PASSWORD, registration
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock
from mail_server import MailServer

from shared.audit import SUBJECT_HEADER, AuditSubject, read_subject


def subject_of(answer: Answer) -> AuditSubject | None:
    value = answer.headers.get(SUBJECT_HEADER.lower())
    return None if value is None else read_subject(value.encode())


async def test_registering_and_signing_in_name_the_session_that_begins(auth: AuthClient) -> None:
    body = registration()
    registered = await auth.send("POST", "/api/v1/auth/register", body)
    ada = await auth.member(body["email"], registered.data["tokens"])

    entered = subject_of(await auth.login(ada.email))

    assert subject_of(registered) == AuditSubject(ada.tenant_id, ada.principal.user_id, ada.principal.session_id)
    assert entered is not None
    assert (entered.tenant_id, entered.user_id) == (ada.tenant_id, ada.principal.user_id)
    assert entered.session_id not in (None, ada.principal.session_id)


async def test_a_failed_sign_in_names_the_account_it_was_tried_on(auth: AuthClient) -> None:
    ada, other = await auth.register(), await auth.register()

    wrong = await auth.login(ada.email, "not the password")
    unknown = await auth.login("nobody@example.com")
    elsewhere = await auth.login(ada.email, "not the password", tenant_id=str(other.tenant_id))

    assert {wrong.status, unknown.status, elsewhere.status} == {401}
    assert subject_of(wrong) == AuditSubject(ada.tenant_id, ada.principal.user_id)
    assert subject_of(unknown) is None
    assert subject_of(elsewhere) == AuditSubject(None, ada.principal.user_id)


async def test_the_reuse_of_a_refresh_token_is_told_apart(auth: AuthClient, clock: SettableClock) -> None:
    ada = await auth.register()
    refreshed = await auth.refresh(ada.refresh_token)
    clock.advance(seconds=30)

    reused = await auth.refresh(ada.refresh_token)

    mine = ada.tenant_id, ada.principal.user_id, ada.principal.session_id
    assert subject_of(refreshed) == AuditSubject(*mine)
    assert reused.code == "AUTH_REFRESH_REUSED"
    assert subject_of(reused) == AuditSubject(*mine, "auth.refresh_reused")


async def test_a_mailed_link_names_its_owner(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth = auth_with_mail
    ada = await auth.register()
    await auth.send("POST", "/api/v1/auth/forgot-password", {"email": ada.email})
    token = await mail.token_to(ada.email, "assword")

    answer = await auth.send("POST", "/api/v1/auth/reset-password", {"token": token, "password": PASSWORD + "!"})

    assert answer.status == 204
    assert subject_of(answer) == AuditSubject(ada.tenant_id, ada.principal.user_id)


async def test_what_one_request_was_about_does_not_stick_to_the_connection(auth: AuthClient) -> None:
    ada = await auth.register()
    await auth.login(ada.email)

    after = [await auth.login("nobody@example.com") for _ in range(3)]

    assert [subject_of(answer) for answer in after] == [None, None, None]
