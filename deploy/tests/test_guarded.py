"""What a guarded server leaves behind in this process."""

import asyncio
import gc
import warnings
from pathlib import Path

import pytest

from deploy.supervision.guard import Order
from deploy.supervision.guarded import GuardedServer, GuardFailed


def order(command: str, log: Path) -> Order:
    return Order(command=[command, "60"], environment={}, folder="/", log=str(log), stop=[("SIGTERM", 5.0)])


async def start_and_stop(tmp_path: Path) -> None:
    server = await GuardedServer.start(order("/bin/sleep", tmp_path / "log"))
    await server.stop()


async def start_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(GuardFailed):
        await GuardedServer.start(order("/nowhere", tmp_path / "log"))


async def fail_before_the_order_is_sent(tmp_path: Path) -> None:
    unsendable = order("/bin/sleep", tmp_path / "log")
    unsendable.environment["PATH"] = b"not JSON"  # type: ignore[assignment]
    with pytest.raises(TypeError):
        await GuardedServer.start(unsendable)


@pytest.mark.parametrize("story", [start_and_stop, start_what_does_not_exist, fail_before_the_order_is_sent])
def test_no_transport_outlives_the_loop(story, tmp_path: Path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(story(tmp_path))
        gc.collect()

    assert [str(warning.message) for warning in caught] == []
