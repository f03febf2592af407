"""Who may stay when there are too many connections."""

import os
from collections.abc import Sequence
from itertools import chain, repeat

import pytest

from gateway.connection_room import ConnectionRoom, lowest_free_descriptor, most_of_address, reserve_of
from gateway.errors import TooManyConnections
from shared.address_prefix import address_prefix
from shared.errors import Unavailable

FILES = 20_000
FULL = FILES - reserve_of(FILES)


class Peer:
    def __init__(self, peer: str) -> None:
        self.prefix = address_prefix(peer)
        self.is_closed = False

    def close_idle(self) -> None:
        self.is_closed = True


def counted(per_address: int | None, taken: Sequence[int] = (0,)) -> tuple[ConnectionRoom, list[str]]:
    """`taken` descriptors at each arrival, one after the other; the last number stays."""
    counts: list[str] = []
    numbers = chain(taken, repeat(taken[-1]))
    return ConnectionRoom(per_address, FILES, counts.append, lambda: next(numbers)), counts


def crowd(room: ConnectionRoom, *addresses: str, is_idle: bool = True) -> list[Peer]:
    peers = [Peer(address) for address in addresses]
    for peer in peers:
        assert room.arrive(peer) is None
        if is_idle:
            room.note_idle(peer)
    return peers


def test_one_too_many_of_an_address_takes_the_place_of_its_oldest_idle_one() -> None:
    room, counts = counted(2)
    other, first, second = crowd(room, "10.0.0.2", "10.0.0.1", "10.0.0.1")

    assert room.arrive(Peer("10.0.0.1")) is None

    assert [peer.is_closed for peer in (other, first, second)] == [False, True, False]
    assert counts == ["shed"]


def test_one_too_many_of_a_busy_address_is_refused_until_another_has_gone() -> None:
    room, counts = counted(2)
    first, _ = crowd(room, "10.0.0.1", "10.0.0.1", is_idle=False)
    refused = Peer("10.0.0.1")

    assert isinstance(room.arrive(refused), TooManyConnections)
    room.leave(refused)
    room.leave(first)

    assert room.arrive(Peer("10.0.0.1")) is None
    assert counts == ["refused_address"]


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    room, _ = counted(2)
    crowd(room, "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", is_idle=False)

    assert isinstance(room.arrive(Peer("2001:db8:0:1::3")), TooManyConnections)
    assert room.arrive(Peer("2001:db8:0:2::3")) is None


def test_connections_of_a_proxy_are_not_counted_as_one_clients() -> None:
    room, _ = counted(None)

    assert len(crowd(room, *["10.0.0.1"] * 5_000)) == 5_000


def test_near_the_last_descriptor_the_longest_idle_one_makes_room() -> None:
    room, counts = counted(None, taken=(0, 0, FULL))
    first, second = crowd(room, "10.0.0.1", "10.0.0.2")
    room.note_busy(first)
    room.note_idle(first)

    assert room.arrive(Peer("10.0.0.3")) is None

    assert (first.is_closed, second.is_closed) == (False, True)
    assert counts == ["shed"]


def test_without_anybody_idle_nobody_else_is_let_in_near_the_last_descriptor() -> None:
    room, counts = counted(None, taken=(FULL,))

    assert isinstance(room.arrive(Peer("10.0.0.3")), Unavailable)
    assert counts == ["refused_files"]


@pytest.mark.parametrize(("files", "scale", "most"), [(1024, 1, 224), (20_000, 1, 1_000), (20_000, 100, 4_744)])
def test_an_address_gets_a_quarter_of_the_descriptors_at_most(files: int, scale: float, most: int) -> None:
    assert most_of_address(files, scale) == most


def test_the_lowest_free_descriptor_tells_how_many_are_taken() -> None:
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(60)]
    try:
        assert lowest_free_descriptor() > 60
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert lowest_free_descriptor() == held[0]
