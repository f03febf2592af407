"""Runs a command with real servers around it: `python -m deploy.local.testbed -- pytest ...`.

The command finds TEST_POSTGRES_ADMIN_URL, TEST_AMQP_URL and TEST_REDIS_URL in its environment; the servers are
private to the run, kept in a temporary folder, and gone with it.
"""

import asyncio
import os
import sys
from pathlib import Path

from deploy.embedded.postgres import THROWAWAY, EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.local import provision
from deploy.supervision.errors import ServerError
from deploy.throwaway import throwaway_folder


async def run(command: list[str], folder: Path) -> int:
    async with (
        EmbeddedPostgres(folder / "postgres", settings=THROWAWAY) as postgres,
        provision.broker(folder / "rabbitmq") as broker,
        provision.cache(folder / "redis") as cache,
    ):
        servers = {
            "TEST_POSTGRES_ADMIN_URL": postgres.admin_url,
            "TEST_AMQP_URL": broker.url,
            "TEST_REDIS_URL": cache.url,
        }
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **servers})
        return await process.wait()


def main() -> None:
    command = sys.argv[1:]
    if command[:1] == ["--"]:
        del command[0]
    if not command:
        sys.exit("usage: python -m deploy.local.testbed -- command [argument ...]")
    with throwaway_folder() as folder:
        try:
            status = asyncio.run(run(command, folder))
            remove_data(folder / "postgres")
        except ServerError as error:
            sys.exit(f"the tests need servers: {error}")
    sys.exit(status)


if __name__ == "__main__":
    main()
