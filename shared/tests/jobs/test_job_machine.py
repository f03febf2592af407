"""No sequence of operations loses a job, runs it twice, out of order or over a limit, or blocks it for ever."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from job_machine import JobMachine

from shared.db.databases import DatabaseConfig, open_databases

BOUNDED = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # making a failure smaller takes minutes: add Phase.shrink to look at one
)


def test_jobs_stay_right_under_any_sequence_of_operations(sample_config: DatabaseConfig) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        databases = runner.run(stack.enter_async_context(open_databases(sample_config)))
        try:
            run_state_machine_as_test(lambda: JobMachine(runner, databases["sample"]), settings=BOUNDED)
        finally:
            runner.run(stack.aclose())
