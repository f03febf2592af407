"""A consumer outlives a delivery that cannot be settled, and leaves nothing in hand."""

import asyncio
from collections.abc import Sequence

from shared.ids import new_id
from shared.messaging.bus import Delivery
from shared.messaging.serial import SerialConsumer
from shared.supervision import Pace, Supervisor
from shared.testing.eventually import eventually


class Stubborn:
    """Cannot be put off, against its contract."""

    body, type, attempt, first_failed, is_settled = b"{}", "project.task.deleted", 1, None, False

    def __init__(self, queue: "asyncio.Queue[Stubborn]") -> None:
        self.message_id = new_id()
        self._queue = queue

    async def ack(self) -> None:
        self.is_settled = True

    async def retry(self, _delay_seconds: float, *, counted: bool = True) -> None:
        raise OSError

    async def dead_letter(self, _reason: str) -> None:
        raise OSError

    def give_back(self) -> None:
        self._queue.put_nowait(self)


async def test_a_delivery_that_cannot_be_settled_is_given_back_and_taken_again() -> None:
    queue: asyncio.Queue[Stubborn] = asyncio.Queue()
    tasks, anew, handled = Supervisor(Pace(first_pause=0.001)), [0], [0]

    async def take() -> list[Stubborn]:
        return [await queue.get()]

    async def settle_the_second_time(deliveries: Sequence[Delivery]) -> None:
        handled[0] += 1
        if handled[0] == 2:
            await deliveries[0].ack()

    def begin_anew() -> None:
        anew[0] += 1

    consumer = SerialConsumer("sample", take, settle_the_second_time, tasks, begin_anew)
    delivery = Stubborn(queue)
    queue.put_nowait(delivery)

    await eventually(lambda: delivery.is_settled)

    assert (handled, anew) == ([2], [1])
    await consumer.close()
