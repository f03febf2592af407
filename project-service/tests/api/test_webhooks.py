"""Who may have webhooks, where they may lead, and what is told of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient
from project_people import is_known

from project_service.webhooks.domain import MAX_WEBHOOKS
from shared.events.auth import UserUpdated
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.testing.eventually import eventually
from shared.testing.members import joined, tell, user

WEBHOOKS = "/api/v1/webhooks"
URL = "https://hooks.example.com/tessera?token=1"


async def new_webhook(client: ProjectClient, who: Principal, **fields: Any) -> dict[str, Any]:
    return await client.create(WEBHOOKS, {"url": URL, "events": ["*"], **fields}, who=who)


async def test_the_secret_is_shown_once_and_by_each_rotation(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)

    made = await new_webhook(client, ada)
    path = f"{WEBHOOKS}/{made['id']}"
    read = await client.send("GET", path, who=ada)
    rotated = await client.send("POST", f"{path}/rotate-secret", who=ada)

    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == 50
    assert {**read.data, "secret": made["secret"]} == made
    assert rotated.data["secret"] != made["secret"]
    assert rotated.headers["cache-control"] == "no-store"
    assert rotated.data["version"] == 2


async def test_a_repeat_makes_neither_a_second_webhook_nor_a_third_secret(client: ProjectClient) -> None:
    ada, body = person(Role.ADMIN), {"url": URL, "events": ["*"]}
    one, other = {"Idempotency-Key": "1"}, {"Idempotency-Key": "2"}

    made = [await client.send("POST", WEBHOOKS, body, who=ada, headers=one) for _ in range(2)]
    path = f"{WEBHOOKS}/{made[0].data['id']}/rotate-secret"
    rotated = [await client.send("POST", path, who=ada, headers=other) for _ in range(2)]

    assert made[0].data == made[1].data
    assert made[0].headers["location"] == made[1].headers["location"]
    assert rotated[0].data == rotated[1].data
    assert rotated[0].data["secret"] != made[0].data["secret"]
    async with client.database.unit_of_work(ada.tenant_id) as work:
        kept = await work.rows("select body from idempotency_keys")
    assert len(kept) == 2
    assert not [row for row in kept if b"whsec_" in row["body"]]


async def test_secrets_rest_sealed(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    made = await new_webhook(client, ada)

    async with client.database.unit_of_work(ada.tenant_id) as work:
        [row] = await work.rows("select w::text as text, secret from webhooks w")

    assert made["secret"].removeprefix("whsec_") not in row["text"]
    assert len(row["secret"]) > 32


async def test_a_webhook_of_the_tenant_is_for_its_owners_and_admins(client: ProjectClient) -> None:
    answers = [await client.send("POST", WEBHOOKS, {"url": URL, "events": ["*"]}, who=person(role)) for role in Role]

    assert [answer.status for answer in answers] == [201, 201, 403, 403, 403]


async def test_a_key_that_may_not_read_all_does_not_get_it_by_a_webhook(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    made = await new_webhook(client, ada)
    body = {"url": URL, "events": ["*"]}
    keys = [
        msgspec.structs.replace(ada, scopes=scopes) for scopes in (("webhooks:write",), ("webhooks:write", "*:read"))
    ]

    added = [await client.send("POST", WEBHOOKS, body, who=key) for key in keys]
    changed = [await client.send("PATCH", f"{WEBHOOKS}/{made['id']}", body, who=key) for key in keys]

    assert [answer.status for answer in (*added, *changed)] == [403, 201, 403, 200]


async def test_owners_of_a_project_manage_its_webhooks_and_no_others(client: ProjectClient) -> None:
    admin, ada, ben = person(Role.ADMIN), person(), person(Role.DEVELOPER)
    project = await client.new_project(ada, visibility="tenant")
    await client.join(project, ben, "editor")
    body = {"url": URL, "events": ["task.*"], "project_id": project["id"]}
    of_tenant = await new_webhook(client, admin)
    of_project = await client.create(WEBHOOKS, body, who=ada)

    refused = await client.send("POST", WEBHOOKS, body, who=ben)
    listed = {who.user_id: (await client.send("GET", WEBHOOKS, who=who)).items for who in (admin, ada, ben)}

    assert (refused.status, refused.code) == (403, "AUTH_FORBIDDEN")
    assert [each["id"] for each in listed[admin.user_id]] == [of_project["id"], of_tenant["id"]]
    assert [each["id"] for each in listed[ada.user_id]] == [of_project["id"]]
    assert listed[ben.user_id] == []


async def test_a_project_that_is_not_theirs_is_no_project(client: ProjectClient) -> None:
    ada, ben = person(), person()
    private = await client.new_project(ben)

    answers = [
        await client.send("POST", WEBHOOKS, {"url": URL, "events": ["*"], "project_id": project_id}, who=ada)
        for project_id in (private["id"], str(new_id()))
    ]

    assert answers[0].without_trace == answers[1].without_trace
    assert answers[0].wrong_fields == {"project_id": "not_found"}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://2130706433/", "http://[::1]/", "ftp://example.com/", "https://a:b@example.com/",
     "http://localhost/", "http://169.254.169.254/latest", "javascript:alert(1)", "https://exa mple.com/", "//x.com"],
)  # fmt: skip
async def test_an_address_that_is_seen_to_be_wrong_is_refused(client: ProjectClient, url: str) -> None:
    ada = person(Role.ADMIN)
    made = await new_webhook(client, ada)

    posted = await client.send("POST", WEBHOOKS, {"url": url, "events": ["*"]}, who=ada)
    patched = await client.send("PATCH", f"{WEBHOOKS}/{made['id']}", {"url": url}, who=ada)

    assert posted.wrong_fields.keys() == patched.wrong_fields.keys() == {"url"}


async def test_all_that_is_wrong_is_told_at_once(client: ProjectClient) -> None:
    body = {"url": "http://10.0.0.1/", "events": ["task.updated", "task.vanished", "message.added", "session.*"]}

    answer = await client.send("POST", WEBHOOKS, body, who=person(Role.ADMIN))

    assert answer.status == 422
    assert answer.wrong_fields == {
        "url": "invalid", "events.1": "unknown", "events.2": "unknown", "events.3": "unknown"
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"events": []}, {"events": None}, {"url": "http://a.example/\0"}, {"secret": "whsec_AAAA"}, {"tenant_id": "x"},
     {"project_id": "1"}, {"active": None}, {"events": ["*"] * 101}, {"url": "https://a.example/" + "x" * 2048}],
)  # fmt: skip
async def test_bad_bodies_are_refused(client: ProjectClient, wrong: dict[str, Any]) -> None:
    answer = await client.send("POST", WEBHOOKS, {"url": URL, "events": ["*"], **wrong}, who=person(Role.ADMIN))

    assert answer.status == 422


async def test_the_version_rises_with_a_change_only(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    made = await new_webhook(client, ada)
    path = f"{WEBHOOKS}/{made['id']}"

    same = await client.send("PUT", path, {"url": URL, "events": ["*"]}, who=ada)
    changed = await client.send("PATCH", path, {"active": False}, who=ada, headers={"If-Match": '"1"'})
    stale = await client.send("DELETE", path, who=ada, headers={"If-Match": '"1"'})
    gone = await client.send("DELETE", path, who=ada, headers={"If-Match": '"2"'})

    assert (same.data["version"], changed.data["version"], changed.data["active"]) == (1, 2, False)
    assert (stale.status, gone.status) == (412, 204)
    assert (await client.send("GET", path, who=ada)).code == "WEBHOOK_NOT_FOUND"


async def test_a_tenant_has_so_many_webhooks_however_they_are_made(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    body = {"url": URL, "events": ["*"]}

    answers = await asyncio.gather(*(client.send("POST", WEBHOOKS, body, who=ada) for _ in range(MAX_WEBHOOKS + 2)))

    assert sorted(answer.status for answer in answers)[-3:] == [201, 409, 409]


async def test_webhooks_are_read_page_by_page(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    made = [await new_webhook(client, ada) for _ in range(3)]

    first = await client.send("GET", f"{WEBHOOKS}?limit=2", who=ada)
    second = await client.send("GET", f"{WEBHOOKS}?limit=2&cursor={first.json['next_cursor']}", who=ada)

    assert [each["id"] for each in first.items + second.items] == [each["id"] for each in reversed(made)]
    assert first.json["total"] == 3


async def test_webhooks_of_before_the_makers_address_was_proven_are_disabled(
    client: ProjectClient, bus: MemoryBus
) -> None:
    ada, grace = person(Role.ADMIN), person(Role.ADMIN)
    before, others = await new_webhook(client, ada), await new_webhook(client, grace)
    renamed, proven = (
        UserUpdated(entity_id=ada.user_id, version=2, changed_fields=changed, payload=user(ada, "ada@example.com"))
        for changed in (("display_name",), ("email_verified",))
    )

    async def disabled() -> list[tuple[bool, str | None]]:
        read = [await client.send("GET", f"{WEBHOOKS}/{made['id']}", who=ada) for made in (before, others)]
        return [(answer.data["active"], answer.data["disabled_reason"]) for answer in read]

    await tell(bus, renamed, ada.tenant_id)
    await tell(bus, joined(grace, "grace@example.com"), grace.tenant_id)
    await eventually(lambda: is_known(client, grace))
    untouched = await disabled()
    await tell(bus, proven, ada.tenant_id)
    await eventually(lambda: became(disabled, [(False, "address_proven"), (True, None)]))

    assert untouched == [(True, None), (True, None)]


async def became(read: Callable[[], Awaitable[object]], wanted: object) -> bool:
    return await read() == wanted
