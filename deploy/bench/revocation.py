"""How soon the gateway refuses a session that was ended, and whether it still does when it comes back from a crash.

python -m deploy.bench.revocation [--count 200]; exits with 1 when p99 is above a second or a restart forgets one.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import jwt
import uvloop

from deploy.api_client import ApiClient, Unexpected, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.local.processes import ServiceProcess
from deploy.local.stack import local_stack
from deploy.machine import describe_machine
from deploy.stack_process import free_ports
from deploy.supervision.errors import ServerError

GOAL_MS = 1000.0
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.001
REVOKED = "AUTH_SESSION_REVOKED"


class Measured(NamedTuple):
    milliseconds: list[float]
    """From the 204 to the first refusal; of each session."""
    at_once: int
    """How many were refused at the first request after the 204."""
    accepted_after_restart: int
    restart_seconds: float

    @property
    def p99(self) -> float:
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.99)]

    @property
    def is_met(self) -> bool:
        return self.p99 <= GOAL_MS and not self.accepted_after_restart


async def measure(folder: Path, count: int) -> Measured:
    environ = {**os.environ, **free_ports(), "TESSERA_HOME": str(folder), "RATE_LIMIT_SCALE": "1000000"}
    async with local_stack(environ) as stack, api_client(f"http://127.0.0.1:{stack.ports.gateway}") as ada:
        email = (await ada.register()).user["email"]
        times, tokens = [], []
        for number in range(count):
            async with api_client(ada.url) as device:
                await device.log_in(email)
                await device.expect(200, "GET", "/users/me")
                times.append(await _end(device, by=ada if number % 2 else device))
                tokens.append(device.tokens)
        restart_seconds = await _restart(stack.services["gateway"])
        accepted = 0
        async with api_client(ada.url) as device:
            for device.tokens in tokens:
                accepted += (await device.call("GET", "/users/me")).code != REVOKED
            await ada.expect(200, "GET", "/users/me")
    at_once = sum(attempts == 1 for _, attempts in times)
    return Measured([taken for taken, _ in times], at_once, accepted, restart_seconds)


async def _end(device: ApiClient, by: ApiClient) -> tuple[float, int]:
    """Milliseconds from the 204 to the first refusal, and how many requests that took."""
    if by is device:
        await device.expect(204, "POST", "/auth/logout")
    else:
        session_id = jwt.decode(device.access_token, options={"verify_signature": False})["sid"]
        await by.expect(204, "DELETE", f"/auth/sessions/{session_id}")
    begin, attempts = time.perf_counter(), 1
    while (answer := await device.call("GET", "/users/me")).status == 200:
        if time.perf_counter() - begin > PATIENCE_SECONDS:
            raise Unexpected("a revoked session", answer)
        attempts += 1
        await asyncio.sleep(POLL_SECONDS)
    if answer.code != REVOKED:
        raise Unexpected("a revoked session", answer)
    return (time.perf_counter() - begin) * 1000, attempts


async def _restart(gateway: ServiceProcess) -> float:
    """kill -9; seconds until it is ready again."""
    former, begin = gateway.pid, time.perf_counter()
    gateway.kill()
    while gateway.pid in (None, former):
        await asyncio.sleep(POLL_SECONDS)
    await gateway.until_ready()
    return time.perf_counter() - begin


def _tell(measured: Measured) -> None:
    times = measured.milliseconds
    say(f"  {len(times)} sessions ended, by themselves and from another device; 204 to refusal (ms):")
    say(f"    p50 {statistics.median(times):.1f}   p99 {measured.p99:.1f}   max {max(times):.1f}   goal {GOAL_MS:.0f}")
    say(f"    refused at the first request after the 204: {measured.at_once} of {len(times)}")
    say(f"  gateway killed, ready again after {measured.restart_seconds:.1f} s:")
    say(f"    ended sessions accepted: {measured.accepted_after_restart} of {len(times)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how soon an ended session is refused at the gateway.")
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    say(f"{describe_machine()}")
    with tempfile.TemporaryDirectory(prefix="tessera-revocation-") as folder:
        try:
            measured = uvloop.run(measure(Path(folder), count))
        except ServerError as error:
            sys.exit(str(error))
        remove_data(Path(folder) / "postgres")
    _tell(measured)
    sys.exit(0 if measured.is_met else "an ended session was accepted for too long")


if __name__ == "__main__":
    main()
