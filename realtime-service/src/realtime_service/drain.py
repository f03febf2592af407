"""Leaving: clients are told, then closed slice by slice, so that they do not all arrive elsewhere at once."""

import asyncio
import random

from realtime_service.connections import Connections
from realtime_service.frames import CloseCode

SLICE_SECONDS = 0.1
SHARE_OF_GRACE = 0.5  # how much later than its own close the last client is asked to come back


async def drain(connections: Connections, seconds: float) -> None:
    """Closes all with 1012 within `seconds`; returns when the peers have answered or their grace has passed."""
    leaving = list(connections)
    random.shuffle(leaving)
    for connection in leaving:
        connection.session.say("going_away", _retry_after_ms(seconds))
    slices = max(1, min(len(leaving), round(seconds / SLICE_SECONDS)))
    for number in range(slices):
        await asyncio.sleep(seconds / slices if number else 0.0)
        for connection in leaving[number::slices]:
            connection.close(CloseCode.RESTARTING)
    await connections.until_empty()


def _retry_after_ms(seconds: float) -> int:
    return round(random.uniform(0.1, max(0.2, seconds * SHARE_OF_GRACE)) * 1000)  # noqa: S311 - spreads load
