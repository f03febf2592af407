"""The gateway that ours is measured against: fastify with its own plugins, installed by npm beside `server.mjs`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploy.bench.stage import running

_FOLDER = Path(__file__).parent / "fastify"
_INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
_INSTALL_SECONDS = 180.0


def why_not() -> str | None:
    """What keeps it from running here; installs what it needs the first time."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    if not (_FOLDER / "node_modules").is_dir():
        try:
            subprocess.run(_INSTALL, cwd=_FOLDER, check=True, timeout=_INSTALL_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return "npm could not install it"
    return None


def version() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"node {node}"


@contextmanager
def fastify_gateway(port: int, upstream_port: int, key: Ed25519PrivateKey) -> Iterator[int]:
    """The id of its process."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    told = {"PORT": str(port), "UPSTREAM_PORT": str(upstream_port), "PUBLIC_KEY": public, "NODE_ENV": "production"}
    with running(["node", str(_FOLDER / "server.mjs")], {**os.environ, **told}) as process_id:
        yield process_id
