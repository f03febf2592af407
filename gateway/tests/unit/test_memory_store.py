"""Counting in memory: exact at the boundary, all windows or none, bounded."""

from hypothesis import given, settings, strategies as st
from rate_limit_model import ModelStore, joint_plan, plan_of

from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Kind, Plan, Policy, Window
from gateway.rate_limit.usage import tightest

MINUTE = Window("minute", 5, 60_000)
PLANS = (
    (plan_of(MINUTE), ("ada",)),
    (plan_of(Window("short", 2, 1_000), Window("long", 6, 7_000)), ("ada",)),
    (joint_plan(Window("own", 3, 2_000), Window("shared", 5, 3_000)), ("ada", "acme")),
    (joint_plan(Window("own", 3, 2_000), Window("shared", 5, 3_000)), ("eve", "acme")),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(PLANS),
    st.lists(
        st.tuples(st.sampled_from([0, 1, 333, 500, 999, 1_000, 2_000, 3_000, 30_000, 60_000]), st.booleans()),
        min_size=10,
        max_size=60,
    ),
)
def test_it_counts_as_if_every_request_were_remembered(
    chosen: tuple[Plan, tuple[str, ...]], steps: list[tuple[int, bool]]
) -> None:
    (plan, subjects), clock = chosen, Clock()
    store, model, taken = MemoryStore(clock), ModelStore(), []

    for pause, gives_back in steps:
        clock.now += pause
        if gives_back and taken:
            at = taken.pop()
            store.give_back(plan, subjects, at)
            model.give_back(plan, subjects, clock.now, at)
            continue
        verdict, expected = store.take(plan, subjects), model.take(plan, subjects, clock.now)
        assert verdict.has_passed == (expected is not None)
        if expected is not None:
            taken.append(clock.now)
            assert [one for of_policy in verdict.left for one in of_policy] == expected


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(PLANS),
    st.lists(st.sampled_from([0, 1, 7, 333, 999, 1_000, 1_500, 20_000, 61_000]), max_size=40),
)
def test_whoever_waits_as_told_is_let_in_and_hardly_sooner(
    chosen: tuple[Plan, tuple[str, ...]], pauses: list[int]
) -> None:
    (plan, subjects), clock = chosen, Clock()
    store = MemoryStore(clock)
    for pause in pauses:
        clock.now += pause
        store.take(plan, subjects)

    while (verdict := store.take(plan, subjects)).has_passed:
        pass
    wait = tightest(plan, verdict).seconds * 1000

    clock.now += max(0, wait - 1_000) - 1
    assert wait == 1_000 or not store.take(plan, subjects).has_passed
    clock.now += 1_001
    assert store.take(plan, subjects).has_passed


def test_the_last_request_of_a_quota_passes_and_the_next_does_not() -> None:
    clock = Clock()
    store = MemoryStore(clock)

    passed = []
    for _ in range(10):
        clock.now += 5_900  # the tenth still within the minute of the first
        passed.append(store.take(plan_of(MINUTE), ("ada",)).has_passed)

    assert passed == [True] * 5 + [False] * 5


def test_used_quota_comes_back_evenly_after_the_window() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    for _ in range(5):
        store.take(plan_of(MINUTE), ("ada",))

    clock.now += 60_000
    at_the_edge = store.take(plan_of(MINUTE), ("ada",)).has_passed
    clock.now += 12_000
    a_fifth_later = [store.take(plan_of(MINUTE), ("ada",)).has_passed for _ in range(2)]
    clock.now += 120_000
    much_later = [store.take(plan_of(MINUTE), ("ada",)).has_passed for _ in range(6)]

    assert (at_the_edge, a_fifth_later) == (False, [True, False])
    assert much_later == [True] * 5 + [False]


def test_a_refused_request_counts_nowhere() -> None:
    store = MemoryStore(Clock())
    plan = joint_plan(Window("own", 1, 60_000), Window("shared", 3, 60_000))
    store.take(plan, ("ada", "acme"))

    for _ in range(10):
        assert not store.take(plan, ("ada", "acme")).has_passed

    assert [store.take(plan, (name, "acme")).has_passed for name in ("bea", "cem", "dan")] == [True, True, False]


def test_subjects_do_not_share_and_kinds_do_not_either() -> None:
    store, once = MemoryStore(Clock()), Window("minute", 1, 60_000)

    plans = [plan_of(once, kind=kind) for kind in (Kind.USER, Kind.TENANT, Kind.ADDRESS)]

    assert all(store.take(plan, (subject,)).has_passed for plan in plans for subject in ("one", "two"))


def test_what_was_given_back_can_be_taken_again() -> None:
    store, plan = MemoryStore(Clock()), plan_of(MINUTE)

    for _ in range(50):
        verdict = store.take(plan, ("ada",))
        assert verdict.has_passed
        store.give_back(plan, ("ada",), verdict.at)

    assert store.take(plan, ("ada",)).left == [[4]]


def test_a_lowered_quota_holds_at_once() -> None:
    store, wide, narrow = MemoryStore(Clock()), plan_of(Window("m", 10, 60_000)), plan_of(Window("m", 3, 60_000))
    for _ in range(8):
        store.take(wide, ("ada",))

    refused = store.take(narrow, ("ada",))

    assert not refused.has_passed
    assert tightest(narrow, refused).left == 0


def test_the_wait_is_long_enough_for_every_window_that_is_used_up() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    wide = plan_of(Window("m", 10, 60_000), Window("h", 10, 3_600_000))
    narrow = plan_of(Window("m", 3, 60_000), Window("h", 9, 3_600_000))
    for _ in range(9):
        store.take(wide, ("ada",))

    told = tightest(narrow, store.take(narrow, ("ada",)))
    clock.now += told.seconds * 1_000

    assert (told.name, told.left) == ("h", 0)
    assert store.take(narrow, ("ada",)).has_passed


def test_whoever_has_gone_is_forgotten() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    for number in range(1_000):
        clock.now += 1_000
        store.take(plan_of(MINUTE), (f"subject {number}",))

    assert len(store) <= 122


def test_no_crowd_makes_it_grow_without_end() -> None:
    store = MemoryStore(Clock(), remembered=100)
    for number in range(1_000):
        store.take(Plan((Policy(Kind.ADDRESS, (MINUTE,)),), ""), (f"subject {number}",))

    assert len(store) <= 100
