"""Hashing off the event loop."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from auth_service.accounts.errors import PasswordChecksBusy
from auth_service.accounts.passwords import Passwords


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


async def test_the_right_password_is_right_and_any_other_wrong(passwords: Passwords) -> None:
    stored = await passwords.hash("pässword one")

    assert (await passwords.check(stored, "pässword one")) == (True, None)
    assert (await passwords.check(stored, "pa\u0308ssword one")) == (False, None)


async def test_one_password_has_many_hashes(passwords: Passwords) -> None:
    assert await passwords.hash("same") != await passwords.hash("same")


async def test_no_password_is_right_for_nobody(passwords: Passwords) -> None:
    assert (await passwords.check(None, "")) == (False, None)


async def test_an_outdated_hash_is_made_anew_only_for_the_right_password(passwords: Passwords) -> None:
    outdated = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("right")

    right, wrong = await passwords.check(outdated, "right"), await passwords.check(outdated, "wrong")

    assert right.is_right
    assert right.new_hash is not None
    assert (await passwords.check(right.new_hash, "right")) == (True, None)
    assert wrong == (False, None)


async def test_a_full_queue_refuses_at_once_and_recovers() -> None:
    passwords = Passwords(threads=1, max_under_way=2)
    under_way = [asyncio.create_task(passwords.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(PasswordChecksBusy):
        await passwords.hash("one too many")
    await asyncio.gather(*under_way)

    assert await passwords.hash("again")
    passwords.close()


async def test_the_caller_who_gives_up_frees_their_place() -> None:
    passwords = Passwords(threads=1, max_under_way=8)
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(8)]
    await asyncio.sleep(0)

    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)

    assert await passwords.hash("next")
    passwords.close()


async def test_an_unknown_account_takes_as_long_as_a_known_one(passwords: Passwords) -> None:
    stored = await passwords.hash("right")

    known, unknown = [], []
    for _ in range(15):
        known.append(await seconds_of(passwords, stored))
        unknown.append(await seconds_of(passwords, None))

    # Of processor time, and the shortest of each: whatever else runs on the machine only ever makes them longer.
    assert min(unknown) == pytest.approx(min(known), rel=0.25)


async def seconds_of(passwords: Passwords, stored: str | None) -> float:
    started = time.process_time()
    await passwords.check(stored, "wrong")
    return time.process_time() - started
