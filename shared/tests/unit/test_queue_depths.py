"""Queues are looked at each for itself: one that does not answer hides no other, and leaves nothing open."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shared.messaging.rabbitmq import queue_depths
from shared.messaging.rabbitmq.queue_depths import QueueDepths
from shared.telemetry.metrics import Metrics, set_values


class Channel:
    def __init__(self) -> None:
        self.is_open = True

    async def declare_queue(self, name: str, *, passive: bool) -> Any:
        assert passive
        if name == "stuck.events":
            await asyncio.Event().wait()
        return SimpleNamespace(declaration_result=SimpleNamespace(message_count=len(name)))

    async def close(self) -> None:
        self.is_open = False


class Connection:
    def __init__(self) -> None:
        self.channels: list[Channel] = []

    async def channel(self, **_options: object) -> Channel:
        self.channels.append(Channel())
        return self.channels[-1]


async def test_a_queue_that_does_not_answer_hides_no_other_and_leaves_no_channel_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_depths, "LOOK_TIMEOUT", 0.05)
    connection = Connection()
    link: Any = SimpleNamespace(connection=connection)

    depths = await QueueDepths(link, ["stuck.events", "fine.events"]).read()

    assert depths == {"stuck.events.dead": 17, "fine.events": 11, "fine.events.dead": 16}
    assert [channel.is_open for channel in connection.channels] == [False] * 4


def test_what_does_not_answer_keeps_no_former_value() -> None:
    metrics = Metrics("sample")
    set_values(metrics.queue_messages, {"gone.events": 7, "fine.events": 1})

    set_values(metrics.queue_messages, {"fine.events": 2})

    lines = [line for line in metrics.render().decode().splitlines() if line.startswith("tessera_queue_messages")]
    assert lines == ['tessera_queue_messages{queue="fine.events"} 2.0']
