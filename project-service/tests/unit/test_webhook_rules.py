"""What follows from an attempt, who may hear what, and by which names events are listened to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from project_service.projects.access import role_in
from project_service.webhooks.delivery_worker import retry_after
from project_service.webhooks.domain import (
    KEPT_FOR,
    Attempt,
    Pace,
    Standing,
    judge,
    may_hear,
    patterns_of,
    unknown_events,
)
from project_service.webhooks.schemas import DeliveryStatus, DisabledReason
from shared.events.projects import ProjectRole, Visibility
from shared.events.registry import default_registry
from shared.events.webhooks import public_type, webhook_catalogue
from shared.principal import Role
from shared.testing.callers import somebody

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
PACE = Pace()
DAY = 86_400.0


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_success_is_a_success(status: int) -> None:
    assert judge(Attempt(status), 1, PACE, 0.5, on_demand=False).status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("status", [None, 100, 301, 302, 400, 401, 404, 429, 500, 503])
def test_anything_else_is_tried_again(status: int | None) -> None:
    assert judge(Attempt(status), 1, PACE, 0.5, on_demand=False).status is DeliveryStatus.PENDING


def test_the_schedule_is_the_one_of_the_standard() -> None:
    delays = [judge(Attempt(500), number, PACE, 0.0, on_demand=False).retry_in for number in range(1, 11)]

    assert delays == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, DAY, None]
    assert sum(filter(None, delays)) * (1 + PACE.jitter) < KEPT_FOR.total_seconds()


@given(number=st.integers(1, 9), luck=st.floats(0, 1))
def test_a_delay_is_never_shorter_than_the_schedule_says(number: int, luck: float) -> None:
    retry_in = judge(Attempt(500), number, PACE, luck, on_demand=False).retry_in

    assert retry_in is not None
    assert PACE.schedule[number] <= retry_in <= PACE.schedule[number] * 1.1


def test_the_last_failure_disables_and_so_does_410_at_once() -> None:
    last, gone = judge(Attempt(500), 10, PACE, 0, on_demand=False), judge(Attempt(410), 1, PACE, 0, on_demand=True)

    assert (last.status, last.disables) == (DeliveryStatus.FAILED, DisabledReason.FAILING)
    assert (gone.status, gone.disables) == (DeliveryStatus.FAILED, DisabledReason.GONE)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_receiver_is_left_alone(status: int) -> None:
    verdict = judge(Attempt(status), 1, PACE, 0, on_demand=False)

    assert verdict.pause == verdict.retry_in == 30


def test_a_receiver_says_how_long_but_not_for_ever() -> None:
    hour, year = (judge(Attempt(429, retry_after=s), 1, PACE, 0, on_demand=False) for s in (3600, 365 * DAY))

    assert (hour.pause, hour.retry_in) == (3600, 3600)
    assert (year.pause, year.retry_in) == (DAY, DAY)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("0", 0), ("Sat, 14 Mar 2026 09:27:53 GMT", 60), ("Sat, 14 Mar 2020 09:27:53 GMT", 0),
     ("", None), ("-5", None), ("soon", None), ("1.5", None), ("٣", None), ("9" * 400, 999_999_999)],
)  # fmt: skip
def test_both_forms_of_retry_after_are_read(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


@given(text=st.text(max_size=60))
def test_no_retry_after_breaks_us(text: str) -> None:
    seconds = retry_after({"retry-after": text}, NOW)

    assert seconds is None or seconds >= 0


@given(
    role=st.sampled_from(Role),
    visibility=st.sampled_from(Visibility),
    member_role=st.none() | st.sampled_from(ProjectRole),
)
def test_a_webhook_hears_what_its_maker_may_see(
    role: Role, visibility: Visibility, member_role: ProjectRole | None
) -> None:
    may_see = role_in(somebody(role), visibility, member_role) is not None

    assert may_hear(Standing(role, visibility, member_role), is_of_project=True) is may_see


def test_who_has_left_hears_nothing_and_nobody_hears_of_a_project_that_is_no_more() -> None:
    assert not may_hear(Standing(None, Visibility.TENANT, ProjectRole.OWNER), is_of_project=True)
    assert not may_hear(Standing(None, None, None), is_of_project=False)
    assert not may_hear(Standing(Role.OWNER, None, None), is_of_project=True)
    assert may_hear(Standing(Role.VIEWER, None, None), is_of_project=False)


def test_events_are_listened_to_by_type_by_noun_or_all() -> None:
    catalogue = webhook_catalogue(default_registry())

    assert patterns_of("task.status_changed") == ("*", "task.*", "task.status_changed")
    assert list(unknown_events(["*", "task.*", "task.updated", "membership.added"], catalogue)) == []
    assert [wrong.path for wrong in unknown_events(["tasks.*", "task.updated", "*.*", "webhook.*"], catalogue)] == [
        "events.0",
        "events.2",
        "events.3",
    ]


def test_public_types_are_told_apart_without_their_service() -> None:
    catalogue = webhook_catalogue(default_registry())

    assert len(catalogue) == len(set(catalogue.values()))
    assert all(public_type(contract.type) == name for name, contract in catalogue.items())
    assert not {"setting.changed", "session.revoked", "message.added"} & catalogue.keys()
