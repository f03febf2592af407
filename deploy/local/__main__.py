"""`make run-distributed`: the five services as processes with real servers, until Ctrl-C or SIGTERM."""

import sys
import time

from deploy.console import say
from deploy.environment import Home, user_environment
from deploy.local.stack import local_stack
from deploy.supervision.errors import ServerError
from deploy.supervision.private import tighten, write_privately
from shared.http.server import until_stopped
from shared.process import run_process


async def _run() -> None:
    started, environ = time.monotonic(), user_environment()
    write_privately()
    tighten(Home(environ).folder)
    say(f"Starting PostgreSQL, RabbitMQ, Redis and five services: data and logs in {Home(environ).folder}")
    async with local_stack(environ) as stack:
        for name, service in stack.services.items():
            say(f"  {name:<13} http://127.0.0.1:{service.port}  process {service.pid}")
        say(f"Tessera is ready at http://127.0.0.1:{stack.ports.gateway} (after {time.monotonic() - started:.1f} s)")
        await until_stopped()
        say("Stopping ...")
    say("Stopped.")


def main() -> None:
    try:
        run_process(_run)
    except ServerError as error:
        sys.exit(f"Tessera cannot start: {error}")


if __name__ == "__main__":
    main()
