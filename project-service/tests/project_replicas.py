"""Two replicas of the service on one database, and what they answer to many requests at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from project_client import ProjectClient

from shared.principal import Principal
from shared.testing.service_client import Answer

AT_ONCE = 50
Road = Callable[[ProjectClient, Principal, int], Awaitable[Answer]]


class TwoReplicas(NamedTuple):
    one: ProjectClient
    other: ProjectClient

    async def at_once(self, who: Principal, *roads: Road) -> Counter[str]:
        """What 50 parallel requests over both replicas were answered, each road in its turn."""
        answers = await asyncio.gather(
            *(roads[number % len(roads)](self[number % 2], who, number) for number in range(AT_ONCE))
        )
        return Counter("made" if answer.status < 300 else answer.code for answer in answers)
