"""What measurements of the gateway stand on: a trivial upstream, a stand-in for auth-service, a gateway process.

`python -m deploy.bench.stage` is that gateway process.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import aiohttp.web
import jwt
import msgspec
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.supervision.ports import free_port
from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.access_tokens import mint_access_token
from shared.http.server import Served, serving, until_stopped
from shared.introspection import Refusal
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.settings import read_settings
from shared.telemetry.logs import configure_logging

SECRET = "only for this measurement, thrown away after it"  # noqa: S105
KEY_ID = "bench"
PATH = "/api/v1/projects"
WIDE = "1000000"  # of RATE_LIMIT_SCALE: one user asks for everything, counted and never refused
WRK_SECONDS = 5
_START_SECONDS = 30.0  # a busy machine takes its time

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
    """nginx doing nothing but proxying."""
    auth: int
    gateway: int
    other: int
    """Of a reference beside nginx."""


def free_ports() -> Ports:
    return Ports(*(free_port() for _ in Ports._fields))


def access_token(key: Ed25519PrivateKey) -> str:
    principal = Principal(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4(), role=Role.DEVELOPER)
    return mint_access_token(principal, key, KEY_ID, datetime.now(UTC), 900)


@contextmanager
def nginx(ports: Ports) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as home:
        Path(home, "nginx.conf").write_text(_NGINX.format(home=home, upstream=ports.upstream, proxy=ports.proxy))
        with running(["nginx", "-c", f"{home}/nginx.conf", "-p", home, "-e", f"{home}/error.log"], dict(os.environ)):
            yield


@contextmanager
def gateway(ports: Ports, *, program: Sequence[str] = ("deploy.bench.stage",), **settings: str) -> Iterator[int]:
    """The id of its process. `program`: a module that serves the gateway, and its arguments."""
    environment = {
        **os.environ,
        "INTERNAL_SECRET": SECRET,
        "PORT": str(ports.gateway),
        "AUTH_URL": f"http://127.0.0.1:{ports.auth}",
        "PROJECT_URL": f"http://127.0.0.1:{ports.upstream}",
        "RATE_LIMIT_SCALE": WIDE,
        "CONNECTIONS_PER_ADDRESS": WIDE,
        "REDIS_URL": "",
        **settings,
    }
    with running([sys.executable, "-m", *program], environment) as process_id:
        yield process_id


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """The id of the process; it is stopped in the end."""
    process = subprocess.Popen(command, env=environment)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=15)


def cpu_seconds(process_id: int) -> float:
    """Of processor time that the process has had so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def auth_stand_in(port: int, key: Ed25519PrivateKey) -> AsyncIterator[None]:
    """Public keys, an empty list of revocations, and that no opaque credential is any good."""
    public = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    bodies = {
        "/.well-known/jwks.json": msgspec.json.encode({"keys": [{**public, "kid": KEY_ID, "use": "sig"}]}),
        "/internal/revocations": msgspec.json.encode({"data": {"sessions": [], "as_of": 0}}),
        "/internal/introspect": msgspec.json.encode(
            {"data": {"principal": None, "expires_at": None, "refusal": Refusal.INVALID}}
        ),
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


async def read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if not head.startswith(b"HTTP/1.1 200 ") or length is None:
        sys.exit(f"unexpected answer: {head[:80]!r}")
    await reader.readexactly(int(length[1]))


async def wrk(port: int, token: str) -> float:
    """Requests a second over 32 connections."""
    header = f"Authorization: Bearer {token}"
    arguments = ["-t1", "-c32", f"-d{WRK_SECONDS}", "-H", header, f"http://127.0.0.1:{port}{PATH}"]
    process = await asyncio.create_subprocess_exec("wrk", *arguments, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    if b"Non-2xx" in output:
        sys.exit("some answers were not 200")
    rate = re.search(rb"Requests/sec:\s+([\d.]+)", output)
    if rate is None:
        sys.exit("wrk printed no rate")
    return float(rate[1])


def serve() -> None:
    """The gateway as in production, but with a bus of its own: nothing is revoked while it is measured."""

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
    serve()
