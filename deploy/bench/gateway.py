"""What the gateway costs: latency added to one request, and requests a second beside nginx and a fastify gateway.

`python -m deploy.bench.gateway` starts everything itself before one trivial nginx upstream: nginx doing plain proxying,
fastify checking tokens and counting requests (where node is installed), our gateway with a stand-in for auth-service,
one process each. It measures in turns with wrk and prints ratios of one and the same run; where a machine is busy with
other things, look at the processor time that a request takes. Needs nginx and wrk.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench.fastify_gateway import fastify_gateway, why_not
from deploy.bench.node_program import version
from deploy.bench.stage import (
    PATH,
    WRK_SECONDS,
    access_token,
    auth_stand_in,
    free_ports,
    gateway,
    nginx,
    read_answer,
    until_answering,
    wrk,
)
from deploy.console import say
from deploy.machine import describe_machine

_ROUND_TRIPS = 3_000
_ROUNDS = 3
_DIRECT, _NGINX, _FASTIFY, _GATEWAY = "upstream", "nginx", "fastify", "gateway"


class Percentiles(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float


def main() -> None:
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: this measurement needs nginx and wrk")
    asyncio.run(measure())


async def measure() -> None:
    ports, key = free_ports(), Ed25519PrivateKey.generate()
    token = access_token(key)
    ways = {_DIRECT: ports.upstream, _NGINX: ports.proxy}
    processes: dict[str, int] = {}
    with ExitStack() as started:
        started.enter_context(nginx(ports))
        reason = why_not()
        if reason is None:
            processes[_FASTIFY] = started.enter_context(fastify_gateway(ports.other, ports.upstream, key))
            ways[_FASTIFY] = ports.other
        ways[_GATEWAY] = ports.gateway
        processes[_GATEWAY] = started.enter_context(gateway(ports))
        async with auth_stand_in(ports.auth, key):
            for port in ways.values():
                await until_answering(port, token)
            say(f"{describe_machine()}, {_nginx_version()}, {f'no fastify: {reason}' if reason else version()}")
            await _print_latency(ways, token)
            await _print_throughput(ways, processes, token)


async def _print_latency(ways: dict[str, int], token: str) -> None:
    measured = await _in_turns(ways, token)
    direct = measured.pop(_DIRECT)
    say(f"one connection, {_ROUND_TRIPS} requests each, in turns (ms):   p50      p99")
    say(f"  direct to the upstream                          {direct.p50:7.3f}  {direct.p99:7.3f}")
    for name, through in measured.items():
        goal = "   goals 0.3 and 2" if name == _GATEWAY else ""
        say(f"  added by {name:<9}                              "
            f"{through.p50 - direct.p50:7.3f}  {through.p99 - direct.p99:7.3f}{goal}")  # fmt: skip


async def _print_throughput(ways: dict[str, int], processes: dict[str, int], token: str) -> None:
    rates: dict[str, list[float]] = {name: [] for name in ways if name != _DIRECT}
    costs: dict[str, list[float]] = {name: [] for name in processes}
    for _ in range(_ROUNDS):
        for name, measured in rates.items():
            before = _processor_seconds(processes.get(name))
            rate = await wrk(ways[name], token)
            measured.append(rate)
            if name in costs:
                used = _processor_seconds(processes[name]) - before
                costs[name].append(used / (rate * WRK_SECONDS) * 1e6)
    medians = {name: statistics.median(rate) for name, rate in rates.items()}
    say(f"wrk, 32 connections, {WRK_SECONDS} s, median of {_ROUNDS}:")
    for name, rate in medians.items():
        ratio = f"   the gateway is {medians[_GATEWAY] / rate:.2f} of it" if name != _GATEWAY else ""
        goal = ", goal 1.0" if name == _FASTIFY else ""
        cost = f", {statistics.median(costs[name]):.0f} us of processor each" if name in costs else ""
        say(f"  {name:<9} {rate:9.0f} requests/s{cost}{ratio}{goal}")


async def _in_turns(ways: dict[str, int], token: str) -> dict[str, Percentiles]:
    """Whatever disturbs the machine disturbs all of them."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    open_ways = {name: await asyncio.open_connection("127.0.0.1", port) for name, port in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUND_TRIPS):
        for name, (reader, writer) in open_ways.items():
            began = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            times[name].append((time.perf_counter() - began) * 1000)
    for _, writer in open_ways.values():
        writer.close()
    return {name: _percentiles(taken[_ROUND_TRIPS // 10 :]) for name, taken in times.items()}


def _percentiles(times: list[float]) -> Percentiles:
    cuts = statistics.quantiles(times, n=100)
    return Percentiles(cuts[49], cuts[98])


def _processor_seconds(process: int | None) -> float:
    """Used by all of its threads so far."""
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _nginx_version() -> str:
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return f"nginx {said.strip().rpartition('/')[2]}"


if __name__ == "__main__":
    main()
