"""Fixtures of the bus tests: `network` comes twice, in this process and over RabbitMQ."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bus_networks import MemoryNetwork, Network, RabbitNetwork


@pytest.fixture(scope="session")
def amqp_url() -> str:
    url = os.environ.get("TEST_AMQP_URL")
    if not url:
        pytest.fail("TEST_AMQP_URL is not set: `make test` starts a RabbitMQ node and provides it.")
    return url


@pytest.fixture(params=["memory", "rabbitmq"])
async def network(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Network]:
    in_memory = request.param == "memory"
    network = MemoryNetwork(tmp_path) if in_memory else RabbitNetwork(request.getfixturevalue("amqp_url"))
    yield network
    await network.close()
