"""When a job that repeats runs next."""

from datetime import UTC, datetime

import pytest

from shared.jobs.kinds import Retry
from shared.jobs.schedule import Cron, Every, Schedule, schedule_of

NINE_IN_BERLIN = Cron("0 9 * * *", "Europe/Berlin")


@pytest.mark.parametrize(
    ("schedule", "moment", "expected"),
    [
        (Every(90), "2026-03-14T09:00:00", "2026-03-14T09:01:30"),
        (Cron("*/15 * * * *"), "2026-03-14T09:00:00", "2026-03-14T09:15:00"),
        (NINE_IN_BERLIN, "2026-03-28T07:59:59", "2026-03-28T08:00:00"),
        (NINE_IN_BERLIN, "2026-03-28T08:00:00", "2026-03-29T07:00:00"),  # summer time begins in the night between
        (Cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00", "2026-03-29T01:00:00"),  # that night has no 2:30
        (Cron("0 0 1 1 *", "Asia/Kolkata"), "2026-06-01T00:00:00", "2026-12-31T18:30:00"),
    ],
)
def test_the_next_time_is_local_time(schedule: Schedule, moment: str, expected: str) -> None:
    assert schedule.after(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == datetime.fromisoformat(
        expected
    ).replace(tzinfo=UTC)


@pytest.mark.parametrize("schedule", [Every(90.0), NINE_IN_BERLIN, Cron("0 0 1 1 *")])
def test_a_schedule_is_read_as_it_was_written(schedule: Schedule) -> None:
    assert schedule_of(str(schedule)) == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        Cron("61 * * * *"),
        Cron(""),
        Cron("0 0 30 2 *"),
        Cron("0 9 * * *", "Mars/Olympus"),
        Cron("* * * * *", ""),
        Cron("* * * * *", "Europe"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule: Cron) -> None:
    with pytest.raises(ValueError, match="no schedule"):
        schedule.after(datetime(2026, 3, 14, tzinfo=UTC))


def test_pauses_grow_up_to_the_longest_and_are_shortened_by_half_at_most() -> None:
    retry = Retry(first=10.0, factor=4.0, longest=3600.0, jitter=0.5)

    for attempt, longest in [(1, 10), (2, 40), (3, 160), (7, 3600), (10_000, 3600)]:
        assert longest / 2 <= retry.pause(attempt) <= longest
