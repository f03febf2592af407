"""A process that runs the jobs of `deploy.job_stage`, configured by its environment: `python -m deploy.job_worker`.

It ends when its input is closed: with the process that has started it, however that ends.
"""

import asyncio
import os
import random
import sys
from collections.abc import Mapping

import uvloop

from deploy.job_stage import CHAIN, LOOSE, StageConfig, Stamp, stage_databases
from shared.clock import SystemClock
from shared.ids import new_id
from shared.jobs import worker as engine
from shared.jobs.errors import RetryLater
from shared.jobs.job import Job
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.telemetry.logs import configure_logging
from shared.telemetry.metrics import Metrics

RETRY_SECONDS = 0.2


async def run(config: StageConfig, retried: float) -> None:
    """`retried`: which part of the attempts asks for another one."""

    async def handle(job: Job[Stamp]) -> None:
        if job.payload.hold:
            await asyncio.sleep(job.payload.hold)
        if random.random() < retried:  # noqa: S311 - any will do
            raise RetryLater("by chance", RETRY_SECONDS)
        async with job.work() as work:
            await work.execute(
                "insert into ledger (job_id, tenant_id, key, number) values ($1, $2, $3, $4)",
                job.id, job.tenant_id, job.payload.key, job.payload.number,
            )  # fmt: skip

    bus = RabbitBus(config.amqp_url, f"jobs-{new_id().hex[-8:]}")
    await bus.start()
    async with stage_databases(config) as database, asyncio.TaskGroup() as group:
        clock = SystemClock()
        worker = JobWorker(database, JobQueue(clock), bus, clock, JobMetrics(Metrics("stage")), "stage")
        worker.on(CHAIN, handle)
        worker.on(LOOSE, handle)
        tasks = [group.create_task(each()) for each in (worker.run, worker.renew, worker.announce)]
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
    await bus.close()


def shorten_times(environ: Mapping[str, str]) -> None:
    """A test that kills workers does not wait for half a minute each time."""
    if lease := environ.get("JOB_LEASE_SECONDS"):
        engine.LEASE_SECONDS = float(lease)
        engine.RENEW_SECONDS, engine.BEAT_SECONDS = float(lease) / 6, float(lease) / 12


if __name__ == "__main__":
    configure_logging("critical")  # outages are what is tried
    shorten_times(os.environ)
    config = StageConfig(*(os.environ[f"JOB_STAGE_{name.upper()}"] for name in StageConfig._fields))
    uvloop.run(run(config, float(os.environ.get("JOB_RETRIED", "0"))))
