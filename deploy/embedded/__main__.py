"""`make run`: the embedded stack in the foreground until Ctrl-C or SIGTERM."""

import asyncio
import os
import sys
import time

from deploy.console import say
from deploy.embedded.stack import embedded_stack
from deploy.environment import Home, user_environment
from deploy.supervision.errors import ServerError
from deploy.supervision.private import tighten, write_privately
from shared.file_limit import raise_file_limit
from shared.http.server import PortInUse, until_stopped
from shared.process import run_process
from shared.settings import SettingsError
from shared.telemetry.logs import configure_logging

LOG_BYTES = 10 * 1024 * 1024  # begun anew above this size


async def _run() -> None:
    started, environ = time.monotonic(), user_environment()
    write_privately()
    folder = Home(environ).folder
    tighten(folder)
    log = folder / "tessera.log"
    is_large = log.exists() and log.stat().st_size > LOG_BYTES
    with log.open("w" if is_large else "a") as stream:
        configure_logging(environ.get("LOG_LEVEL", "info"), stream)
        raise_file_limit()
        say(f"Starting Tessera: data in {folder}, log in {log}")
        async with embedded_stack(environ) as ports:
            say(f"Tessera is ready at http://127.0.0.1:{ports.gateway} (after {time.monotonic() - started:.1f} s)")
            say("Try it with `make demo` in another terminal; stop it with Ctrl-C.")
            await until_stopped()
            say("Stopping ...")
    say("Stopped.")


def main() -> None:
    try:
        run_process(_run)
    except (ServerError, PortInUse, SettingsError) as error:
        sys.exit(f"Tessera cannot start: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(os.EX_OK)


if __name__ == "__main__":
    main()
