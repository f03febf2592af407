"""The example in the README is code that works."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from job_fakes import Yard

from shared.db.databases import Database
from shared.ids import new_id
from shared.jobs.errors import GivenUp
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind, Limits, Retry
from shared.jobs.queue import JobQueue, NewJob

README = Path(__file__).parents[2] / "README.md"
ACME = UUID(int=1)
IMPORTED = (Database, GivenUp, Job, JobKind, JobQueue, Limits, NewJob, Retry, UUID, datetime, msgspec, new_id)


async def test_the_example_of_a_job_runs_as_it_stands(yard: Yard) -> None:
    example: dict[str, Any] = {each.__name__: each for each in IMPORTED}
    exec(README.read_text().split("```python\n")[1].split("```")[0], example)
    reminders = example["Reminders"](yard.database, yard.queue)
    worker = yard.worker()
    worker.on(example["REMINDER"], reminders.handle)
    for text in ("water the plants", ""):
        later = yard.clock.now() + timedelta(hours=1)
        await reminders.remind(ACME, example["Reminder"](UUID(int=2), text), later)

    assert await worker.run_due() == 0
    yard.clock.advance(3600)
    await worker.run_due()

    assert await yard.database.system_rows("select title from notes") == [{"title": "water the plants"}]
    [failed] = await yard.database.system_rows("select status, error from jobs")
    assert failed == {"status": "failed", "error": "There is nothing to say."}
