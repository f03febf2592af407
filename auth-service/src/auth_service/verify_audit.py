"""`python -m auth_service.verify_audit [tenant]`: walks the chains of the audit log; exits with 1 where one is broken.

Prints number and hash of the last entry of each chain: kept elsewhere, they also show later that nobody has made the
whole chain anew. Where retention has deleted the beginning, the walk starts from its signed checkpoint, and says so.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from auth_service.audit import repository
from auth_service.audit.chain import EMPTY, Link, first_fault
from auth_service.audit.repository import Chain
from auth_service.audit.signing import AuditSigner
from auth_service.settings import AuthSettings, database_config
from shared.db.databases import Database, open_databases
from shared.db.failures import DatabaseUnavailable
from shared.settings import SettingsError, environment_with_dotenv, read_settings

STEP = 2_000
"""Entries in memory at a time."""


class Sound(NamedTuple):
    end: Link
    checkpoint: Link
    """Where the walk started: the beginning, or the last entry that retention has deleted."""

    def __str__(self) -> str:
        began = f" from checkpoint {_of(self.checkpoint)}" if self.checkpoint.seq else ""
        return f"sound {_of(self.end)}{began}"


def _of(link: Link) -> str:
    return f"{link.seq}:{link.hash.hex()}"


async def verify(database: Database, signer: AuditSigner, only: UUID | None = None) -> dict[UUID, Sound | str]:
    """By tenant: its sound chain, or the first thing that is wrong with it."""
    async with database.system_work() as work:
        chains = await repository.list_chains(work)
    wanted = chains if only is None else {only: chains.get(only, Chain(EMPTY, 0))}
    return {tenant: await _verify_chain(database, signer, tenant, chain) for tenant, chain in wanted.items()}


async def _verify_chain(database: Database, signer: AuditSigner, tenant_id: UUID, chain: Chain) -> Sound | str:
    """What is added meanwhile lies behind its end and is left to the next run."""
    start, end = chain.checkpoint or EMPTY, chain.end
    if chain.checkpoint and not signer.has_signed_checkpoint(tenant_id, start, chain.signature):
        return f"the checkpoint at entry {start.seq} was not signed here"
    reached = start
    if chain.last_seq > end.seq:
        return f"entry {end.seq + 1} lies behind the end"
    while reached.seq < end.seq:
        async with database.system_work() as work:
            entries = await repository.list_entries(work, tenant_id, reached.seq, end.seq, STEP)
        if not entries:
            return f"entry {reached.seq + 1} is missing"
        if (fault := first_fault(reached, tenant_id, entries, signer)) is not None:
            return fault
        reached = Link(entries[-1].seq, entries[-1].hash)
    if reached != end:
        return f"entry {end.seq} is not the one that was added last"
    return Sound(end, start)


async def _run(settings: AuthSettings, only: UUID | None) -> dict[UUID, Sound | str]:
    config = database_config(settings)
    async with open_databases(config) as databases:
        return await verify(databases[config.name], AuditSigner(settings.key_encryption_secret), only)


def main(arguments: Sequence[str]) -> None:
    try:
        only = UUID(arguments[0]) if arguments else None
        settings = read_settings(AuthSettings, environment_with_dotenv(os.environ))
        found = asyncio.run(_run(settings, only))
    except (SettingsError, DatabaseUnavailable, ValueError) as error:
        sys.exit(f"the audit log was not verified: {error}")
    for tenant_id, outcome in found.items():
        sys.stdout.write(f"{tenant_id} {outcome}\n")
    sys.exit(any(isinstance(outcome, str) for outcome in found.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
