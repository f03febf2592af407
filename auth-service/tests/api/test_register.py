"""Registering, through the public door."""

import asyncio

import pytest
from auth_builders import PASSWORD, registration
from auth_client import AuthClient, RunAuth

from shared.db.databases import Database

REGISTER = "/api/v1/auth/register"


async def test_registering_gives_a_user_a_tenant_of_their_own_and_tokens(auth: AuthClient) -> None:
    body = registration(tenant_name="Analytical Engines")

    answer = await auth.send("POST", REGISTER, body)

    assert answer.status == 201
    assert answer.headers["location"] == "/api/v1/users/me"
    user, tenant = answer.data["user"], answer.data["tenant"]
    assert (user["email"], user["full_name"], user["role"]) == (body["email"], "Ada Lovelace", "owner")
    assert (tenant["name"], tenant["slug"], tenant["tier"]) == ("Analytical Engines", "analytical-engines", "free")
    assert user["tenant_id"] == tenant["id"]
    assert not user["is_platform_admin"]
    assert set(answer.data["tokens"]) == {
        "access_token", "refresh_token", "token_type", "expires_at", "refresh_expires_at",
    }  # fmt: skip


async def test_the_access_token_is_good_for_exactly_this_user_and_tenant(auth: AuthClient) -> None:
    body = registration()
    answer = await auth.send("POST", REGISTER, body)

    member = await auth.member(body["email"], answer.data["tokens"])

    assert str(member.principal.user_id) == answer.data["user"]["id"]
    assert str(member.principal.tenant_id) == answer.data["tenant"]["id"]
    assert member.principal.role == "owner"


async def test_a_tenant_without_a_name_is_named_after_its_founder(auth: AuthClient) -> None:
    answer = await auth.send("POST", REGISTER, registration())

    assert answer.data["tenant"]["name"] == "Ada's workspace"
    assert answer.data["tenant"]["slug"].startswith("adas-workspace")


async def test_two_tenants_of_one_name_get_different_slugs(auth: AuthClient) -> None:
    first = await auth.send("POST", REGISTER, registration(tenant_name="Engines"))
    second = await auth.send("POST", REGISTER, registration(tenant_name="Engines"))

    assert first.data["tenant"]["slug"] == "engines"
    assert second.data["tenant"]["slug"].startswith("engines-")


async def test_one_address_has_one_account_however_it_is_spelled(auth: AuthClient) -> None:
    await auth.send("POST", REGISTER, registration(email="Ada@Example.com"))

    answer = await auth.send("POST", REGISTER, registration(email="ada@example.com"))

    assert (answer.status, answer.code) == (409, "AUTH_EMAIL_TAKEN")


async def test_of_twenty_parallel_registrations_of_one_address_exactly_one_wins(
    auth: AuthClient, database: Database
) -> None:
    body = registration()

    answers = await asyncio.gather(*(auth.send("POST", REGISTER, body) for _ in range(20)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    assert await count(database, "users") == await count(database, "tenants") == await count(database, "sessions") == 1


async def test_the_new_tenant_and_its_first_member_are_told_in_the_same_transaction(
    auth: AuthClient, database: Database
) -> None:
    member = await auth.register()

    events = await database.system_rows("select type, subject, tenant_id, topics::text from outbox order by seq")

    assert [event["type"] for event in events] == ["auth.tenant.created", "auth.membership.added"]
    assert {event["tenant_id"] for event in events} == {member.tenant_id}
    assert f"user:{member.principal.user_id}" in events[1]["topics"]


async def test_a_refused_registration_leaves_nothing_behind(auth: AuthClient, database: Database) -> None:
    await auth.register(email="ada@example.com")

    await auth.send("POST", REGISTER, registration(email="ada@example.com"))

    assert await count(database, "tenants") == 1
    assert await count(database, "outbox") == 2


@pytest.mark.parametrize("mode", ["invite", "admin"])
async def test_a_closed_door_stays_closed(run_auth: RunAuth, database: Database, mode: str) -> None:
    async with run_auth(database, registration_mode=mode) as auth:
        answer = await auth.send("POST", REGISTER, registration())

    assert (answer.status, answer.code) == (403, "REGISTRATION_CLOSED")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("password", "short", "too_short"),
        ("password", "x" * 257, "too_long"),
        ("password", "Password123", "too_common"),
        ("email", "not-an-address", "invalid_format"),
        ("email", "a\u202eb@example.com", "invalid_format"),
        ("email", "a\u200bb@example.com", "invalid_format"),
        ("email", "a" * 250 + "@example.com", "too_long"),
        ("first_name", "", "too_short"),
        ("first_name", "   ", "invalid_format"),
        ("tenant_name", "x" * 101, "too_long"),
    ],
)
async def test_a_wrong_field_is_named(auth: AuthClient, field: str, value: str, code: str) -> None:
    answer = await auth.send("POST", REGISTER, registration(**{field: value}))

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
    assert answer.wrong_fields == {field: code}


async def test_all_wrong_fields_are_named_at_once(auth: AuthClient) -> None:
    answer = await auth.send("POST", REGISTER, registration(email="nobody", password="password123"))

    assert answer.wrong_fields == {"email": "invalid_format", "password": "too_common"}


@pytest.mark.parametrize(
    "field", ["role", "tenant_id", "tier", "is_platform_admin", "id", "is_active", "email_verified"]
)
async def test_nobody_registers_with_more_rights_than_they_are_given(auth: AuthClient, field: str) -> None:
    answer = await auth.send("POST", REGISTER, registration(**{field: "owner"}))

    assert answer.status == 422
    assert answer.wrong_fields == {field: "unknown"}


async def test_a_repeat_with_an_idempotency_key_is_not_replayed_since_answers_carry_credentials(
    auth: AuthClient, database: Database
) -> None:
    body, key = registration(), {"Idempotency-Key": "once"}
    await auth.send("POST", REGISTER, body, headers=key)

    answer = await auth.send("POST", REGISTER, body, headers=key)

    assert answer.code == "AUTH_EMAIL_TAKEN"
    assert await count(database, "idempotency_keys") == 0


async def test_neither_password_nor_token_is_stored_or_told(auth: AuthClient, database: Database) -> None:
    member = await auth.register()

    rows = [
        *await database.system_rows("select u::text as text from users u"),
        *await database.system_rows("select s::text as text from sessions s"),
        *await database.system_rows("select o::text as text from outbox o"),
    ]

    everything = "".join(row["text"] for row in rows)
    assert PASSWORD not in everything
    assert member.refresh_token not in everything


async def count(database: Database, table: str) -> int:
    [row] = await database.system_rows(f"select count(*) as number from {table}")
    number: int = row["number"]
    return number
