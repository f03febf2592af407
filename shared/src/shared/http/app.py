"""The Sanic application type of all services, made in one place so that every one has the same limits."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

from sanic import Sanic
from sanic.config import Config
from sanic.request import Request as SanicRequest

App: TypeAlias = Sanic[Config, SimpleNamespace]
Request: TypeAlias = SanicRequest[App, SimpleNamespace]
Check: TypeAlias = Callable[[], Awaitable[Any]]

KEEP_ALIVE_SECONDS = 15
RESPONSE_SECONDS = 30
REQUEST_SECONDS = 15
DEFAULT_BODY_BYTES = 1024 * 1024
READING = ("GET", "HEAD")


def new_app(name: str, *, max_body_bytes: int = DEFAULT_BODY_BYTES) -> App:
    """An application without routes. `max_body_bytes` holds for every body that is not streamed."""
    config = Config(env_prefix=None)
    config.update(
        {
            "ACCESS_LOG": False,
            "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_SECONDS,
            "RESPONSE_TIMEOUT": RESPONSE_SECONDS,
            "REQUEST_TIMEOUT": REQUEST_SECONDS,
            "REQUEST_MAX_SIZE": max_body_bytes,
            "GRACEFUL_SHUTDOWN_TIMEOUT": 10.0,
            "MOTD": False,
        }
    )
    app: App = Sanic(name, config=config, ctx=SimpleNamespace(), configure_logging=False)
    Sanic.unregister_app(app)  # no process-wide list of names: nothing looks an app up, and tests make many alike
    return app
