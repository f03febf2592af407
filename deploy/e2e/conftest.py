"""Both stacks, each started once for the whole run as a user starts them, and clients of their public door."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.api_client import ApiClient, api_client
from deploy.e2e.gift_frames import Household, moved_in
from deploy.e2e.stock_chat_client import installed
from deploy.embedded.postgres_home import remove_data
from deploy.mail_folder import mail_folder, prove_address
from deploy.stack_process import DISTRIBUTED, EMBEDDED, StackProcess, stack_process
from deploy.throwaway import throwaway_folder

# Limits are not what is tested here, and one machine plays all clients. A node that restarts lets them go at once.
SETTINGS = {"RATE_LIMIT_SCALE": "1000", "MAIL_LIMIT_SCALE": "1000", "DRAIN_SECONDS": "1"}


@asynccontextmanager
async def lasting_stack(module: str, settings: Mapping[str, str]) -> AsyncIterator[StackProcess]:
    with throwaway_folder() as home:
        async with stack_process(module, home, settings) as stack:
            yield stack
        remove_data(home / "postgres")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded() -> AsyncIterator[StackProcess]:
    async with lasting_stack(EMBEDDED, SETTINGS) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def distributed() -> AsyncIterator[StackProcess]:
    """With a broker of its own where the test run has one: queues of another stack must not mix with these."""
    servers = {name: os.environ.get(name, "") for name in ("AMQP_URL", "REDIS_URL")}
    async with lasting_stack(DISTRIBUTED, {**SETTINGS, **servers}) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The stock Socket.IO client."""
    yield await installed(tmp_path_factory.mktemp("socketio_client"))


@pytest.fixture(params=["embedded", "distributed"])
def stack(request: pytest.FixtureRequest) -> StackProcess:
    running: StackProcess = request.getfixturevalue(request.param)
    return running


@pytest.fixture
async def ada(stack: StackProcess) -> AsyncIterator[ApiClient]:
    """Somebody who has proven their address."""
    async with api_client(stack.url) as client:
        yield await prove_address(await client.register("Ada"), mail_folder(stack.environ))


@pytest.fixture
async def stranger(stack: StackProcess) -> AsyncIterator[ApiClient]:
    """Somebody of another tenant."""
    async with api_client(stack.url) as client:
        yield await prove_address(await client.register("Mallory"), mail_folder(stack.environ))


@pytest.fixture
async def anonymous(stack: StackProcess) -> AsyncIterator[ApiClient]:
    async with api_client(stack.url) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gift_household(embedded: StackProcess) -> AsyncIterator[Household]:
    async with AsyncExitStack() as exits:
        yield await moved_in(embedded, exits)
