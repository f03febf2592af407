"""Counting attempts across replicas: an attempt is taken before the costly or dangerous step, and may be given back."""

import hmac
import math
from collections.abc import Sequence
from datetime import datetime

from auth_service.throttling import repository
from auth_service.throttling.domain import Claim
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import TooManyRequests
from shared.http.rate_limit_fields import policy_item, too_many_requests
from shared.sealing import derive_key

KEY_CHARACTERS = 64


class AttemptLimits:
    """`scale` multiplies every limit. The database sees keyed digests of the subjects: no addresses, no names.

    The keys of a `group` begin with it: what is counted there has rules of its own in the database.
    """

    def __init__(self, database: Database, secret: str, clock: Clock, scale: float, *, group: str = "") -> None:
        self._database = database
        self._key = derive_key(secret, "counted attempts")
        self._clock = clock
        self._scale = scale
        self._group = group

    async def take(self, *claims: Claim) -> None:
        """All of them or none. Raises TooManyRequests."""
        async with self._database.system_work() as work:
            await self.take_within(work, *claims)

    async def take_within(self, work: Work, *claims: Claim) -> None:
        """For a transaction that does what is limited: together they happen or not. All of them or none, also where
        the transaction goes on. Raises TooManyRequests.
        """
        now = self._clock.now()
        for number, claim in enumerate(claims):  # callers name the narrower one first, so no two wait for each other
            key, limit = self._key_of(claim), claim.limit.scaled(self._scale)
            if not await repository.take(work, key, limit, now):
                await self.give_back(work, claims[:number])
                raise _refusal(claim, limit.allowed, await repository.window_end(work, key), now)

    async def require_room(self, work: Work, *claims: Claim) -> None:
        """Takes nothing. Raises TooManyRequests when one of them could not be taken now."""
        now = self._clock.now()
        for claim in claims:
            limit = claim.limit.scaled(self._scale)
            ends_at = await repository.end_of_full_window(work, self._key_of(claim), limit, now)
            if ends_at is not None:
                raise _refusal(claim, limit.allowed, ends_at, now)

    async def give_back(self, work: Work, claims: Sequence[Claim]) -> None:
        """What turned out right is no attempt at guessing. Part of the transaction that lets it in."""
        for claim in claims:
            await repository.give_back(work, self._key_of(claim), self._clock.now())

    async def refund(self, claims: Sequence[Claim]) -> None:
        """For attempts that came to nothing through no fault of whoever made them."""
        async with self._database.system_work() as work:
            await self.give_back(work, claims)

    def _key_of(self, claim: Claim) -> str:
        digest = hmac.digest(self._key, f"{claim.limit.name}\n{claim.subject}".encode(), "sha256").hex()
        return (self._group + digest)[:KEY_CHARACTERS]


def _refusal(claim: Claim, allowed: int, ends_at: datetime | None, now: datetime) -> TooManyRequests:
    left = (ends_at - now).total_seconds() if ends_at is not None else 0.0
    wait = max(1, math.ceil(left))
    window = int(claim.limit.window.total_seconds())
    return too_many_requests(policy_item(claim.limit.name, allowed, window), claim.limit.name, wait)
