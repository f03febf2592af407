"""Nodes of the service that share a database, a broker and a storage, and answer through a server of models."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from conversation_builders import conversation_settings
from conversation_client import ConversationClient, path_of
from fake_storage import FakeStorage

from conversation_service.app import create_app
from shared.db.databases import Database
from shared.events.questions import StorageAllotment
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.requests import Responder
from shared.principal import Principal
from shared.testing.eventually import eventually
from shared.testing.llm_server import LlmServer
from shared.testing.service_client import session_with

Node = Callable[..., Awaitable[ConversationClient]]


@asynccontextmanager
async def nodes_of(database: Database, llm: LlmServer, storage: FakeStorage) -> AsyncIterator[Node]:
    """Makes a node; its arguments are settings."""
    broker = MemoryBroker()
    async with AsyncExitStack() as stack:
        responder = Responder(await _bus(stack, broker), "project")
        responder.on(StorageAllotment, storage.allot)
        await responder.start()

        async def make(**settings: Any) -> ConversationClient:
            told = {"llm_base_url": llm.url, "llm_model": "steady:5:0", **settings}
            app = create_app(conversation_settings(**told), database=database, bus=await _bus(stack, broker))
            return ConversationClient(await stack.enter_async_context(session_with(app)), database)

        yield make


async def _bus(stack: AsyncExitStack, broker: MemoryBroker) -> MemoryBus:
    bus = MemoryBus(broker)
    await bus.start()
    stack.push_async_callback(bus.close)
    return bus


async def begun(client: ConversationClient, who: Principal, conversation: dict[str, Any], **more: Any) -> str:
    """Asks in the background; the path of the run."""
    asking = asyncio.create_task(client.ask(who, conversation, stream=True, **more))
    rows: list[Any] = []

    async def has_begun() -> bool:
        rows[:] = await client.database.system_rows(
            "select id from runs where conversation_id = $1 and status = 'running'", conversation["id"]
        )
        return bool(rows)

    await eventually(has_begun, within=5)
    asking.cancel()
    return f"{path_of(conversation)}/runs/{rows[0]['id']}"


async def ended(client: ConversationClient, who: Principal, run: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def is_over() -> bool:
        seen.update((await client.send("GET", run, who=who)).data)
        return bool(seen["status"] != "running")

    await eventually(is_over, within=5)
    return seen
