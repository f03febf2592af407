"""The messaging side of a service's life: relay, consumers and answers start after the server and stop before it."""

import asyncio
from contextlib import suppress

from shared.db.failures import DatabaseUnavailable
from shared.http.app import App
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.relay import Relay
from shared.messaging.requests import Responder

AGE_SECONDS = 5.0  # between two looks at the oldest unsent event


def setup_messaging(
    app: App,
    *,
    bus: Bus,
    relay: Relay | None = None,
    consumers: Consumers | None = None,
    responder: Responder | None = None,
) -> None:
    """Drains at the stop: nothing new is taken, what is in hand is finished, what was committed is sent."""

    @app.after_server_start
    async def start(_app: App) -> None:
        if consumers is not None:
            await consumers.start(bus)
        if responder is not None:
            await responder.start()
        if relay is not None:
            app.ctx.relaying = [asyncio.create_task(relay.run()), asyncio.create_task(_watch_age(app, relay))]

    @app.before_server_stop
    async def stop(_app: App) -> None:
        await bus.stop_consuming()
        for task in getattr(app.ctx, "relaying", ()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _watch_age(app: App, relay: Relay) -> None:
    while True:
        with suppress(DatabaseUnavailable):  # the age stays as it was; the database's own metrics tell why
            app.ctx.metrics.outbox_age.set(await relay.age_seconds())
        await asyncio.sleep(AGE_SECONDS)
