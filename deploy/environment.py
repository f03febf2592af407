"""What the services are told when they run on one machine: the user's settings, secrets made once, ports."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.supervision.private import make_passable, make_private
from deploy.supervision.secret_file import read_or_create
from shared.db.bootstrap import DatabaseUrls, RolePasswords, prepare_database
from shared.settings import environment_with_dotenv

DATABASES = ("auth", "project", "conversation")
SERVICES = ("auth", "project", "conversation", "realtime")
LOCAL_RATE_LIMIT_SCALE = "10"  # on one machine everybody comes from one address
_SECRETS = ("INTERNAL_SECRET", "KEY_ENCRYPTION_SECRET")


class Ports(NamedTuple):
    """The gateway's port, and the services' in the order of SERVICES."""

    gateway: int
    services: tuple[int, ...]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Ports":
        first = int(environ.get("TESSERA_SERVICE_PORT_BASE") or 8001)
        return cls(int(environ.get("TESSERA_GATEWAY_PORT") or 8000), tuple(range(first, first + len(SERVICES))))

    def of(self, part: str) -> int:
        return self.gateway if part == "gateway" else self.services[SERVICES.index(part)]


class Home:
    """`TESSERA_HOME`: everything that stays on this machine between two starts."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = Path(environ.get("TESSERA_HOME") or ".tessera").resolve()
        self._secrets = self.folder / "secrets"
        make_passable(self.folder)
        make_private(self._secrets)

    def secrets(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Those of the environment, else ones of our own in files that only their owner can read."""
        return {name: environ.get(name) or read_or_create(self._secrets / name.lower()) for name in _SECRETS}

    def role_passwords(self, database: str) -> RolePasswords:
        return RolePasswords(*(read_or_create(self._secrets / f"{database}_{role}") for role in RolePasswords._fields))

    async def prepare_databases(self, admin_url: str) -> dict[str, DatabaseUrls]:
        return {name: await prepare_database(admin_url, name, self.role_passwords(name)) for name in DATABASES}


def user_environment() -> dict[str, str]:
    return environment_with_dotenv(os.environ)


def service_environment(environ: Mapping[str, str], home: Home, urls: Mapping[str, DatabaseUrls]) -> dict[str, str]:
    """For all parts alike, but for PORT."""
    addresses = {f"DATABASE_URL_{name.upper()}": url.app for name, url in urls.items()}
    systems = {f"DATABASE_URL_{name.upper()}_SYSTEM": url.system for name, url in urls.items()}
    limits = {"RATE_LIMIT_SCALE": LOCAL_RATE_LIMIT_SCALE}
    return {**limits, **environ, **addresses, **systems, **home.secrets(environ), "TESSERA_HOME": str(home.folder)}
