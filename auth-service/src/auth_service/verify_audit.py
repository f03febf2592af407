"""`python -m auth_service.verify_audit [tenant]`: walks the chains of the audit log; exits with 1 where one is broken.

Prints number and hash of the last entry of each chain: kept elsewhere, they also show later that nobody has made the
whole chain anew.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from uuid import UUID

from auth_service.audit import repository
from auth_service.audit.chain import EMPTY, Link, first_fault
from auth_service.audit.repository import Chain
from auth_service.settings import AuthSettings, database_config
from shared.db.databases import Database, open_databases
from shared.db.failures import DatabaseUnavailable
from shared.settings import SettingsError, environment_with_dotenv, read_settings

STEP = 2_000
"""Entries in memory at a time."""


async def verify(database: Database, only: UUID | None = None) -> dict[UUID, Link | str]:
    """By tenant: the end of its sound chain, or the first thing that is wrong with it."""
    async with database.system_work() as work:
        chains = await repository.list_chains(work)
    wanted = chains if only is None else {only: chains.get(only, Chain(EMPTY, 0))}
    return {tenant: await _verify_chain(database, tenant, chain) or chain.end for tenant, chain in wanted.items()}


async def _verify_chain(database: Database, tenant_id: UUID, chain: Chain) -> str | None:
    """What is added meanwhile lies behind its end and is left to the next run."""
    reached, end = EMPTY, chain.end
    if chain.last_seq > end.seq:
        return f"entry {end.seq + 1} lies behind the end"
    while reached.seq < end.seq:
        async with database.system_work() as work:
            entries = await repository.list_entries(work, tenant_id, reached.seq, end.seq, STEP)
        if not entries:
            return f"entry {reached.seq + 1} is missing"
        if (fault := first_fault(reached, tenant_id, entries)) is not None:
            return fault
        reached = Link(entries[-1].seq, entries[-1].hash)
    return None if reached.hash == end.hash else f"entry {end.seq} is not the one that was added last"


async def _run(settings: AuthSettings, only: UUID | None) -> dict[UUID, Link | str]:
    config = database_config(settings)
    async with open_databases(config) as databases:
        return await verify(databases[config.name], only)


def main(arguments: Sequence[str]) -> None:
    try:
        only = UUID(arguments[0]) if arguments else None
        settings = read_settings(AuthSettings, environment_with_dotenv(os.environ))
        found = asyncio.run(_run(settings, only))
    except (SettingsError, DatabaseUnavailable, ValueError) as error:
        sys.exit(f"the audit log was not verified: {error}")
    for tenant_id, outcome in found.items():
        said = outcome if isinstance(outcome, str) else f"sound {outcome.seq}:{outcome.hash.hex()}"
        sys.stdout.write(f"{tenant_id} {said}\n")
    sys.exit(any(isinstance(outcome, str) for outcome in found.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
