"""conversation-service as a process of its own, on RabbitMQ, as it runs in production."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from conversation_client import ConversationClient

from shared.db.databases import Database, DatabaseConfig
from shared.testing.callers import INTERNAL_SECRET
from shared.testing.eventually import eventually

START_SECONDS = 30.0


class ServiceProcess(NamedTuple):
    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession
    client: ConversationClient


@asynccontextmanager
async def service_process(
    config: DatabaseConfig, database: Database, amqp_url: str, settings: dict[str, Any]
) -> AsyncIterator[ServiceProcess]:
    port = _free_port()
    environ = {
        **os.environ,
        "DATABASE_URL_CONVERSATION": config.url,
        "DATABASE_URL_CONVERSATION_SYSTEM": config.system_url,
        "INTERNAL_SECRET": INTERNAL_SECRET,
        "AMQP_URL": amqp_url,
        "PORT": str(port),
        "LOG_LEVEL": "error",
        **{name.upper(): str(value) for name, value in settings.items()},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "conversation_service", env=environ, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await eventually(lambda: _is_ready(session), within=START_SECONDS)
            yield ServiceProcess(process, session, ConversationClient(session, database))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/health/ready") as answer:
            body = await answer.json()
            return answer.status == 200 and body.get("broker") == "connected"
    except aiohttp.ClientError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
