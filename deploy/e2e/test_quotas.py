"""Quotas at their edge through the public address: of fifty requests at once what the tier includes succeeds."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from deploy.api_client import ApiClient
from shared.principal import Tier
from shared.quotas import LIMITS, Quota

AT_ONCE = 50


def free(quota: Quota) -> int:
    return LIMITS[quota][Tier.FREE]


async def at_once(client: ApiClient, path: str, body: Callable[[int], dict[str, Any]]) -> Counter[str]:
    answers = await asyncio.gather(*(client.call("POST", path, body(number)) for number in range(AT_ONCE)))
    return Counter("made" if answer.status in (201, 202) else f"{answer.status} {answer.code}" for answer in answers)


def exactly(room: int) -> Counter[str]:
    return Counter({"made": room, "403 TIER_LIMIT_EXCEEDED": AT_ONCE - room})


async def test_a_free_tenant_has_ten_projects(ada: ApiClient) -> None:
    answers = await at_once(ada, "/projects", lambda number: {"name": f"P{number}"})

    assert answers == exactly(free(Quota.PROJECTS))
    assert (await ada.expect(200, "GET", "/projects")).body["total"] == free(Quota.PROJECTS)


async def test_a_free_tenant_has_five_members_with_those_who_are_invited(ada: ApiClient) -> None:
    def invitation(number: int) -> dict[str, Any]:
        return {"email": f"guest{number}.{ada.user['id']}@example.com"}

    answers = await at_once(ada, "/invitations", invitation)
    refused = await ada.expect(403, "POST", "/users", {**invitation(99), "first_name": "A", "last_name": "B"})

    assert answers == exactly(free(Quota.MEMBERS) - 1)
    details = refused.body["error"]["details"]
    assert (details["quota"], details["used"], details["required_tier"]) == ("members", free(Quota.MEMBERS), "pro")


async def test_nobody_is_invited_into_a_project_of_a_full_tenant(ada: ApiClient) -> None:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    for number in range(free(Quota.MEMBERS) - 1):
        await ada.expect(201, "POST", "/invitations", {"email": f"guest{number}.{ada.user['id']}@example.com"})

    answer = await ada.call("POST", f"/projects/{project}/team/invite", {"email": f"new.{ada.user['id']}@example.com"})

    assert (answer.status, answer.code) == (403, "TIER_LIMIT_EXCEEDED")


async def test_a_free_account_owns_three_tenants(ada: ApiClient) -> None:
    answers = await at_once(ada, "/tenants", lambda number: {"name": f"T{number}"})

    assert answers == exactly(free(Quota.TENANTS) - 1)
