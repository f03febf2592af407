"""The queues that publishers know are the ones that services consume, and how full each is shows in the metrics."""

import re

import aiohttp

from deploy.stack_process import StackProcess
from shared.messaging.queues import CONSUMER_QUEUES, dead_queue_of
from shared.testing.eventually import eventually

MEASURED_SECONDS = 45.0  # three rounds


async def measured(url: str, metric: str) -> set[str]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        return set(re.findall(rf'^{metric}\{{queue="([^"]+)"\}}', await answer.text(), re.MULTILINE))


async def test_publishers_know_every_queue_that_is_consumed(embedded: StackProcess) -> None:
    async def are_all_known() -> bool:
        """In one process the bus itself knows all queues, without a list."""
        return await measured(embedded.service_url(1), "tessera_queue_messages") == set(CONSUMER_QUEUES)

    await eventually(are_all_known, within=MEASURED_SECONDS)


async def test_each_queue_is_measured_at_the_broker_with_its_dead_letters(distributed: StackProcess) -> None:
    async def are_all_measured() -> bool:
        queues = await measured(distributed.service_url(1), "tessera_queue_messages")
        return queues == {*CONSUMER_QUEUES, *map(dead_queue_of, CONSUMER_QUEUES)}

    await eventually(are_all_measured, within=MEASURED_SECONDS)
    assert await measured(distributed.service_url(1), "tessera_outbox_backlog_age_seconds") == set(CONSUMER_QUEUES)
