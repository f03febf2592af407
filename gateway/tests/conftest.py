"""Fixtures over a whole gateway, see `gateway_stack`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import uvloop
from sanic import Sanic

sys.path.insert(0, str(Path(__file__).parent))

from gateway_stack import Stack, StartStack, open_stack


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Production runs on uvloop, whose transports differ in detail."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def several_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sanic keeps its apps by name; every test makes a new one of the same name."""
    monkeypatch.setattr(Sanic, "test_mode", True)


@pytest.fixture
async def start_stack() -> AsyncIterator[StartStack]:
    """`await start_stack(cors_origins="...")`: settings and limits of this test's own."""
    async with AsyncExitStack() as opened:
        yield partial(open_stack, opened)


@pytest.fixture
def redis_url() -> str:
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        pytest.fail("TEST_REDIS_URL is not set: `make test` starts a Redis and provides it.")
    return url


@pytest.fixture
async def stack(start_stack: StartStack) -> Stack:
    return await start_stack()
