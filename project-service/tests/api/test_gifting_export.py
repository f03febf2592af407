"""What the service tells for the export of somebody's data: their own plans, without what others make of them."""

import pytest
from gifting_household import Household, move_in
from project_client import ProjectClient

from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.testing.held_data import everything_held


@pytest.fixture
async def home(client: ProjectClient) -> Household:
    return await move_in(client)


async def test_own_plans_are_told_and_the_secrets_of_others_are_not(home: Household, bus: MemoryBus) -> None:
    gift_list = await home.wishlist(home.ada)
    wish = await home.item(home.ada, gift_list, name="Own wish")
    await home.item(home.ben, gift_list, name="Surprise")
    await home.wishlist(home.ben, type="ideas", name="For Ada")
    before, _ = await everything_held(Requests(bus), "project", home.ada)

    await home.move(home.ben, wish, "selected", "purchased")

    held, _ = await everything_held(Requests(bus), "project", home.ada)
    assert held == before
    assert list(held)[-5:] == ["gift_persons", "gift_occasions", "gift_lists", "gifts", "gift_list_items"]
    assert [told["id"] for told in held["gift_lists"]] == [gift_list["id"]]
    assert [(told["id"], told["name"]) for told in held["gift_list_items"]] == [(wish["id"], "Own wish")]
    assert "Surprise" not in str(held)
