"""How many downloads a user may have under way: those that are read, not those that were only asked for."""

from collections.abc import AsyncIterator

import pytest

from shared.errors import TooManyRequests
from shared.http.answers import Closable
from shared.ids import new_id
from shared.open_streams import OpenStreams

ADA, BEN = new_id(), new_id()


async def parts(number: int = 2) -> AsyncIterator[bytes]:
    for count in range(number):
        yield b"%d" % count


async def test_the_parts_come_unchanged() -> None:
    assert [part async for part in OpenStreams().open(ADA, parts())] == [b"0", b"1"]


async def test_a_user_has_only_so_many_and_others_have_theirs() -> None:
    streams = OpenStreams(most=2)
    held = [streams.open(ADA, parts()) for _ in range(2)]

    with pytest.raises(TooManyRequests) as refused:
        streams.open(ADA, parts())
    streams.open(BEN, parts())

    assert len(held) == 2
    assert refused.value.headers == {"Retry-After": "5"}
    assert refused.value.details == {"retry_after": 5}


async def test_one_that_has_ended_makes_room() -> None:
    streams = OpenStreams(most=1)
    first = streams.open(ADA, parts())

    assert [part async for part in first] == [b"0", b"1"]

    streams.require_room(ADA)


async def test_one_that_failed_makes_room() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"0"
        raise LookupError

    streams = OpenStreams(most=1)
    first = streams.open(ADA, failing())

    with pytest.raises(LookupError):
        [part async for part in first]

    streams.require_room(ADA)


async def test_one_that_nobody_ever_reads_makes_room() -> None:
    streams = OpenStreams(most=1)

    streams.open(ADA, parts())

    streams.require_room(ADA)


async def test_one_that_is_left_in_the_middle_ends_its_parts_and_makes_room() -> None:
    is_closed = False

    async def endless() -> AsyncIterator[bytes]:
        nonlocal is_closed
        try:
            while True:
                yield b"part"
        finally:
            is_closed = True

    streams = OpenStreams(most=1)
    first = streams.open(ADA, endless())
    await anext(first)

    assert isinstance(first, Closable)
    await first.aclose()

    streams.require_room(ADA)
    assert is_closed
