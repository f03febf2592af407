"""Whoever is beyond a limit is refused for a moment without being counted again, no longer than the limit lasts."""

import pytest

from gateway.rate_limit.limiter import RateLimiter
from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Plans
from gateway.rate_limit.usage import Verdict
from shared.errors import TooManyRequests

PLAN = Plans(1.0, "address-minute=2").of_address
SUBJECT = ("192.0.2.1",)


class CountingStore(MemoryStore):
    asked = 0

    def take(self, *arguments: object) -> Verdict:
        self.asked += 1
        return super().take(*arguments)  # type: ignore[arg-type]


def used_up() -> tuple[CountingStore, RateLimiter, list[str]]:
    store, refused = CountingStore(), list[str]()
    limiter = RateLimiter(store, None, refused.append)
    for _ in range(2):
        limiter.take(PLAN, SUBJECT)
    with pytest.raises(TooManyRequests):
        limiter.take(PLAN, SUBJECT)
    return store, limiter, refused


def test_a_refusal_is_repeated_with_the_same_answer_and_counted_as_one() -> None:
    store, limiter, refused = used_up()

    with pytest.raises(TooManyRequests) as again:
        limiter.take(PLAN, SUBJECT)

    assert store.asked == 3
    assert again.value.headers["RateLimit"].startswith('"address-minute";r=0;t=')
    assert refused == ["address-minute"] * 2


def test_others_are_not_refused_with_it() -> None:
    _, limiter, _ = used_up()

    assert limiter.take(PLAN, ("192.0.2.2",)) is not None
    assert limiter.take(Plans(1.0, "live-minute=2").of_live_connections, SUBJECT) is not None


def test_a_request_that_turns_out_not_to_count_makes_room_at_once() -> None:
    limiter = RateLimiter(MemoryStore(), None, lambda _: None)
    permits = [limiter.take(PLAN, SUBJECT) for _ in range(2)]
    with pytest.raises(TooManyRequests):
        limiter.take(PLAN, SUBJECT)

    assert permits[0] is not None
    limiter.give_back(permits[0])

    assert limiter.take(PLAN, SUBJECT) is not None
