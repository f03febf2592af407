"""A short form of `deploy.chaos.jobs`: workers are killed -9 while they run jobs, broker and database stay."""

import os
from collections.abc import AsyncIterator

import pytest

from deploy.chaos.jobs import play
from deploy.job_stage import StageConfig, drop_stage, make_stage

LEASE = {"JOB_LEASE_SECONDS": "3", "JOB_RETRIED": "0.02"}


@pytest.fixture
async def config(postgres_admin_url: str) -> AsyncIterator[StageConfig]:
    name, config = await make_stage(postgres_admin_url, os.environ["TEST_AMQP_URL"])
    yield config
    await drop_stage(postgres_admin_url, name)


async def test_jobs_survive_their_workers_once_and_in_order(config: StageConfig) -> None:
    verdict = await play(config, seconds=10.0, rate=50, kills=[], settings=LEASE)

    assert verdict.is_clean, "\n".join(verdict.lines())
    assert verdict.kills >= 3
    assert verdict.done >= 100
