"""The machine and versions a figure was measured with."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("sanic", "uvloop", "httptools", "asyncpg", "aio-pika", "msgspec")


def describe_machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {libraries}"
