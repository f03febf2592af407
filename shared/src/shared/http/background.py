"""The messaging side of a service's life: relay, consumers and answers start after the server and stop before it."""

import asyncio
from contextlib import suppress

from shared.db.databases import Database
from shared.http.app import App
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.relay import Relay
from shared.messaging.requests import Responder


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
            app.ctx.relay_task = asyncio.create_task(relay.run())

    @app.before_server_stop
    async def stop(_app: App) -> None:
        await bus.stop_consuming()
        if relay is not None:
            app.ctx.relay_task.cancel()
            with suppress(asyncio.CancelledError):
                await app.ctx.relay_task
