"""A recording on disk: the three databases, the object store, the secrets, and what was read of them.

<version>/auth.sql.gz, project.sql.gz, conversation.sql.gz   plain SQL of `pg_dump`
<version>/objects/                                           the object store's files
<version>/recording.json                                     secrets, accounts, names, answers
"""

import asyncio
import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_binaries import find_binaries
from deploy.environment import DATABASES, Home
from deploy.quality.upgrade.walk import Account

# Test values: they open nothing but a recording.
SECRETS = {
    "INTERNAL_SECRET": "an internal secret of recordings only",
    "KEY_ENCRYPTION_SECRET": "a sealing secret of recordings only!",
}
FOLDER = Path(__file__).parent
_DESCRIPTION = "recording.json"
# Events that are on their way when a release is replaced: the next one sends them (again) in their old form.
_UNSENT = "update outbox set sent_at = null where id in (select id from outbox order by seq desc limit 20)"


class Recording(msgspec.Struct):
    accounts: dict[str, Account]
    names: dict[str, str]
    answers: dict[str, Any]
    """What was read, by `<person> <path>`."""


def recorded_versions() -> list[Path]:
    return sorted(file.parent for file in FOLDER.glob(f"*/{_DESCRIPTION}"))


def load(folder: Path) -> Recording:
    return msgspec.json.decode((folder / _DESCRIPTION).read_bytes(), type=Recording)


async def save(recording: Recording, home: Path, folder: Path) -> None:
    """`home` is the TESSERA_HOME of a stack that has stopped."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "objects", folder / "objects")
    text = msgspec.json.format(msgspec.json.encode(recording, order="sorted"), indent=1)
    (folder / _DESCRIPTION).write_bytes(text + b"\n")
    async with EmbeddedPostgres(home / "postgres") as postgres:
        for database in DATABASES:
            await _run("psql", postgres.admin_url, database, "--command", _UNSENT)
            dump = await _run("pg_dump", postgres.admin_url, database)
            (folder / f"{database}.sql.gz").write_bytes(gzip.compress(dump, mtime=0))


async def restore(folder: Path, home_folder: Path) -> None:
    """Makes `home_folder` the TESSERA_HOME of the recorded stack, as that release left it."""
    home = Home({"TESSERA_HOME": str(home_folder)})
    shutil.copytree(folder / "objects", home_folder / "objects")
    async with EmbeddedPostgres(home_folder / "postgres") as postgres:
        await home.prepare_databases(postgres.admin_url)
        for database in DATABASES:
            dump = gzip.decompress((folder / f"{database}.sql.gz").read_bytes())
            await _run("psql", postgres.admin_url, database, "--single-transaction", given=dump)


async def _run(program: str, admin_url: str, database: str, *arguments: str, given: bytes = b"") -> bytes:
    """A client program of PostgreSQL on one database; what it prints. Raises RuntimeError."""
    command = [str(find_binaries(None) / program), "--dbname", f"{admin_url.rpartition('/')[0]}/{database}", *arguments]
    command += ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"] if program == "psql" else []
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, env=dict(os.environ))
    if done.returncode != 0:
        raise RuntimeError(f"{program} of {database}: {done.stderr.decode()[-2000:]}")
    return done.stdout
