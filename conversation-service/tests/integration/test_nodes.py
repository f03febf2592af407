"""Two real processes of the service on RabbitMQ: a run is followed and stopped from anywhere, and outlives its node."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from conversation_builders import person
from conversation_client import ConversationClient, messages_of, path_of
from service_process import ServiceProcess, service_process
from sse import frames_in, text_of

from shared.db.databases import DatabaseConfig, open_databases
from shared.principal import Principal
from shared.testing.eventually import eventually
from shared.testing.llm_server import llm_server


@pytest.fixture
async def nodes(
    fresh_database: Callable[[str], DatabaseConfig],
) -> AsyncIterator[tuple[ServiceProcess, ServiceProcess]]:
    amqp_url = os.environ.get("TEST_AMQP_URL")
    if not amqp_url:
        pytest.fail("TEST_AMQP_URL is not set: `make test` starts a RabbitMQ node and provides it.")
    config = fresh_database("conversation")
    async with AsyncExitStack() as stack:
        llm = await stack.enter_async_context(llm_server())
        database = (await stack.enter_async_context(open_databases(config)))["conversation"]
        settings = {"llm_base_url": llm.url, "llm_model": "steady:2000:10", "run_lease_seconds": 1}
        made = [
            await stack.enter_async_context(service_process(config, database, amqp_url, settings)) for _ in range(2)
        ]
        yield made[0], made[1]


async def written(client: ConversationClient, who: Principal, run: str, at_least: int) -> None:
    async def has_written() -> bool:
        rows = await client.database.system_rows(
            "select coalesce(sum(cardinality(deltas)), 0) as count from run_chunks where run_id = $1", run
        )
        return bool(rows[0]["count"] >= at_least)

    await eventually(has_written, within=10)


async def running(client: ConversationClient, conversation: dict[str, Any]) -> str:
    async def found() -> bool:
        return bool(await client.database.system_rows("select from runs where status = 'running'"))

    await eventually(found, within=5)
    [row] = await client.database.system_rows("select id from runs where conversation_id = $1", conversation["id"])
    return str(row["id"])


async def has_no_leases(client: ConversationClient) -> bool:
    return not await client.database.system_rows("select from answer_leases")


async def test_an_answer_is_stopped_from_another_node_and_outlives_a_kill(
    nodes: tuple[ServiceProcess, ServiceProcess],
) -> None:
    here, there = nodes
    ada = person()
    first, second = await here.client.begin(ada), await here.client.begin(ada)

    # A stop asked for on one node ends what another one writes.
    asking = asyncio.create_task(here.client.ask(ada, first, stream=True))
    run = await running(there.client, first)
    begin = time.perf_counter()
    stopped = await there.client.send("POST", f"{path_of(first)}/runs/{run}/stop", who=ada)
    acknowledged = time.perf_counter() - begin
    whole = frames_in((await asking).body)
    assert (stopped.status, whole[-1].data["status"]) == (202, "stopped")
    assert acknowledged < 1  # 0.2 s is the goal on a quiet machine

    # A node that is killed leaves its question, what it had written, and a failed run; whoever follows is told.
    asking = asyncio.create_task(here.client.ask(ada, second, "Why?", stream=True))
    run = await running(there.client, second)
    await written(there.client, ada, run, 20)
    following = asyncio.create_task(there.client.send("GET", f"{path_of(second)}/runs/{run}/stream", who=ada))
    here.process.kill()
    await asyncio.gather(asking, return_exceptions=True)
    frames = frames_in((await following).body)
    assert (frames[-1].event, frames[-1].data["code"]) == ("error", "LLM_INTERRUPTED")
    question, reply = (await there.client.send("GET", messages_of(second), who=ada)).items
    assert (question["content"], reply["status"], reply["parent_id"]) == ("Why?", "failed", question["id"])
    assert text_of(frames).startswith(reply["content"])
    assert reply["content"].startswith("wörd1 wörd2 ")

    # Its place is free again, and the answer can be asked for again.
    await eventually(lambda: has_no_leases(there.client), within=10)
    retried = await there.client.ask(ada, second, None, model="steady:3:0")
    assert (retried.status, retried.data["content"]) == (201, "wörd1 wörd2 wörd3 ")
    assert retried.data["parent_id"] == question["id"]
