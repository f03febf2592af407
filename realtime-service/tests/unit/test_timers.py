"""The wheel fires once, in time, and not after a cancel."""

from realtime_service.timers import SLOTS, TICK_SECONDS, TimerWheel


def test_a_timer_fires_once_after_its_time_however_many_rounds_that_takes() -> None:
    wheel, fired = TimerWheel(), []
    ticks = SLOTS * 2 + 3
    wheel.after(ticks * TICK_SECONDS, lambda: fired.append("now"))

    for _ in range(ticks - 1):
        wheel.tick()
    before = list(fired)
    for _ in range(SLOTS * 3):
        wheel.tick()

    assert (before, fired) == ([], ["now"])


def test_a_cancelled_timer_stays_silent() -> None:
    wheel, fired = TimerWheel(), []
    timer = wheel.after(TICK_SECONDS, lambda: fired.append("now"))

    timer.cancel()
    wheel.tick()

    assert fired == []


def test_a_failing_timer_does_not_stop_the_others() -> None:
    wheel, fired = TimerWheel(), []
    wheel.after(TICK_SECONDS, lambda: 1 / 0)
    wheel.after(TICK_SECONDS, lambda: fired.append("now"))

    wheel.tick()

    assert fired == ["now"]
