"""Private RabbitMQ and Redis nodes: data survive kill -9, and nothing survives its owner."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import psutil
import pytest
import redis.asyncio
from aio_pika.abc import AbstractChannel, AbstractQueue

from deploy.local import apt
from deploy.local.provision import ReachableServer, broker, cache
from deploy.local.rabbitmq import RabbitMQNode
from deploy.local.redis import RedisNode
from deploy.supervision.errors import AlreadyRunning
from deploy.tests.owners import eventually, owner, processes_of, started_pid

needs_rabbitmq = pytest.mark.skipif(not RabbitMQNode.is_installed(), reason="rabbitmq-server is not installed")
needs_redis = pytest.mark.skipif(not RedisNode.is_installed(), reason="redis-server is not installed")


async def quorum_queue(channel: AbstractChannel) -> AbstractQueue:
    return await channel.declare_queue("orders", durable=True, arguments={"x-queue-type": "quorum"})


async def publish(url: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        queue = await quorum_queue(channel)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue.name)


async def take(url: str) -> bytes:
    async with await aio_pika.connect(url) as connection:
        queue = await quorum_queue(await connection.channel())
        message = await queue.get(timeout=10)
        await message.ack()
        return message.body


def loopback_only(pids: list[int]) -> bool:
    """Whether none of the processes listens on an address of the outside world."""
    sockets = [socket for socket in psutil.net_connections("tcp") if socket.status == psutil.CONN_LISTEN]
    own = [socket.laddr.ip for socket in sockets if socket.pid in pids]
    return bool(own) and all(address in ("127.0.0.1", "::1") for address in own)


@needs_rabbitmq
async def test_a_confirmed_message_survives_kill_9_of_the_broker(folder: Path) -> None:
    async with RabbitMQNode(folder) as node:
        url = node.url
        await publish(url, b"two spoons")
        await eventually(node.has_its_queues_on_disk)

        await node.kill()
        assert processes_of(folder) == []
        await node.start()

        assert node.url == url
        assert await take(url) == b"two spoons"


@needs_rabbitmq
async def test_a_broker_listens_on_loopback_only_and_takes_its_port_mapper_with_it(folder: Path) -> None:
    node = RabbitMQNode(folder)
    await node.start()
    pids = processes_of(folder)
    assert any("epmd" in Path(f"/proc/{pid}/comm").read_text() for pid in pids)
    assert loopback_only(pids)
    assert "tessera" in await node.control("list_users")

    await node.stop()

    assert processes_of(folder) == []


@needs_rabbitmq
async def test_the_death_of_its_owner_ends_a_broker_and_all_it_started(folder: Path) -> None:
    async with owner(RabbitMQNode, folder) as process:
        await started_pid(process)
        process.kill()
        await process.wait()

    await eventually(lambda: processes_of(folder) == [])


@pytest.fixture
async def redis_node(folder: Path) -> AsyncIterator[RedisNode]:
    async with RedisNode(folder) as node:
        yield node


@needs_redis
async def test_a_cache_keeps_what_was_written_over_kill_9(redis_node: RedisNode) -> None:
    async with redis.asyncio.from_url(redis_node.url) as client:
        assert await client.ping()
        await client.set("colour", "green")

    await redis_node.kill()
    await redis_node.start()

    async with redis.asyncio.from_url(redis_node.url) as client:
        assert await client.get("colour") == b"green"


@needs_redis
async def test_a_cache_is_closed_to_the_world_and_to_those_without_the_password(redis_node: RedisNode) -> None:
    async with redis.asyncio.Redis(port=redis_node.port) as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await client.ping()

    assert loopback_only([redis_node.pid])


@needs_redis
async def test_a_second_cache_in_the_same_folder_is_refused(folder: Path, redis_node: RedisNode) -> None:
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        await RedisNode(folder).start()


@needs_redis
@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGKILL])
async def test_the_death_of_its_owner_ends_a_cache(folder: Path, death: signal.Signals) -> None:
    async with owner(RedisNode, folder) as process:
        await started_pid(process)
        process.send_signal(death)
        await process.wait()

    await eventually(lambda: processes_of(folder) == [])


@needs_redis
async def test_a_reachable_server_is_used_as_it_is(
    folder: Path, redis_node: RedisNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_node.url)

    async with cache(folder / "own") as server:
        assert server == ReachableServer(redis_node.url)

    assert not (folder / "own").exists()


@needs_redis
async def test_an_unreachable_server_is_replaced_by_a_private_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")

    async with cache(folder) as server, redis.asyncio.from_url(server.url) as client:
        assert await client.ping()

    assert processes_of(folder) == []


@needs_rabbitmq
async def test_without_a_broker_a_private_one_is_provided(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMQP_URL", raising=False)

    async with broker(folder) as server:
        await publish(server.url, b"one fork")
        assert await take(server.url) == b"one fork"


@pytest.fixture
def recorded_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `apt-get` that notes what it was asked and what the service policy answered then; it fails for `broken`."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    record = tmp_path / "record"
    program.write_text(
        f"#!/bin/sh\nsh {tmp_path}/policy-rc.d && answer=0 || answer=$?\n"
        f'echo "$answer $*" >>{record}\ncase "$*" in *broken*) exit 100;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return record


async def test_an_installation_starts_no_service_and_restores_the_policy(tmp_path: Path, recorded_apt: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("exit 0\n")

    await apt.install("redis-server", tmp_path / "apt.log", policy)

    commands = recorded_apt.read_text().splitlines()
    assert [line.split()[0] for line in commands] == ["101", "101"]
    assert commands[1].endswith("install --yes --no-install-recommends redis-server")
    assert policy.read_text() == "exit 0\n"


async def test_a_failed_installation_leaves_no_policy_behind(tmp_path: Path, recorded_apt: Path) -> None:
    policy = tmp_path / "policy-rc.d"

    with pytest.raises(apt.InstallFailed, match="broken-server"):
        await apt.install("broken-server", tmp_path / "apt.log", policy)

    assert not policy.exists()
