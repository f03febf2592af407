"""Who takes what, decided between people who ask at the same moment, and told live as it was decided."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from deploy.api_client import Answer
from deploy.e2e.gift_frames import Household
from deploy.e2e.live_listener import LiveListener

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def told(home: Household, who: str, listener: LiveListener) -> list[tuple[str, int, Any]]:
    """Type, version and shares of each event so far."""
    frames = map(json.loads, await listener.until(await home.offsets(who, listener)))
    return [(frame["type"], frame["data"]["version"], frame["data"]["payload"]["shares"]) for frame in frames]


async def assign(home: Household, item: str, who: str, share: int | None = None) -> Answer:
    body = {"user_id": home.people[who].user["id"], "share": share}
    return await home.people[who].call("PUT", f"/list-items/{item}/assign", body)


async def move(home: Household, item: str, who: str, status: str) -> Answer:
    return await home.people[who].call("PUT", f"/list-items/{item}/status", {"status": status})


async def test_of_two_who_claim_at_once_one_wins_and_the_other_sees_who(gift_household: Household) -> None:
    scene = await gift_household.scene()
    item, topic = scene["list_item_id"], f"list:{scene['list_id']}"
    async with AsyncExitStack() as stack:
        cleo, ada = [await gift_household.listen(stack, name, [topic]) for name in ("cleo", "ada")]

        answers = await asyncio.gather(*(move(gift_household, item, who, "selected") for who in ("ben", "cleo")))

        won, lost = sorted(answers, key=lambda answer: answer.status)
        assert (won.status, lost.status, lost.code) == (200, 409, "LIST_ITEM_INVALID_TRANSITION")
        assert lost.body["error"]["details"]["current"] == won.data
        changed = ("list_item.status_changed", 2, won.data["shares"])
        assert await told(gift_household, "cleo", cleo) == [changed]
        assert await told(gift_household, "ada", ada) == []


async def test_a_gift_is_shared_up_to_the_whole_by_whoever_comes_first(gift_household: Household) -> None:
    scene = await gift_household.scene()
    item, topic = scene["list_item_id"], f"list:{scene['list_id']}"
    async with AsyncExitStack() as stack:
        cleo = await gift_household.listen(stack, "cleo", [topic])

        answers = await asyncio.gather(*(assign(gift_household, item, who, 40) for who in ("ben", "cleo", "olga")))

        assert sorted((answer.status, answer.code) for answer in answers if answer.status != 200) == [
            (409, "LIST_ITEM_CLAIMED")
        ]
        first, second = await told(gift_household, "cleo", cleo)
        assert [(kind, version, len(shares)) for kind, version, shares in (first, second)] == [
            ("list_item.assigned", 2, 1),
            ("list_item.assigned", 3, 2),
        ]
        assert second[2][:1] == first[2]
        assert [share["share"] for share in second[2]] == [40, 40]
