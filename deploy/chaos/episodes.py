"""Random trouble for live clients of three dialects, against what really happened; 1 for a broken promise.

python -m deploy.chaos.episodes [--episodes 1000] [--seed 1] [--through-gateway]

Two nodes of realtime-service, each with a gateway before it if asked for, and a RabbitMQ of their own. An episode is a
burst of events, of which a faulty broker loses, doubles and reorders some, with any of: clients cut off, a node killed
-9, RabbitMQ restarted, tokens that end. At its end every client must have heard exactly what happened, or have been
told that it has not.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench.fanout import until_listening
from deploy.bench.stage import KEY_ID, auth_stand_in, free_ports, gateway
from deploy.chaos.episode_clients import Doors, Follower, followers
from deploy.chaos.episode_truth import Topics, Truth
from deploy.console import say
from deploy.local.processes import ServiceProcess
from deploy.local.rabbitmq import RabbitMQNode
from deploy.machine import describe_machine
from deploy.supervision.errors import ServerError
from deploy.supervision.ports import free_port
from shared.access_tokens import mint_access_token
from shared.identity import EXPIRES_HEADER, HEADER, mint_identity
from shared.ids import new_id
from shared.messaging.bus import Bus
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.principal import Principal, Role
from shared.telemetry.logs import configure_logging

SECRET = "a secret of episodes, long enough"  # noqa: S105 - of nodes that live as long as this command
CATCH_UP_SECONDS = 60.0  # after a restart of RabbitMQ everybody waits before they ask again
TOLD_EVERY = 50  # episodes
NODES = 2
SHORT_LIFE, LONG_LIFE = 2, 900  # seconds, of credentials
_LOOK_SECONDS = 0.01

PROMISES = ("silent gap", "false recovered", "duplicate or out of order")

Trouble = Callable[[], Awaitable[None]]


class Troubles(NamedTuple):
    kill_node: Trouble
    restart_broker: Trouble


class Outcome(NamedTuple):
    episodes: int
    broken: Counter[str]
    stuck: int
    """Clients that had not heard all at the end of an episode."""
    events: int
    recovered: int
    flagged: int
    trouble: Counter[str]

    @property
    def is_clean(self) -> bool:
        return not self.broken and not self.stuck


def somebody() -> Principal:
    return Principal(user_id=new_id(), tenant_id=new_id(), session_id=new_id(), role=Role.DEVELOPER)


def node_doors(principal: Principal, ports: Callable[[], Sequence[int]]) -> Doors:
    """The nodes themselves, entered as the gateway does."""

    def headers(is_short_lived: bool) -> dict[str, str]:
        identity = {HEADER: mint_identity(principal, "realtime", SECRET, datetime.now(UTC))}
        return {**identity, EXPIRES_HEADER: str(int(time.time()) + SHORT_LIFE)} if is_short_lived else identity

    return Doors(lambda: [f"ws://127.0.0.1:{port}/ws" for port in ports()], headers)


async def play(
    bus: Bus, principal: Principal, doors: Doors, troubles: Troubles, episodes: int, seed: int, *, each: int = 2
) -> Outcome:
    """The bus is the keepers'. Raises nothing for a broken promise: the outcome tells."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    topics = Topics([new_id(), new_id()], [new_id(), new_id()])
    truth = Truth(bus, chance, principal.tenant_id, topics)
    await truth.start()
    clients = followers(truth, doors, chance, each)
    running = [asyncio.create_task(client.run()) for client in clients]
    trouble: Counter[str] = Counter()
    stuck, started = 0, time.monotonic()
    try:
        for number in range(1, episodes + 1):
            await _episode(truth, clients, troubles, chance, trouble)
            stuck += await _catch_up(truth, clients)
            if number % TOLD_EVERY == 0:
                say(f"  {number} episodes, {time.monotonic() - started:.0f} s, stuck {stuck}")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    trouble.update(lost=truth.lost, doubled=truth.doubled, overtaken=truth.overtaken)
    broken = sum((client.broken for client in clients), Counter[str]())
    return Outcome(
        episodes,
        broken,
        stuck,
        events=sum(client.events for client in clients),
        recovered=sum(client.recovered for client in clients),
        flagged=sum(client.flagged for client in clients),
        trouble=trouble,
    )


async def _episode(
    truth: Truth, clients: list[Follower], troubles: Troubles, chance: random.Random, trouble: Counter[str]
) -> None:
    for _ in range(chance.randint(1, 4)):
        await truth.happen(chance.randint(1, 8), is_faulty=chance.random() < 0.5)
        fate = chance.random()
        if fate < 0.5:
            trouble["clients cut off"] += 1
            await chance.choice(clients).drop()
        elif fate < 0.56:
            trouble["nodes killed"] += 1
            await troubles.kill_node()
        elif fate < 0.564:  # each takes longer than fifty episodes
            trouble["brokers restarted"] += 1
            await troubles.restart_broker()
        await asyncio.sleep(chance.uniform(0, 0.03))


async def _catch_up(truth: Truth, clients: list[Follower]) -> int:
    """How many do not. An event that arrives shows what was lost before it, so there is one now and then."""
    end = time.monotonic() + CATCH_UP_SECONDS
    next_event = 0.0
    while time.monotonic() < end:
        if time.monotonic() >= next_event:
            await truth.happen_everywhere()
            next_event = time.monotonic() + 1.0
        if all(client.is_up_to_date for client in clients):
            return 0
        await asyncio.sleep(_LOOK_SECONDS)
    return sum(not client.is_up_to_date for client in clients)


async def run(episodes: int, seed: int, home: Path, *, has_gateways: bool) -> Outcome:
    chance, principal = random.Random(seed), somebody()  # noqa: S311 - repeatable
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(RabbitMQNode(home / "rabbitmq"))
        bus = RabbitBus(broker.url, "episodes")
        await bus.start()
        stack.push_async_callback(bus.close)
        environ = {
            **os.environ,
            "AMQP_URL": broker.url,
            "INTERNAL_SECRET": SECRET,
            "RATE_LIMIT_SCALE": "1000",
            "LIVE_QUOTA_SCALE": "1000",
            "EXPIRY_GRACE_SECONDS": "0.2",
            "TESSERA_HOME": str(home),
        }
        nodes = [ServiceProcess("realtime_service", free_port(), environ, home / f"node{n}.log") for n in range(NODES)]
        for node in nodes:
            await node.start()
            stack.push_async_callback(node.stop)

        async def kill_node() -> None:
            chance.choice(nodes).kill()

        ports = [node.port for node in nodes]
        doors = node_doors(principal, lambda: ports)
        if has_gateways:
            doors = await stack.enter_async_context(gateway_doors(principal, ports))
        return await play(bus, principal, doors, Troubles(kill_node, broker.restart), episodes, seed)


@asynccontextmanager
async def gateway_doors(principal: Principal, nodes: Sequence[int]) -> AsyncIterator[Doors]:
    """A gateway before each node, and real access tokens."""
    key = Ed25519PrivateKey.generate()

    def headers(is_short_lived: bool) -> dict[str, str]:
        life = SHORT_LIFE if is_short_lived else LONG_LIFE
        return {"Authorization": f"Bearer {mint_access_token(principal, key, KEY_ID, datetime.now(UTC), life)}"}

    async with AsyncExitStack() as stack:
        auth, urls = free_port(), []
        await stack.enter_async_context(auth_stand_in(auth, key))
        for node in nodes:
            ports = free_ports()._replace(auth=auth)
            url = f"http://127.0.0.1:{node}"
            stack.enter_context(gateway(ports, INTERNAL_SECRET=SECRET, REALTIME_URL=url))
            await until_listening(ports.gateway)
            urls.append(f"ws://127.0.0.1:{ports.gateway}/ws")
        yield Doors(lambda: urls, headers)


def tell(outcome: Outcome) -> None:
    say(f"{outcome.episodes} episodes in three dialects: {outcome.events} events heard")
    say("  trouble: " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.trouble.items())))
    say(f"  came back recovered {outcome.recovered}, told to read anew {outcome.flagged}")
    for name in sorted({*PROMISES, *outcome.broken}):
        say(f"  {name:<26} {outcome.broken[name]}")
    say(f"  {'not up to date in the end':<26} {outcome.stuck}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Live clients of three dialects in random trouble.")
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--through-gateway", action="store_true")
    arguments = parser.parse_args()
    configure_logging("critical")  # a broker that goes away on purpose is no news
    say(describe_machine())
    with tempfile.TemporaryDirectory(prefix="tessera-episodes-") as home:
        try:
            outcome = uvloop.run(
                run(arguments.episodes, arguments.seed, Path(home), has_gateways=arguments.through_gateway)
            )
        except ServerError as error:
            sys.exit(str(error))
    tell(outcome)
    sys.exit(0 if outcome.is_clean else 1)


if __name__ == "__main__":
    main()
