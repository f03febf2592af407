"""What reference clients call a broken promise."""

import pytest

from shared.testing.live_reader import BrokenPromise, Followed, Recovery

TOPIC = "tasks:1"


async def followed(*, has_holes: bool = False) -> Followed:
    """Heard up to offset 4."""
    topic = Followed(TOPIC, has_holes)
    topic.stand(Recovery(TOPIC, "e1", 4, recovered=False, reason=None))
    return topic


def answer(epoch: str, offset: int) -> Recovery:
    return Recovery(TOPIC, epoch, offset, recovered=True, reason=None)


async def test_each_event_has_the_next_offset() -> None:
    topic = await followed()

    assert topic.move(5) == "e1"
    for offset, promise in ((5, "duplicate or out of order"), (3, "duplicate or out of order"), (7, "silent gap")):
        with pytest.raises(BrokenPromise, match=promise):
            topic.move(offset)


async def test_where_not_everything_is_told_offsets_only_rise() -> None:
    topic = await followed(has_holes=True)

    topic.move(9)
    with pytest.raises(BrokenPromise, match="duplicate or out of order"):
        topic.move(9)
    topic.stand(answer("e1", 12))
    with pytest.raises(BrokenPromise, match="false recovered"):
        topic.stand(answer("e1", 11))


async def test_an_event_before_the_first_place_belongs_nowhere() -> None:
    with pytest.raises(BrokenPromise, match="told before its place"):
        Followed(TOPIC).move(1)


@pytest.mark.parametrize(("epoch", "offset"), [("e1", 5), ("e1", 3), ("e2", 4)])
async def test_recovered_means_at_the_very_place_that_was_reached(epoch: str, offset: int) -> None:
    topic = await followed()

    with pytest.raises(BrokenPromise, match="false recovered"):
        topic.stand(answer(epoch, offset))
    topic.stand(answer("e1", 4))
    assert topic.since == {"epoch": "e1", "offset": 4}


async def test_an_honest_loss_begins_anew() -> None:
    topic = await followed()

    topic.stand(Recovery(TOPIC, "e2", 90, recovered=False, reason="epoch_changed"))

    assert topic.move(91) == "e2"
