"""What the gateway costs: latency added to one request, and requests a second beside nginx doing plain proxying.

`python -m deploy.bench.gateway` starts its own nginx (a trivial upstream and a plain proxy) and its own gateway process
with a stand-in for auth-service, measures with wrk, and prints ratios of one and the same run. Needs nginx and wrk.
"""

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import aiohttp.web
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.machine import describe_machine
from deploy.supervision.ports import free_port
from shared.access_tokens import mint_access_token
from shared.principal import Principal, Role

SECRET = "only for this measurement, thrown away after it"  # noqa: S105
PATH = "/api/v1/projects"
WIDE = "1000000"  # of RATE_LIMIT_SCALE: one user asks for everything, counted and never refused
_PAIRS = 3_000
_WRK_SECONDS = 5
_ROUNDS = 3
_START_SECONDS = 30.0

_NGINX = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{upstream};
    location / {{ default_type application/json; return 200 '{{"data":{{"name":"one"}}}}'; }}
  }}
  server {{
    listen 127.0.0.1:{proxy};
    location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


class Ports(NamedTuple):
    upstream: int
    proxy: int
    auth: int
    gateway: int


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
    ports = Ports(*(free_port() for _ in Ports._fields))
    key = Ed25519PrivateKey.generate()
    token = new_token(key)
    with nginx(ports), _gateway(ports):
        async with auth_stand_in(ports.auth, key):
            await until_answering(ports.gateway, token)
            _print_machine()
            await _print_latency(ports, token)
            await _print_throughput(ports, token)


async def _print_latency(ports: Ports, token: str) -> None:
    direct, proxied, through = await _paired(ports, token)
    print(f"one connection, {_PAIRS} triples of requests (ms):         p50      p99")
    print(f"  direct to the upstream                              {direct.p50:7.3f}  {direct.p99:7.3f}")
    for name, measured, goal in (("nginx", proxied, ""), ("gateway", through, "   goals 0.3 and 2")):
        added = Percentiles(measured.p50 - direct.p50, measured.p99 - direct.p99)
        print(f"  added by {name:<8}                                   {added.p50:7.3f}  {added.p99:7.3f}{goal}")


async def _print_throughput(ports: Ports, token: str) -> None:
    rates: dict[str, list[float]] = {"nginx": [], "gateway": []}
    for _ in range(_ROUNDS):
        rates["nginx"].append(await wrk(ports.proxy, token))
        rates["gateway"].append(await wrk(ports.gateway, token))
    nginx, gateway = (statistics.median(rates[name]) for name in ("nginx", "gateway"))
    print(f"wrk, 32 connections, {_WRK_SECONDS} s, median of {_ROUNDS}:")
    print(f"  nginx, plain proxying   {nginx:9.0f} requests/s")
    print(f"  gateway, authenticated  {gateway:9.0f} requests/s   ratio {gateway / nginx:.2f}")


async def _paired(ports: Ports, token: str) -> tuple[Percentiles, Percentiles, Percentiles]:
    """Requests alternate between the ways, so that whatever disturbs the machine disturbs all of them."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    ways = [await asyncio.open_connection("127.0.0.1", port) for port in (ports.upstream, ports.proxy, ports.gateway)]
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(_PAIRS):
        for (reader, writer), taken in zip(ways, times, strict=True):
            began = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            taken.append((time.perf_counter() - began) * 1000)
    for _, writer in ways:
        writer.close()
    direct, proxied, through = (_percentiles(taken[_PAIRS // 10 :]) for taken in times)
    return direct, proxied, through


async def read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if not head.startswith(b"HTTP/1.1 200 ") or length is None:
        sys.exit(f"unexpected answer: {head[:80]!r}")
    await reader.readexactly(int(length[1]))


def _percentiles(times: list[float]) -> Percentiles:
    cuts = statistics.quantiles(times, n=100)
    return Percentiles(cuts[49], cuts[98])


async def wrk(port: int, token: str) -> float:
    header = f"Authorization: Bearer {token}"
    arguments = ["-t1", "-c32", f"-d{_WRK_SECONDS}", "-H", header, f"http://127.0.0.1:{port}{PATH}"]
    process = await asyncio.create_subprocess_exec("wrk", *arguments, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    if b"Non-2xx" in output:
        sys.exit("some answers were not 200")
    rate = re.search(rb"Requests/sec:\s+([\d.]+)", output)
    if rate is None:
        sys.exit("wrk printed no rate")
    return float(rate[1])


@contextmanager
def nginx(ports: Ports) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as home:
        Path(home, "nginx.conf").write_text(_NGINX.format(home=home, upstream=ports.upstream, proxy=ports.proxy))
        with running(["nginx", "-c", f"{home}/nginx.conf", "-p", home, "-e", f"{home}/error.log"], dict(os.environ)):
            yield


@contextmanager
def _gateway(ports: Ports) -> Iterator[None]:
    environment = {
        **os.environ,
        "INTERNAL_SECRET": SECRET,
        "PORT": str(ports.gateway),
        "AUTH_URL": f"http://127.0.0.1:{ports.auth}",
        "PROJECT_URL": f"http://127.0.0.1:{ports.upstream}",
        "RATE_LIMIT_SCALE": WIDE,
    }
    with running([sys.executable, "-m", "deploy.bench.gateway", "serve"], environment):
        yield


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


@asynccontextmanager
async def auth_stand_in(port: int, key: Ed25519PrivateKey) -> AsyncIterator[None]:
    """Public keys and an empty list of revocations: all the gateway asks auth-service while it proxies."""
    public = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    bodies = {
        "/.well-known/jwks.json": msgspec.json.encode({"keys": [{**public, "kid": "bench", "use": "sig"}]}),
        "/internal/revocations": msgspec.json.encode({"data": {"sessions": [], "as_of": 0}}),
    }

    async def answer(request: aiohttp.web.BaseRequest) -> aiohttp.web.StreamResponse:
        return aiohttp.web.Response(body=bodies[request.path], content_type="application/json")

    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(answer))
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def until_answering(port: int, token: str) -> None:
    url, headers = f"http://127.0.0.1:{port}{PATH}", {"Authorization": f"Bearer {token}"}
    async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url, headers=headers) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)


def new_token(key: Ed25519PrivateKey) -> str:
    principal = Principal(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4(), role=Role.DEVELOPER)
    return mint_access_token(principal, key, "bench", datetime.now(UTC), 900)


def _print_machine() -> None:
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    print(f"{describe_machine()}, nginx {said.strip().rpartition('/')[2]}")


def serve() -> None:
    """The gateway as in production, but with a bus of its own: nothing is revoked while it is measured."""
    import uvloop

    from gateway.app import create_app
    from gateway.settings import GatewaySettings
    from shared.http.server import Served, serving, until_stopped
    from shared.messaging.memory import MemoryBus
    from shared.settings import read_settings
    from shared.telemetry.logs import configure_logging

    async def run() -> None:
        settings = read_settings(GatewaySettings, os.environ)
        bus = MemoryBus()
        await bus.start()
        async with serving([Served(create_app(settings, bus=bus), settings.host, settings.port)]):
            await until_stopped()
        await bus.close()

    configure_logging("error")
    uvloop.run(run())


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
