"""The background side of a service: it listens before it serves, sends once it serves, drains before it stops."""

import asyncio
from datetime import timedelta

from shared.clock import SystemClock
from shared.db.databases import Database
from shared.http.app import App
from shared.jobs.worker import JobWorker
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.redaction import OnRedacted, no_copies
from shared.messaging.relay import Relay
from shared.messaging.requests import Responder
from shared.messaging.retention import rows_of_messages
from shared.messaging.signals import Signals
from shared.messaging.timeline import LogEpoch, read_epoch
from shared.retention import retention_tasks
from shared.stopping import run_steps
from shared.supervision import PeriodicTask, SupervisedTask, Work
from shared.telemetry.metrics import set_values

AGE_SECONDS = 5.0  # between two looks at the oldest unsent event
EPOCH_SECONDS = 5.0  # after a restore, clients of topics where nothing happens keep what is no longer true for so long
QUEUES_SECONDS = 15.0  # a queue fills within hours at its limit; every service with events looks at all of them
REDELIVER = timedelta(minutes=10)  # longer than the quick retries of a consumer together
TASK_SECONDS = 5.0  # what a background task gets to give back what it has in hand
DRAIN_SECONDS = 10.0  # what messages and requests in hand get to be finished


def setup_messaging(
    app: App,
    *,
    service: str,
    database: Database,
    bus: Bus,
    consumers: Consumers | None = None,
    responder: Responder | None = None,
    on_redacted: OnRedacted = no_copies,
) -> Relay:
    """Drains at the stop: nothing new is taken, what is in hand is finished; what was not sent yet is sent later."""
    relay = Relay(database, bus, service, redeliver_since=REDELIVER if bus.is_forgetful else None)
    running: list[SupervisedTask] = []

    async def measure_age() -> None:
        app.ctx.metrics.outbox_age.set(await relay.age_seconds())
        set_values(app.ctx.metrics.backlog_age, await relay.backlog_ages())

    async def measure_queues() -> None:
        set_values(app.ctx.metrics.queue_messages, await bus.queue_depths())

    async def announce_epoch() -> None:
        await Signals(bus).send(LogEpoch(service=service, epoch=await read_epoch(database)))

    @app.before_server_start
    async def listen(_app: App) -> None:
        if consumers is not None:
            await consumers.start(bus)
        if responder is not None:
            await responder.start()

    @app.after_server_start
    async def send(_app: App) -> None:
        running.append(app.ctx.supervisor.start("relay the outbox", relay.run))
        age = PeriodicTask("measure the outbox", AGE_SECONDS, measure_age, begins_at_once=True)
        depth = PeriodicTask("measure the queues", QUEUES_SECONDS, measure_queues, begins_at_once=True)
        epoch = PeriodicTask("announce the epoch of the event log", EPOCH_SECONDS, announce_epoch, begins_at_once=True)
        kept = rows_of_messages(on_redacted)
        retention = retention_tasks(database, kept, SystemClock(), app.ctx.metrics, of="messages")
        running.extend(map(app.ctx.supervisor.start_periodic, (age, depth, epoch, *retention)))

    @app.before_server_stop
    async def stop(_app: App) -> None:
        await run_steps([("stop consuming", bus.stop_consuming)], DRAIN_SECONDS)
        await _stop(running)

    return relay


def run_alongside(app: App, *works: PeriodicTask | tuple[str, Work]) -> None:
    """What goes on for as long as the service serves: periodic tasks, and by name what runs until it is cancelled."""
    running: list[SupervisedTask] = []

    @app.after_server_start
    async def begin(_app: App) -> None:
        running.extend(_start(app, work) for work in works)

    @app.before_server_stop
    async def end(_app: App) -> None:
        await _stop(running)


def run_jobs(app: App, worker: JobWorker) -> None:
    """For as long as the service serves. `app.ctx.jobs` is the worker, for whoever has to wake it."""
    app.ctx.jobs = worker
    run_alongside(app, *worker.tasks())


def _start(app: App, work: PeriodicTask | tuple[str, Work]) -> SupervisedTask:
    if isinstance(work, PeriodicTask):
        return app.ctx.supervisor.start_periodic(work)  # type: ignore[no-any-return]  # the context has no types
    name, run = work
    return app.ctx.supervisor.start(name, run)  # type: ignore[no-any-return]  # the context has no types


async def _stop(running: list[SupervisedTask]) -> None:
    """Together, so that one which does not end costs the others no time."""
    await asyncio.gather(*(task.stop(TASK_SECONDS) for task in running))
