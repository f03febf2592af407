"""The Sanic application type of all services, made in one place so that every one has the same limits."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from types import SimpleNamespace
from typing import Any, TypeAlias

from sanic import Sanic
from sanic.config import Config
from sanic.request import Request as SanicRequest

from shared.stopping import StopBudget
from shared.supervision import Supervisor

App: TypeAlias = Sanic[Config, SimpleNamespace]
Request: TypeAlias = SanicRequest[App, SimpleNamespace]
Check: TypeAlias = Callable[[], Awaitable[Any]]

KEEP_ALIVE_SECONDS = 15
RESPONSE_SECONDS = 30
REQUEST_SECONDS = 15
DEFAULT_BODY_BYTES = 1024 * 1024
HEAD_BYTES = 16 * 1024  # Sanic's most: the longest target that the gateway lets through, and headers beside it
READING = ("GET", "HEAD")
STOP_EVENTS = ("before_server_stop", "after_server_stop")


class StepwiseSanic(Sanic[Config, SimpleNamespace]):
    """Runs each listener of a stop whatever became of the others, within the stop's budget."""

    def register_listener(self, listener: Any, event: str, **options: Any) -> Any:
        is_step = event in STOP_EVENTS
        super().register_listener(_as_stop_step(listener) if is_step else listener, event, **options)
        return listener


def new_app(name: str, *, max_body_bytes: int = DEFAULT_BODY_BYTES) -> App:
    """An application without routes. `max_body_bytes` holds for every body that is not streamed.

    `app.ctx.supervisor` keeps its background tasks; `app.ctx.stop_budget` is the time its stop may take.
    """
    config = Config(env_prefix=None)
    config.update(
        {
            "ACCESS_LOG": False,
            "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_SECONDS,
            "RESPONSE_TIMEOUT": RESPONSE_SECONDS,
            "REQUEST_TIMEOUT": REQUEST_SECONDS,
            "REQUEST_MAX_SIZE": max_body_bytes,
            "REQUEST_MAX_HEADER_SIZE": HEAD_BYTES,
            "GRACEFUL_SHUTDOWN_TIMEOUT": 10.0,
            "MOTD": False,
        }
    )
    context = SimpleNamespace(supervisor=Supervisor(), stop_budget=None)
    app: App = StepwiseSanic(name, config=config, ctx=context, configure_logging=False)
    Sanic.unregister_app(app)  # no process-wide list of names: nothing looks an app up, and tests make many alike
    return app


def _as_stop_step(listener: Callable[[App], Awaitable[None]]) -> Callable[[App], Coroutine[Any, Any, None]]:
    @wraps(listener)
    async def run(app: App) -> None:
        budget: StopBudget = app.ctx.stop_budget or StopBudget()
        await budget.run(f"{app.name}: {listener.__qualname__}", lambda: listener(app))

    return run
