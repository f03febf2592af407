"""The messaging side of a service: it listens before it serves, sends once it serves, drains before it stops."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.db import idempotency_keys
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable
from shared.http.app import App
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.relay import Relay
from shared.messaging.requests import Responder
from shared.telemetry.logs import get_logger

AGE_SECONDS = 5.0  # between two looks at the oldest unsent event
PRUNE_SECONDS = 3600.0  # the windows are a day and more: an hour more does not matter
REDELIVER = timedelta(minutes=10)  # longer than all retries of a consumer together


def setup_messaging(
    app: App,
    *,
    service: str,
    database: Database,
    bus: Bus,
    consumers: Consumers | None = None,
    responder: Responder | None = None,
) -> Relay:
    """Drains at the stop: nothing new is taken, what is in hand is finished; what was not sent yet is sent later."""
    relay = Relay(database, bus, service, redeliver_since=REDELIVER if bus.is_forgetful else None)
    running: list[asyncio.Task[None]] = []

    @app.before_server_start
    async def listen(_app: App) -> None:
        if consumers is not None:
            await consumers.start(bus)
        if responder is not None:
            await responder.start()

    @app.after_server_start
    async def send(_app: App) -> None:
        work: tuple[Coroutine[Any, Any, None], ...] = (relay.run(), _watch_age(app, relay), _prune(database))
        running.extend(asyncio.create_task(each) for each in work)

    @app.before_server_stop
    async def stop(_app: App) -> None:
        await bus.stop_consuming()
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return relay


def run_alongside(app: App, *works: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """What goes on for as long as the service serves; each runs until it is cancelled."""
    running: list[asyncio.Task[None]] = []

    @app.after_server_start
    async def begin(_app: App) -> None:
        running.extend(asyncio.create_task(work()) for work in works)

    @app.before_server_stop
    async def end(_app: App) -> None:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _watch_age(app: App, relay: Relay) -> None:
    while True:
        with suppress(DatabaseUnavailable):  # the age stays as it was; the database's own metrics tell why
            app.ctx.metrics.outbox_age.set(await relay.age_seconds())
        await asyncio.sleep(AGE_SECONDS)


async def _prune(database: Database) -> None:
    """Forgets what nobody can ask for any more. Replicas begin at different moments of the hour."""
    while True:
        await asyncio.sleep(PRUNE_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
        try:
            dropped = await EventLog(database).prune()
            async with database.system_work() as work:
                dropped += await Inbox().prune(work) + await idempotency_keys.prune(work)
        except DatabaseUnavailable:
            continue  # the next hour will do
        get_logger().info("old messages are pruned", database=database.name, rows=dropped)
