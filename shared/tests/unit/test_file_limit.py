"""The limit of open files, raised in a process of its own, and what a server does when none is left."""

import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest

_RAISE = """
import resource, sys
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from shared.file_limit import file_limit, raise_file_limit
raise_file_limit()
print("limit", file_limit())
"""


def in_process(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_limit_is_raised_to_the_hard_one() -> None:
    assert "limit 5000" in in_process(_RAISE, 256, 5000)


@pytest.mark.parametrize(("hard", "sentences"), [(300, 1), (4095, 1), (4096, 0)])
def test_a_low_limit_is_said_with_its_number(hard: int, sentences: int) -> None:
    said = in_process(_RAISE, 256, hard)

    assert said.count("few files and connections can be open at once") == sentences
    assert said.count(str(hard)) == sentences + 1


_SERVE = """
import asyncio, resource, sys, time, uvloop
from sanic.response import text
from shared.http.app import new_app
from shared.http.server import Served, serving

async def answer(_request):
    return text("here")

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
    app = new_app("small")
    app.add_route(answer, "/")
    async with serving([Served(app, "127.0.0.1", int(sys.argv[1]))]):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began = time.process_time()
        await asyncio.sleep(1.0)
        print(time.process_time() - began, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

uvloop.run(main())
"""


def test_a_server_without_descriptors_does_not_spin_and_answers_when_there_are_some_again() -> None:
    port = free_port()
    command = [sys.executable, "-c", _SERVE, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        server.stdin.write("\n")
        server.stdin.flush()
        seconds_of_one = float(server.stdout.readline())
        for one in held:
            one.close()
        while not (answer := ask(port)):
            time.sleep(0.05)  # asked again until it has some; the runner's timeout ends a wait without end
        server.communicate("\n", timeout=20)

    assert seconds_of_one < 0.5
    assert answer.startswith(b"HTTP/1.1 200 ")


def ask(port: int) -> bytes:
    """Empty when the server had no descriptor for it."""
    with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return client.recv(1000)
    return b""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
