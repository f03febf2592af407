"""Gifts from an address: answered at once, filled by and by, told to whoever follows a list that they are on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import msgspec
import pytest
from gifting_household import API, Household, move_in
from gifting_shop import Trap, shop
from project_builders import person, project_settings
from project_client import ProjectClient

from project_service.app import create_app
from project_service.gifting.gifts import repository
from project_service.gifting.gifts.metadata import MOST_ATTEMPTS, MetadataFiller, ProductReader, Reading
from project_service.gifting.gifts.page_reader import SECONDS, ReaderBusy
from project_service.gifting.gifts.products import Product
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.gifting import MetadataStatus
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.eventually import eventually
from shared.testing.http_session import http_session
from shared.testing.service_client import Answer, session_with

PENDING = """
insert into gifts (id, tenant_id, url, tags, metadata_status, metadata_due_at, created_by, created_at, updated_at)
select gen_random_uuid(), $1, 'http://10.0.0.1/', '{}', 'pending', now() - interval '1 s' * number, $2, now(), now()
from generate_series(1, $3) as number
"""


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


async def test_hostile_pages_of_one_tenant_keep_nobody_waiting_but_itself(home: Household, port: int) -> None:
    eve = person(Role.OWNER, GLOBEX)

    hostile = [asyncio.create_task(preview(home, home.ben, port, "bomb")) for _ in range(7)]
    refused = [await each for each in asyncio.as_completed(hostile)][:5]
    await eventually(lambda: len(page_processes()) <= 1)
    good = await preview(home, eve, port, "good")

    assert {(answer.status, answer.code) for answer in refused} == {(503, "SERVICE_UNAVAILABLE")}
    assert [(await each).data["metadata_status"] for each in hostile if (await each).status == 200] == ["failed"] * 2
    assert good.data["metadata_status"] == "ready"


async def test_the_service_stops_while_a_hostile_page_is_read(
    database: Database, bus: MemoryBus, port: int, unused_tcp_port: int
) -> None:
    settings = msgspec.structs.replace(project_settings(), outbound_allow=f"127.0.0.1:{port}")
    served = Served(create_app(settings, database=database, bus=bus), "127.0.0.1", unused_tcp_port)
    async with http_session(f"http://127.0.0.1:{unused_tcp_port}") as session:
        client = ProjectClient(session, database)
        async with serving([served]):
            path, body = f"{API}/gifts/preview-url", {"url": f"http://127.0.0.1:{port}/bomb"}
            reading = asyncio.create_task(client.send("POST", path, body, who=person()))
            await eventually(lambda: len(page_processes()) == 1)
            [process] = page_processes()
            stopping_since = asyncio.get_running_loop().time()

        took = asyncio.get_running_loop().time() - stopping_since
        answer = await reading

    assert process not in page_processes()
    assert answer.data["metadata_status"] == "failed"
    assert took < SECONDS  # what the page might have taken


async def test_gifts_of_tenants_are_filled_in_turns(home: Household) -> None:
    eve = person(Role.OWNER, GLOBEX)
    async with home.client.database.system_work() as work:
        for who, count in ((home.ben, 40), (eve, 1)):
            await work.execute(PENDING, who.tenant_id, who.user_id, count)
        now = datetime.now(UTC)
        leased = await repository.lease_pending(work, now, now, 2)

    assert {gift.tenant_id for gift in leased} == {home.ben.tenant_id, eve.tenant_id}


class BusyReader:
    """Has no turn for a page until `is_free`."""

    is_free = False

    async def read(self, _tenant_id: UUID, _url: str) -> Reading:
        if not self.is_free:
            raise ReaderBusy
        return Reading(MetadataStatus.READY, Product(name="Red kite"))


async def test_a_gift_whose_page_had_no_turn_stays_pending_however_often(database: Database) -> None:
    ada, reader = person(), BusyReader()
    filler = MetadataFiller(database, cast(ProductReader, reader), SystemClock())
    async with database.system_work() as work:
        await work.execute(PENDING, ada.tenant_id, ada.user_id, 1)

    states = []
    for reader.is_free in [False] * (MOST_ATTEMPTS + 2) + [True]:
        assert await filler.fill_some()
        states += await database.system_rows("select metadata_status, name from gifts")
        async with database.system_work() as work:
            await work.execute("update gifts set metadata_due_at = now() where metadata_due_at is not null")

    assert {row["metadata_status"] for row in states[:-1]} == {"pending"}
    assert dict(states[-1]) == {"metadata_status": "ready", "name": "Red kite"}


async def preview(home: Household, who: Principal, port: int, page: str) -> Answer:
    body = {"url": f"http://127.0.0.1:{port}/{page}"}
    return await home.client.send("POST", f"{API}/gifts/preview-url", body, who=who)


def page_processes() -> set[int]:
    """Children of this process that read pages."""
    children = {int(id_) for file in Path("/proc/self/task").glob("*/children") for id_ in file.read_text().split()}
    return {child for child in children if b"page_parser" in _command(child)}


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


async def _has_status(home: Household, gift_id: str, status: str) -> bool:
    return bool((await home.read(f"gifts/{gift_id}", home.ben)).data["metadata_status"] == status)
