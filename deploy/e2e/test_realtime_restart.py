"""The one realtime node is restarted under load: its clients are told, come back, and have missed nothing."""

import asyncio
from contextlib import AsyncExitStack

import psutil

from deploy.api_client import ApiClient, api_client
from deploy.stack_process import StackProcess
from shared.testing.eventually import eventually
from shared.testing.live_client import LiveClient

CLIENTS = 50
WRITES_AFTER = 20  # the last of them when everybody is back
BACK_SECONDS = 60.0  # ten on a quiet machine
RESTARTING = 1012


def realtime_node(stack: StackProcess) -> psutil.Process:
    [node] = [
        child
        for child in psutil.Process(stack.process.pid).children(recursive=True)
        if "realtime_service" in child.cmdline()
    ]
    return node


async def write(ada: ApiClient, project: str, enough: asyncio.Event) -> int:
    """Tasks, one after the other, until there are enough and some more; how many."""
    count = left = 0
    while not enough.is_set() or left < WRITES_AFTER:
        await ada.expect(201, "POST", f"/projects/{project}/tasks", {"title": str(count)})
        count += 1
        left += enough.is_set()
    return count


async def test_everybody_is_told_comes_back_and_has_missed_nothing(distributed: StackProcess) -> None:
    async with api_client(distributed.url) as ada, AsyncExitStack() as opened:
        await ada.register()
        project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
        topic = f"tasks:{project}"
        clients = [LiveClient(distributed.live_url, ada.access_token) for _ in range(CLIENTS)]
        for client in clients:
            client.follow(topic)
            await opened.enter_async_context(client)
            await client.answered()
        are_back = asyncio.Event()
        writing = asyncio.create_task(write(ada, project, are_back))

        realtime_node(distributed).terminate()
        await eventually(lambda: all(client.close_codes for client in clients), within=BACK_SECONDS)
        await eventually(lambda: all(client.is_connected for client in clients), within=BACK_SECONDS)
        are_back.set()
        written = await writing
        await eventually(
            lambda: all((client.position(topic) or ("", 0))[1] == written for client in clients), within=BACK_SECONDS
        )

    assert {code for client in clients for code in client.close_codes} == {RESTARTING}
    assert all(answer.recovered for client in clients for answer in client.recoveries[1:])
    assert all("going_away" in client.notices for client in clients)
    assert len({hint for client in clients for hint in client.retry_hints}) > CLIENTS // 2
