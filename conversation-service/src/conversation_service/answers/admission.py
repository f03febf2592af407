"""Which answers may begin: so many at one time for a user and a tenant, and so many tokens of a tenant in a month.

Each answer under way has a lease from the transaction that begins it to the one that ends it. Its node renews the
lease; when the node is killed the lease expires, and its place and its tokens are free again.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from uuid import UUID

from conversation_service.answers import repository
from conversation_service.conversations.domain import Owner
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.principal import Principal
from shared.quotas import Quota, limit_of, require_room

SHORTEST_ANSWER_TOKENS = 64  # when not even these are left, an answer is refused: it would be cut within a sentence

LeaseLost = Callable[[], None]


class AnswerAdmission:
    """`lasts`: an answer whose node was silent for so long counts as ended."""

    def __init__(self, database: Database, clock: Clock, *, lasts: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lasts = lasts
        self._held: dict[UUID, LeaseLost] = {}
        self._renewed_at = self._renewing_since = float("-inf")

    async def admit(
        self, work: Work, principal: Principal, lease_id: UUID, *, prompt_tokens: int, answer_tokens: int
    ) -> int:
        """Begins a lease in this transaction; answers how many tokens the answer may have, which may be fewer.

        Raises TierLimitExceeded.
        """
        now = self._clock.now()
        under_way = await repository.lock(work, principal, _month(now))
        require_room(Quota.ANSWERS_OF_USER, principal.tier, under_way.of_user)
        require_room(Quota.ANSWERS_OF_TENANT, principal.tier, under_way.of_tenant)
        least = prompt_tokens + min(answer_tokens, SHORTEST_ANSWER_TOKENS)
        require_room(Quota.AI_TOKENS, principal.tier, under_way.tokens, more=least, resets_at=_next_month(now))
        left = limit_of(Quota.AI_TOKENS, principal.tier) - under_way.tokens - prompt_tokens
        allowed = min(answer_tokens, left)
        await repository.add(work, principal, lease_id, prompt_tokens + allowed, self._lasts)
        return allowed

    async def end(self, work: Work, owner: Owner, lease_id: UUID) -> bool:
        """Its place and the tokens that were reserved are free again. False when the lease had expired before."""
        return await repository.end(work, owner.tenant_id, lease_id)

    async def spend(self, work: Work, owner: Owner, tokens: int) -> None:
        """Counts what an answer has cost toward the month in which it ends."""
        await repository.spend(work, owner.tenant_id, _month(self._clock.now()), tokens)

    def hold(self, lease_id: UUID, on_lost: LeaseLost) -> None:
        """This node renews it until `release`. `on_lost` is called when it has expired all the same, or
        its user has left."""
        self._held[lease_id] = on_lost

    def release(self, lease_id: UUID) -> None:
        self._held.pop(lease_id, None)

    async def renew(self) -> int:
        """Renews what this node holds, then ends what nobody renews; answers how many those were.

        Nothing is ended until this node has renewed for a whole lease: after an outage of the database the other nodes
        are given time to come back to it.
        """
        held: Mapping[UUID, LeaseLost] = dict(self._held)
        async with self._database.system_work() as work:
            kept = await repository.renew(work, list(held), self._lasts) if held else set()
            expired = await repository.remove_expired(work) if self._renews_steadily() else 0
        for lease_id in held.keys() - kept:
            if lease_id in self._held:  # it has not ended meanwhile
                self._held[lease_id]()
        return expired

    def _renews_steadily(self) -> bool:
        now, lasts = monotonic(), self._lasts.total_seconds()
        if now > self._renewed_at + lasts:
            self._renewing_since = now
        self._renewed_at = now
        return now >= self._renewing_since + lasts


def _month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def _next_month(now: datetime) -> datetime:
    first = (_month(now) + timedelta(days=32)).replace(day=1)
    return datetime.combine(first, time.min, UTC)
