"""The gateway that ours is measured against: fastify with its own plugins, installed by npm beside `server.mjs`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploy.bench import node_program
from deploy.bench.stage import running

_FOLDER = Path(__file__).parent / "fastify"


def why_not() -> str | None:
    return node_program.why_not(_FOLDER)


@contextmanager
def fastify_gateway(port: int, upstream_port: int, key: Ed25519PrivateKey) -> Iterator[int]:
    """The id of its process."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    told = {"PORT": str(port), "UPSTREAM_PORT": str(upstream_port), "PUBLIC_KEY": public, "NODE_ENV": "production"}
    with running(["node", str(_FOLDER / "server.mjs")], {**os.environ, **told}) as process_id:
        yield process_id
