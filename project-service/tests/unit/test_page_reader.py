"""The process that reads pages: what hostile pages, kills and nonsense do to it, and that nobody else is harmed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from gifting_shop import BOMB, OFFER

from project_service.gifting.gifts.page_reader import MOST_WAITING, PROGRAM, PageReader, PageUnreadable, ReaderBusy
from project_service.gifting.gifts.products import PageBytes
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually

GOOD = PageBytes(OFFER.encode(), "text/html", "https://shop.example/")
HOSTILE = GOOD._replace(body=BOMB.encode())
PARSER = "from project_service.gifting.gifts import page_parser as parser, products; "


@asynccontextmanager
async def page_reader(
    program: tuple[str, ...] = PROGRAM, *, seconds: float = 20.0, idle_seconds: float = 60.0
) -> AsyncIterator[PageReader]:
    reader = PageReader(program, seconds=seconds, idle_seconds=idle_seconds)
    try:
        yield reader
    finally:
        await reader.close()


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)


def has_ended(process_id: int) -> Callable[[], bool]:
    return lambda: not Path(f"/proc/{process_id}").exists()


async def test_one_process_reads_one_page_after_another() -> None:
    async with page_reader() as reader:
        pages = await asyncio.gather(*(reader.read(ACME, GOOD) for _ in range(5)))
        process = reader.process_id
        await reader.read(ACME, GOOD)

        assert {page.product.name for page in pages} == {"Red kite"}
        assert reader.process_id == process is not None
    assert has_ended(process)()


async def test_a_process_that_was_killed_is_replaced() -> None:
    async with page_reader() as reader:
        await reader.read(ACME, GOOD)
        killed = reader.process_id
        assert killed is not None
        os.kill(killed, signal.SIGKILL)

        page = await reader.read(ACME, GOOD)

        assert page.product.name == "Red kite"
        assert reader.process_id != killed


async def test_a_page_that_takes_too_long_ends_its_process_and_the_next_one_is_read() -> None:
    async with page_reader(seconds=2.0) as reader:
        with pytest.raises(PageUnreadable):
            await reader.read(ACME, HOSTILE)
        assert reader.process_id is None

        assert (await reader.read(ACME, GOOD)).product.name == "Red kite"


async def test_a_page_that_takes_too_much_time_of_the_processor_is_ended_by_the_system() -> None:
    code = PARSER + "parser.CPU_SECONDS = 1; parser.main()"
    async with page_reader(program(code), seconds=60.0) as reader:
        with pytest.raises(PageUnreadable) as refused:
            await reader.read(ACME, HOSTILE)

    assert isinstance(refused.value.__cause__, EOFError)


async def test_a_page_that_takes_too_much_memory_is_ended() -> None:
    code = PARSER + "parser.read_page = lambda *page: bytearray(1 << 30); parser.main()"
    async with page_reader(program(code)) as reader:
        with pytest.raises(PageUnreadable) as refused:
            await reader.read(ACME, GOOD)

    assert isinstance(refused.value.__cause__, EOFError)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdout.write('nonsense')",
        "import sys; sys.stdout.buffer.write(bytes([255] * 100_000))",
        "import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\3abc')",
        "import sys; sys.stdin.buffer.read(10); sys.stdout.buffer.write(b'\\0\\0\\0\\4\\x92\\x94\\1\\2')",
        PARSER + "parser.read_page = lambda *page: products.Page(products.Product('x' * 1000), False); parser.main()",
        PARSER + "parser.read_page = lambda *page: products.Page(products.Product(price=-1), False); parser.main()",
        "",
    ],
)
async def test_answers_that_are_none_are_refused(code: str) -> None:
    async with page_reader(program(code)) as reader:
        with pytest.raises(PageUnreadable):
            await reader.read(ACME, GOOD)

        assert reader.process_id is None


async def test_what_the_page_makes_the_process_print_is_no_answer() -> None:
    code = PARSER + "read = parser.read_page; parser.read_page = lambda *page: print(1) or read(*page); parser.main()"
    async with page_reader(program(code)) as reader:
        assert (await reader.read(ACME, GOOD)).product.name == "Red kite"


async def test_a_caller_who_leaves_gets_nobody_elses_answer() -> None:
    async with page_reader() as reader:
        await reader.read(ACME, GOOD)
        leaving = asyncio.create_task(reader.read(ACME, HOSTILE))
        waiting = asyncio.create_task(reader.read(ACME, GOOD))
        await asyncio.sleep(0)
        leaving.cancel()

        assert (await waiting).product.name == "Red kite"
        with pytest.raises(asyncio.CancelledError):
            await leaving


async def test_no_more_pages_wait_than_may() -> None:
    async with page_reader() as reader:
        asked = await asyncio.gather(
            *(reader.read(ACME, GOOD) for _ in range(MOST_WAITING + 3)), return_exceptions=True
        )

    assert [type(each) for each in asked].count(ReaderBusy) == 3


async def test_pages_of_one_tenant_wait_for_each_other_before_others_wait_for_them() -> None:
    async with page_reader() as reader:
        done: list[UUID] = []

        async def read(tenant_id: UUID) -> None:
            await reader.read(tenant_id, GOOD)
            done.append(tenant_id)

        await asyncio.gather(*(read(tenant_id) for tenant_id in (ACME, ACME, ACME, ACME, GLOBEX)))

    assert done == [ACME, GLOBEX, ACME, ACME, ACME]


async def test_a_page_that_waits_too_long_for_its_turn_is_refused_and_the_others_are_read() -> None:
    async with page_reader() as reader:
        first = asyncio.create_task(reader.read(ACME, GOOD))
        await asyncio.sleep(0)

        with pytest.raises(ReaderBusy):
            await reader.read(GLOBEX, GOOD, 0.0)
        assert (await first).product.name == "Red kite"
        assert (await reader.read(GLOBEX, GOOD, 20.0)).product.name == "Red kite"


async def test_an_idle_process_is_ended_and_the_next_page_starts_one() -> None:
    async with page_reader(idle_seconds=0.05) as reader:
        await reader.read(ACME, GOOD)
        await eventually(lambda: reader.process_id is None)

        assert (await reader.read(ACME, GOOD)).product.name == "Red kite"


async def test_the_process_knows_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNAL_SECRET", "not for pages")
    async with page_reader() as reader:
        await reader.read(ACME, GOOD)
        environment = Path(f"/proc/{reader.process_id}/environ").read_bytes()

    assert environment.strip(b"\0").split(b"\0") == [b"LANG=C.UTF-8"]


async def test_closing_ends_a_page_that_is_being_read() -> None:
    async with page_reader(seconds=60.0) as reader:
        reading = asyncio.create_task(reader.read(ACME, HOSTILE))
        await eventually(lambda: reader.process_id is not None)
        await reader.close()

        with pytest.raises(PageUnreadable):
            await reading
        with pytest.raises(PageUnreadable):
            await reader.read(ACME, GOOD)
