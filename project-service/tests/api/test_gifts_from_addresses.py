"""Gifts from an address: answered at once, filled by and by, told to whoever follows a list that they are on."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from gifting_household import API, Household, move_in
from gifting_shop import Trap, shop
from project_builders import project_settings
from project_client import ProjectClient

from project_service.app import create_app
from shared.db.databases import Database
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually
from shared.testing.service_client import session_with


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with shop(Trap()) as port:
        yield port


@pytest.fixture
async def home(database: Database, bus: MemoryBus, port: int) -> AsyncIterator[Household]:
    settings = msgspec.structs.replace(project_settings(), outbound_allow=f"127.0.0.1:{port}")
    async with session_with(create_app(settings, database=database, bus=bus)) as session:
        yield await move_in(ProjectClient(session, database))


async def test_a_gift_is_filled_from_its_address(home: Household, port: int) -> None:
    made = await home.new("gifts", home.ben, url=f"http://127.0.0.1:{port}/good", notes="mine")
    gift_list = await home.wishlist(home.ben)
    await home.item(home.ben, gift_list, gift_id=made["id"], name=None)

    await eventually(lambda: _has_status(home, made["id"], "ready"))

    filled = (await home.read(f"gifts/{made['id']}", home.ben)).data
    assert (made["metadata_status"], made["name"]) == ("pending", None)
    assert (filled["name"], filled["price"], filled["currency"], filled["notes"]) == ("Red kite", 1999, "EUR", "mine")
    assert filled["version"] == 2


async def test_what_was_given_stays(home: Household, port: int) -> None:
    gift_list = await home.wishlist(home.ben)
    made = await home.new("gifts", home.ben, name="My kite", price=5, currency="CHF")
    await home.item(home.ben, gift_list, gift_id=made["id"])

    body = {"url": f"http://127.0.0.1:{port}/good"}
    patched = await home.client.send("PATCH", f"{API}/gifts/{made['id']}", body, who=home.ben)
    await eventually(lambda: _has_status(home, made["id"], "ready"))

    filled = (await home.read(f"gifts/{made['id']}", home.ben)).data
    assert patched.data["metadata_status"] == "pending"
    assert (filled["name"], filled["price"], filled["currency"]) == ("My kite", 5, "CHF")
    assert filled["image_url"] == f"http://127.0.0.1:{port}/a.png"
    told = [event.type for event in await home.client.events(home.ben, f"list:{gift_list['id']}")]
    assert told[-2:] == ["project.gift.updated", "project.gift.updated"]


async def test_an_address_inside_fails_the_reading_and_not_the_write(home: Household) -> None:
    made = await home.new("gifts", home.ben, url="http://169.254.169.254/latest/meta-data")

    await eventually(lambda: _has_status(home, made["id"], "failed"))


async def test_an_address_is_previewed_for_a_form(home: Household, port: int) -> None:
    path = f"{API}/gifts/preview-url"

    good, bad = [
        (await home.client.send("POST", path, {"url": url}, who=home.ben)).data
        for url in (f"http://127.0.0.1:{port}/good", "http://10.0.0.1/")
    ]

    assert good == {
        "url": f"http://127.0.0.1:{port}/good", "metadata_status": "ready", "name": "Red kite", "price": 1999,
        "currency": "EUR", "image_url": f"http://127.0.0.1:{port}/a.png",
    }  # fmt: skip
    assert (bad["metadata_status"], bad["name"]) == ("failed", None)


async def _has_status(home: Household, gift_id: str, status: str) -> bool:
    return bool((await home.read(f"gifts/{gift_id}", home.ben)).data["metadata_status"] == status)
