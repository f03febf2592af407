"""Where commands of an operator find the database of a service: in the environment, or on this machine."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from shared.db.bootstrap import SYSTEM, role_url

_PORT_LINE = 3
"""Of `postmaster.pid`, counted from 0: the server writes there on which port it listens."""


class NoDatabase(Exception):
    """Nothing says where the service's database is; the text says what would."""


def system_url(service: str, environ: Mapping[str, str]) -> str:
    """DATABASE_URL_<SERVICE>_SYSTEM, DATABASE_URL_<SERVICE> with its role swapped, or the server in TESSERA_HOME.

    Raises NoDatabase.
    """
    name = f"DATABASE_URL_{service.upper()}"
    if url := environ.get(f"{name}_{SYSTEM.upper()}"):
        return url
    if url := environ.get(name):
        return role_url(url, SYSTEM)
    home = Path(environ.get("TESSERA_HOME") or ".tessera")
    try:
        return _url_in(home, service)
    except (OSError, IndexError) as error:
        raise NoDatabase(f"{name} is not set, and no server that we may read about runs in {home}") from error


def _url_in(home: Path, service: str) -> str:
    """Of the server that a stack on this machine has started there."""
    password = (home / "secrets" / f"{service}_{SYSTEM}").read_text().strip()
    port = (home / "postgres" / "pgdata" / "postmaster.pid").read_text().splitlines()[_PORT_LINE]
    return f"postgresql://{service}_{SYSTEM}:{quote(password, safe='')}@127.0.0.1:{int(port)}/{service}"
