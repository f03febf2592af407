"""Brings a service's database to the newest schema: `python -m shared.db.migrate <service>`.

Migrations are aerich files, `NN_name.py` in `migrations/models` of the package `<service>_service`. Any number of
processes may run this at once: an advisory lock on a connection of its own lets them through one by one.
"""

import asyncio
import hashlib
import os
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from aerich import Command
from aerich.migrate import Migrate
from aerich.models import Aerich
from tortoise.context import TortoiseContext

from shared.db.bootstrap import OWNER, role_url

CONNECT_TIMEOUT_SECONDS = 10.0
LOCK_TIMEOUT = "10s"
"""A migration that waits for a busy table stops everybody who comes behind it: it gives up and is run again."""

RETRY_SECONDS = 0.1
"""Between two looks whether another process has finished migrating."""

LEDGER = """
create table if not exists aerich (
    id serial primary key, version varchar(255) not null, app varchar(100) not null, content jsonb not null
)"""
"""aerich's own table of what was applied, which it expects to find."""

_FILE_NAME = re.compile(r"(\d+)_\w+\.py")


class DuplicateNumber(RuntimeError):
    """Two migration files carry one number: both would run, in no certain order."""


async def migrate(service: str, owner_url: str) -> list[str]:
    """Applies what is missing, each file in a transaction of its own unless it says otherwise.

    Returns the names applied by this call.
    """
    folder = migrations_folder(service)
    _refuse_duplicate_numbers(folder)
    async with _alone(service, owner_url), TortoiseContext() as context:
        config = orm_config(service, owner_url)
        Aerich._meta.app = None  # Tortoise binds a model to the first app of a process; here several services migrate
        await context.init(config)
        command = Command(config, app=service, location=str(folder))
        await context.db().execute_script(LEDGER)
        Migrate.migrate_location = folder
        return await command.upgrade(run_in_transaction=True)


def migrations_folder(service: str) -> Path:
    return _package_folder(service) / "migrations" / "models"


def model_modules(service: str) -> tuple[str, ...]:
    """Every module called `models` of the service's package, as `DatabaseConfig.models` wants them."""
    root = _package_folder(service)
    files = sorted(root.rglob("models.py"))
    return tuple(".".join((root.name, *file.relative_to(root).with_suffix("").parts)) for file in files)


def owner_url_from(service: str, environ: Mapping[str, str]) -> str:
    """DATABASE_URL_<SERVICE>_OWNER, else DATABASE_URL_<SERVICE> with its role swapped for the owner."""
    name = f"DATABASE_URL_{service.upper()}"
    explicit = environ.get(f"{name}_OWNER")
    if explicit:
        return explicit
    if name not in environ:
        raise KeyError(f"{name}_OWNER")
    return role_url(environ[name], OWNER)


def _package_folder(service: str) -> Path:
    spec = find_spec(f"{service}_service")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"there is no service called {service}")
    return Path(spec.origin).parent


def _refuse_duplicate_numbers(folder: Path) -> None:
    matches = (_FILE_NAME.fullmatch(file.name) for file in folder.iterdir())
    numbers = Counter(int(match[1]) for match in matches if match)
    doubled = sorted(number for number, count in numbers.items() if count > 1)
    if doubled:
        raise DuplicateNumber(f"more than one migration is numbered {', '.join(map(str, doubled))}")


@asynccontextmanager
async def _alone(service: str, owner_url: str) -> AsyncIterator[None]:
    """Holds the lock on a direct connection: a pooler would hand a session lock to somebody else.

    Looks again and again: a statement that waits for the lock is an open transaction, and `create index concurrently`
    of the process that holds it would wait for that in turn.
    """
    connection = await asyncpg.connect(owner_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _lock_of(service)):
            await asyncio.sleep(RETRY_SECONDS)
        yield
    finally:
        await connection.close()


def _lock_of(service: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"migrate:{service}".encode(), digest_size=8).digest(), signed=True)


def orm_config(service: str, owner_url: str) -> dict[str, Any]:
    parts = urlsplit(owner_url)
    credentials = {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
        "minsize": 0,
        "maxsize": 1,
        "server_settings": {"application_name": f"tessera-migrate-{service}", "lock_timeout": LOCK_TIMEOUT},
    }
    return {
        "connections": {"migration": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {service: {"models": [*model_modules(service), "aerich.models"], "default_connection": "migration"}},
    }


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m shared.db.migrate <service>")
    service = sys.argv[1]
    try:
        owner_url = owner_url_from(service, os.environ)
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set")
    applied = asyncio.run(migrate(service, owner_url))
    sys.stdout.write("".join(f"{name}\n" for name in applied) or "nothing to apply\n")


if __name__ == "__main__":
    main()
