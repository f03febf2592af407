"""What a client follows: its rights are checked again also while it catches up at its own slow pace."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from realtime_fakes import some_principal

from realtime_service.dialects.topics_frames import event_frame
from realtime_service.following import JOINS_AT_ONCE, Following
from realtime_service.hub import Hub
from realtime_service.positions import Position
from realtime_service.replay_turns import ReplayTurns
from shared.errors import TesseraError
from shared.events.questions import TopicNotFound
from shared.ids import new_id
from shared.supervision import TaskSet

ZERO = Position("e1", 0)


class SlowClient:
    """Never takes what it missed; notes which topics it lost."""

    def __init__(self) -> None:
        self.lost_topics: list[str] = []

    def missed(self, _events: object) -> None:
        return

    def taken_away(self, topic: str, _error: TesseraError) -> None:
        self.lost_topics.append(topic)


class Rights:
    """The answers of topic owners: all topics may be followed but `refused`."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    async def fresh_standing(self, _principal: Any, topic: str) -> tuple[Position, str]:
        return ZERO, topic

    async def check(self, _principal: Any, topic: str) -> str:
        if topic in self.refused:
            raise TopicNotFound
        return topic


async def endless(*_arguments: Any) -> None:
    await asyncio.Event().wait()


def topic_of(number: int) -> str:
    return f"tasks:{UUID(int=number + 1)}"


async def test_a_right_that_ended_ends_a_topic_although_eight_others_catch_up_slowly() -> None:
    rights, client, tasks, joined = Rights(), SlowClient(), TaskSet("serve a client"), asyncio.Event()
    parts: Any = SimpleNamespace(
        hub=Hub(lambda *_: None, lambda *_: None, lambda *_: None),
        access=rights,
        keepers=SimpleNamespace(missed=endless),
        replays=ReplayTurns(),
        checks=asyncio.Semaphore(10),
        metrics=SimpleNamespace(),
    )
    following = Following(parts, client, tasks, event_frame)  # type: ignore[arg-type]
    principal, private = some_principal(new_id()), topic_of(100)

    async def note(_joined: object) -> None:
        joined.set()

    following.join(private, principal, None, joined=note, failed=lambda _error: None)
    async with asyncio.timeout(2):
        await joined.wait()
    for number in range(JOINS_AT_ONCE):
        following.join(topic_of(number), principal, ZERO, joined=note, failed=lambda _error: None)
    await asyncio.sleep(0)
    rights.refused.add(private)
    following.check_again()
    async with asyncio.timeout(2):
        while not client.lost_topics:
            await asyncio.sleep(0)

    assert client.lost_topics == [private]
    assert private not in following
    tasks.cancel()
