"""One's own profile."""

import asyncio

import pytest
from auth_client import AuthClient

from shared.db.databases import Database

ME = "/api/v1/users/me"


async def test_the_profile_has_the_same_face_at_both_addresses(auth: AuthClient) -> None:
    member = await auth.register()

    one = await auth.send("GET", ME, who=member.principal)
    other = await auth.send("GET", "/api/v1/auth/me", who=member.principal)

    assert one.status == 200
    assert one.body == other.body
    assert set(one.data) == {
        "id", "tenant_id", "email", "first_name", "last_name", "full_name", "display_name", "avatar_url", "role",
        "is_active", "email_verified", "is_platform_admin", "tier", "subscription_status", "subscription_id",
        "renews_at", "ends_at", "last_login_at", "preferences", "version", "created_at", "updated_at",
    }  # fmt: skip


async def test_an_unchanged_profile_need_not_be_sent_again(auth: AuthClient) -> None:
    member = await auth.register()
    first = await auth.send("GET", ME, who=member.principal)

    answer = await auth.send("GET", ME, who=member.principal, headers={"If-None-Match": first.headers["etag"]})

    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_only_the_fields_that_are_sent_change(auth: AuthClient, method: str) -> None:
    member = await auth.register()
    await auth.send("PATCH", ME, {"display_name": "ada"}, who=member.principal)

    answer = await auth.send(method, ME, {"first_name": "Augusta"}, who=member.principal)

    user = answer.data
    assert (user["full_name"], user["display_name"], user["version"]) == ("Augusta Lovelace", "ada", 3)


async def test_null_clears_what_may_be_empty(auth: AuthClient) -> None:
    member = await auth.register()
    await auth.send(
        "PATCH", ME, {"display_name": "ada", "avatar_url": "https://example.com/a.png"}, who=member.principal
    )

    user = (await auth.send("PATCH", ME, {"display_name": None, "avatar_url": None}, who=member.principal)).data

    assert (user["display_name"], user["avatar_url"]) == (None, None)


async def test_preferences_merge_member_by_member(auth: AuthClient) -> None:
    member = await auth.register()
    await auth.send("PATCH", ME, {"preferences": {"a": {"x": 1, "y": 2}, "b": True}}, who=member.principal)

    merged = await auth.send("PATCH", ME, {"preferences": {"a": {"x": None, "z": 3}}}, who=member.principal)
    cleared = await auth.send("PATCH", ME, {"preferences": None}, who=member.principal)

    assert merged.data["preferences"] == {"a": {"y": 2, "z": 3}, "b": True}
    assert cleared.data["preferences"] == {}


async def test_parallel_patches_of_different_preferences_lose_nothing(auth: AuthClient) -> None:
    member = await auth.register()

    await asyncio.gather(
        *(auth.send("PATCH", ME, {"preferences": {f"key{n}": n}}, who=member.principal) for n in range(8))
    )

    user = (await auth.send("GET", ME, who=member.principal)).data
    assert user["preferences"] == {f"key{n}": n for n in range(8)}
    assert user["version"] == 9


@pytest.mark.parametrize("patch", [{}, {"first_name": "Ada"}, {"preferences": {"absent": None}}])
async def test_a_patch_that_changes_nothing_is_fine(auth: AuthClient, patch: dict[str, object]) -> None:
    member = await auth.register()

    answer = await auth.send("PATCH", ME, patch, who=member.principal)

    assert (answer.status, answer.data["version"]) == (200, 1)


async def test_of_two_writers_with_one_version_the_second_is_shown_what_is_there(auth: AuthClient) -> None:
    member = await auth.register()
    seen = (await auth.send("GET", ME, who=member.principal)).headers["etag"]

    first = await auth.send("PATCH", ME, {"first_name": "A"}, who=member.principal, headers={"If-Match": seen})
    second = await auth.send("PATCH", ME, {"first_name": "B"}, who=member.principal, headers={"If-Match": seen})

    assert first.status == 200
    assert (second.status, second.code) == (412, "PRECONDITION_FAILED")
    assert second.json["error"]["details"]["current"] == first.data


@pytest.mark.parametrize(
    "field",
    [
        "email",
        "role",
        "password",
        "tenant_id",
        "tier",
        "is_platform_admin",
        "id",
        "is_active",
        "version",
        "email_verified",
    ],
)
async def test_what_is_not_of_the_profile_cannot_be_patched(auth: AuthClient, field: str) -> None:
    member = await auth.register()

    answer = await auth.send("PATCH", ME, {field: "x"}, who=member.principal)

    assert answer.status == 422
    assert answer.wrong_fields == {field: "unknown"}


@pytest.mark.parametrize(
    ("patch", "wrong"),
    [
        ({"first_name": None}, {"first_name": "wrong_type"}),
        ({"avatar_url": "javascript:alert(1)"}, {"avatar_url": "invalid_format"}),
        ({"avatar_url": "https://user:secret@example.com/"}, {"avatar_url": "invalid_format"}),
        ({"preferences": {"blob": "x" * 17_000}}, {"preferences": "too_long"}),
        ({"preferences": []}, {"preferences": "wrong_type"}),
    ],
)
async def test_a_wrong_patch_says_what_is_wrong(
    auth: AuthClient, patch: dict[str, object], wrong: dict[str, str]
) -> None:
    member = await auth.register()

    answer = await auth.send("PATCH", ME, patch, who=member.principal)

    assert answer.status == 422
    assert answer.wrong_fields == wrong


async def test_without_an_identity_there_is_no_profile(auth: AuthClient) -> None:
    assert (await auth.send("GET", ME)).code == "AUTH_REQUIRED"
    assert (await auth.send("PATCH", ME, {})).code == "AUTH_REQUIRED"


async def test_whoever_has_left_the_tenant_is_not_found_in_it(auth: AuthClient, database: Database) -> None:
    member = await auth.register()
    async with database.system_work() as work:
        await work.execute("delete from memberships")

    answer = await auth.send("GET", ME, who=member.principal)

    assert (answer.status, answer.code) == (404, "USER_NOT_FOUND")
