"""Password hashing (argon2id, RFC 9106) off the event loop, in few threads and with a bounded queue.

One hash takes a core for about 20 ms and 19 MiB: more at once than the cores can do makes everybody wait longer.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from auth_service.accounts.errors import PasswordChecksBusy

T = TypeVar("T")

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1  # OWASP's first choice for argon2id
MAX_UNDER_WAY = 128  # about 1.5 s of work for two cores: whoever comes later is better off trying again
HELPER_NICENESS = 5  # the event loop's thread gets its core back first


class Verdict(NamedTuple):
    is_right: bool
    new_hash: str | None
    """Set when the stored hash was made with other parameters than today's: store this one instead."""


class Passwords:
    """Hashes and checks passwords exactly as they were received."""

    def __init__(self, threads: int | None = None, max_under_way: int = MAX_UNDER_WAY) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
        # One a core: a second one made no hash come sooner and the event loop wait twice as long.
        self._executor = ThreadPoolExecutor(threads or os.cpu_count(), "passwords", initializer=_yield_to_the_loop)
        self._max_under_way = max_under_way
        self._under_way: set[Future[object]] = set()
        self._nobodys_hash = self._hasher.hash(os.urandom(16))

    async def hash(self, password: str) -> str:
        """Raises PasswordChecksBusy."""
        return await self._run(lambda: self._hasher.hash(password))

    async def check(self, stored: str | None, password: str) -> Verdict:
        """Takes as long for an account that does not exist (None) as for one that does. Raises PasswordChecksBusy."""
        is_right = await self._run(lambda: _matches(self._hasher, stored or self._nobodys_hash, password))
        if stored is None or not is_right:
            return Verdict(False, None)
        needs_new_hash = self._hasher.check_needs_rehash(stored)
        return Verdict(True, await self.hash(password) if needs_new_hash else None)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if len(self._under_way) >= self._max_under_way:
            raise PasswordChecksBusy
        future: Future[T] = self._executor.submit(work)
        self._under_way.add(future)  # type: ignore[arg-type]  # Future is invariant, and the set only counts
        future.add_done_callback(self._under_way.discard)
        return await asyncio.wrap_future(future)


def hash_of_nothing() -> str:
    """The hash of no password that anybody knows, made in no time."""
    salt, hashed = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hashed}"


def _matches(hasher: PasswordHasher, stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except VerificationError:
        return False


def _yield_to_the_loop() -> None:
    """Niceness is per thread on Linux; elsewhere it is per process and left alone."""
    if os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + HELPER_NICENESS)
