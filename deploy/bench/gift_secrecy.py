"""Whether anything tells somebody what is planned behind their back: thousands of households, lived with and without.

`python -m deploy.bench.gift_secrecy --cases 10000` starts its own PostgreSQL and looks, on all cores, for a script that
shows a difference; one that is found is made as short as it can be.
"""

import argparse
import asyncio
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from deploy.bench.gift_household import ACTS, Step
from deploy.bench.gift_views import views_of
from deploy.console import say
from deploy.embedded.postgres import THROWAWAY, EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.supervision.tied import tie_to_parent
from shared.db.bootstrap import RolePasswords, prepare_database
from shared.db.databases import DatabaseConfig, open_databases
from shared.db.migrate import migrate, model_modules

MAX_STEPS = 25
_NUMBERS = st.integers(0, 99)

steps = st.builds(Step, st.sampled_from(sorted(ACTS)), _NUMBERS, _NUMBERS)
_FIRST = (
    Step("ada_begins_a_list", 0, 1),
    Step("ada_wishes", 0, 0),
    Step("ada_finds_a_gift", 0, 0),
    Step("ada_wishes", 1, 0),
)
"""Each script begins with two wishes, one of them a gift: what is rare otherwise."""
scripts = st.lists(steps, min_size=5, max_size=MAX_STEPS).map(lambda more: [*_FIRST, *more])


def look_for_a_difference(config: DatabaseConfig, cases: int, *, seeded: bool = False) -> int:
    """The number of cases that were lived: a script makes two, with all its secrets and with every other one.

    Raises AssertionError with the shortest script that shows a difference.
    """
    lived = 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()
        database = runner.run(stack.enter_async_context(open_databases(config)))["project"]

        @settings(
            max_examples=-(-cases // 2),
            deadline=None,
            database=None,
            derandomize=seeded,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(scripts)
        def live(script: list[Step]) -> None:
            nonlocal lived
            lived += 2
            with_secrets, with_some, without = runner.run(views_of(database, script))
            assert with_secrets == without
            assert with_some == without

        try:
            live()
        finally:
            runner.run(stack.aclose())
    return lived


async def prepared(postgres: EmbeddedPostgres) -> DatabaseConfig:
    urls = await prepare_database(postgres.admin_url, "project", RolePasswords("o", "p", "p"))
    await migrate("project", urls.owner)
    return DatabaseConfig("project", urls.app, urls.system, model_modules("project"))


async def _run(folder: Path, cases: int) -> None:
    """Each core lives its part of the cases, in one database: households are tenants, and never meet."""
    loop, cores = asyncio.get_running_loop(), os.cpu_count() or 1
    async with EmbeddedPostgres(folder / "postgres", settings=THROWAWAY) as postgres:
        config, started = await prepared(postgres), time.monotonic()
        with ProcessPoolExecutor(cores, initializer=tie_to_parent) as processes:
            parts = [
                loop.run_in_executor(processes, look_for_a_difference, config, -(-cases // cores)) for _ in range(cores)
            ]
            lived = sum(await asyncio.gather(*parts))
    seconds = f"{time.monotonic() - started:.0f} s"
    say(f"{lived} households, each with its secrets and without: 0 differences in what the person sees ({seconds})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Looks for a way to learn what is kept from somebody.")
    parser.add_argument("--cases", type=int, default=10_000)
    chosen = parser.parse_args()
    say(describe_machine())
    room = Path(tempfile.mkdtemp(prefix="tessera-secrecy-"))
    room.chmod(0o711)
    try:
        asyncio.run(_run(room, chosen.cases))
    finally:
        remove_data(room / "postgres")


if __name__ == "__main__":
    main()
