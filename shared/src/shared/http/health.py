"""Health addresses of a service: the loop answers (live), own database and broker (ready), started (startup)."""

import asyncio
from collections.abc import Mapping

from sanic.response import HTTPResponse

from shared.http.answers import json_answer
from shared.http.app import READING, App, Check, Request
from shared.supervision import Supervisor

CHECK_SECONDS = 1.0


class Health:
    """`essential` checks and background tasks decide readiness; `reported` states (`broker`) are only shown.

    What may fail because of what a user wrote is shown and does not decide: nobody can take the service out of use.
    """

    def __init__(self, essential: Mapping[str, Check], reported: Mapping[str, Check], tasks: Supervisor) -> None:
        self._tasks = tasks
        self._essential = essential
        self._reported = reported
        self.is_started = False
        self.is_draining = False

    async def read(self) -> tuple[bool, dict[str, str]]:
        names = [*self._essential, *self._reported]
        outcomes = await asyncio.gather(
            *(_passes(check) for check in (*self._essential.values(), *self._reported.values()))
        )
        states = dict(zip(names, outcomes, strict=True))
        does_work = all(states[name] for name in self._essential) and not self._tasks.failing(only_essential=True)
        is_ready = self.is_started and not self.is_draining and does_work
        shown = {name: "connected" if passed else "unreachable" for name, passed in states.items()}
        return is_ready, {**shown, "tasks": self._task_state()}

    def _task_state(self) -> str:
        """`running`, or the names of those for which starting again does not help, and of those that are late."""
        named = {"failing": self._tasks.failing(), "late": self._tasks.late()}
        return "; ".join(f"{state}: {', '.join(names)}" for state, names in named.items() if names) or "running"


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return (await check()) is not False
    except Exception:  # a probe answers whatever the reason; the part itself logs it
        return False


def setup_health(app: App, health: Health) -> None:
    async def live(_request: Request) -> HTTPResponse:
        return json_answer({"status": "alive"})

    async def ready(_request: Request) -> HTTPResponse:
        is_ready, states = await health.read()
        return json_answer({"status": "healthy" if is_ready else "degraded", **states}, 200 if is_ready else 503)

    async def startup(_request: Request) -> HTTPResponse:
        return json_answer(
            {"status": "started" if health.is_started else "starting"}, 200 if health.is_started else 503
        )

    app.add_route(live, "/health/live", methods=READING)
    app.add_route(ready, "/health/ready", methods=READING)
    app.add_route(startup, "/health/startup", methods=READING)
