"""`python -m shared.jobs kinds|list|show|cancel|retry SERVICE`: looks at the jobs of a service and changes them.

SERVICE is auth, project or conversation. Its database is that of DATABASE_URL_<SERVICE>_SYSTEM or of
DATABASE_URL_<SERVICE>, else the one that runs in TESSERA_HOME. With AMQP_URL the workers are notified of a change at
once, without it they see it within seconds.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.clock import SystemClock
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.db.service_address import NoDatabase, system_url
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.jobs import overview
from shared.jobs.overview import STATUSES, JobDetails, JobFilter, JobLine
from shared.jobs.queue import JobQueue
from shared.jobs.schema import ENDED, WAITING
from shared.jobs.worker import JobCancelled, JobsAdded
from shared.messaging.bus import Bus
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.messaging.signals import Signals
from shared.settings import environment_with_dotenv
from shared.telemetry.logs import configure_logging

SERVICES = ("auth", "project", "conversation")
CHANGING = ("cancel", "retry")
SHOWN = 50
CHANGED_AT_ONCE = 200
"""In one transaction: each job is locked until its end, and workers wait for those that they have."""

CONNECT_SECONDS = 3.0
"""An operator waits no longer for a broker that is away: it only shortens the way to the workers."""

CONNECT_POLL_SECONDS = 0.01

Change = Callable[[Work, UUID], Awaitable[bool]]


class Operator(NamedTuple):
    """The jobs of one service, and how its workers hear of changes; without a bus they look by themselves."""

    service: str
    database: Database
    bus: Bus | None = None


async def run(arguments: argparse.Namespace, operator: Operator) -> int:
    """The exit status: 1 when nothing fits the arguments."""
    commands = {"kinds": _kinds, "list": _list, "show": _show, "cancel": _cancel, "retry": _retry}
    return await commands[arguments.command](arguments, operator)


async def _kinds(arguments: argparse.Namespace, operator: Operator) -> int:
    async with operator.database.system_work() as work:
        counts = await overview.count_by_kind(work, _filter(arguments, ()))
    _print_table(
        ("KIND", "STATUS", "JOBS", "OLDEST"), [(each.kind, each.status, each.jobs, each.since) for each in counts]
    )
    return 0


async def _list(arguments: argparse.Namespace, operator: Operator) -> int:
    async with operator.database.system_work() as work:
        lines, has_more = await overview.find(work, _filter(arguments, ()), arguments.limit)
    header = ("ID", "KIND", "STATUS", "ATTEMPTS", "CREATED", "DUE", "TENANT", "REASON")
    _print_table(header, [_cells(line) for line in lines])
    _note(f"the first {len(lines)}, there are more" if has_more else f"{len(lines)} found")
    return 0


async def _show(arguments: argparse.Namespace, operator: Operator) -> int:
    async with operator.database.system_work() as work:
        found = [await overview.details(work, job_id) for job_id in arguments.ids]
    for job in found:
        if job is not None:
            print(_full(job))
    return _missing(sum(job is not None for job in found), "found")


async def _cancel(arguments: argparse.Namespace, operator: Operator) -> int:
    queue = JobQueue(SystemClock())
    running: list[UUID] = []
    queue.on_cancel = running.append
    count = await _change(arguments, operator, (*WAITING, "running"), queue.cancel)
    if operator.bus is not None:
        for job_id in running:
            await Signals(operator.bus).send(JobCancelled(job_id=job_id))
    if running:
        _note(f"{len(running)} of them run and are told to stop")
    return _missing(count, "cancelled")


async def _retry(arguments: argparse.Namespace, operator: Operator) -> int:
    count = await _change(arguments, operator, ("failed",), JobQueue(SystemClock()).retry)
    if count and operator.bus is not None:
        await Signals(operator.bus).send(JobsAdded(service=operator.service))
    return _missing(count, "to be run again")


async def _change(arguments: argparse.Namespace, operator: Operator, statuses: Sequence[str], change: Change) -> int:
    """Named jobs, or all that fit; how many there were."""
    if arguments.ids:
        async with operator.database.system_work() as work:
            return sum([await change(work, job_id) for job_id in arguments.ids])
    count, after, has_more = 0, 0, True
    while has_more:
        async with operator.database.system_work() as work:
            lines, has_more = await overview.find(work, _filter(arguments, statuses), CHANGED_AT_ONCE, after)
            count += sum([await change(work, line.id) for line in lines])
        after = lines[-1].seq if lines else after
    return count


def _filter(arguments: argparse.Namespace, statuses: Sequence[str]) -> JobFilter:
    return JobFilter(arguments.kind, arguments.status or statuses, arguments.tenant)


def _cells(line: JobLine) -> tuple[object, ...]:
    due = line.ended_at or line.due_at
    return line.id, line.kind, line.status, line.attempts, line.created_at, due, line.tenant_id, line.error


def _full(job: JobDetails) -> str:
    facts = {**job.line._asdict(), **job._asdict()}
    del facts["line"], facts["seq"]
    log = facts.pop("log")
    lines = [f"{name.replace('_', ' '):<17}{_text(value)}" for name, value in facts.items() if value is not None]
    return "\n".join([*lines, *(f"  {_text(line)}" for line in log.splitlines()), ""])


def _print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns are as wide as their widest text, but for the last."""
    texts = [header, *([_text(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        print("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip())


def _text(value: object) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    text = "-" if value is None else str(value)
    return "".join(character if character.isprintable() else " " for character in text)


def _missing(count: int, what: str) -> int:
    _note(f"{count} {what}")
    return 0 if count else 1


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m shared.jobs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_filter(commands.add_parser("kinds", help="how many of each kind and status, and how old"), STATUSES)
    listing = commands.add_parser("list", help="one line each; those that come back go behind the others")
    _add_filter(listing, STATUSES)
    listing.add_argument("--limit", type=_limit, default=SHOWN, help=f"at most so many (default {SHOWN})")
    showing = commands.add_parser("show", help="everything about a job, its payload and log included")
    showing.add_argument("service", choices=SERVICES)
    showing.add_argument(
        "--id", dest="ids", type=UUID, action="append", required=True, metavar="ID", help="may be repeated"
    )
    for name, text, statuses in (
        ("cancel", "what waits never runs, what runs is told to stop", (*WAITING, "running")),
        ("retry", "runs again what has failed, or with --status cancelled what was cancelled", ENDED),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--id", dest="ids", type=UUID, action="append", metavar="ID", help="this job; may be repeated"
        )
        _add_filter(command, statuses)
    chosen = parser.parse_args(arguments)
    if chosen.command in CHANGING and bool(chosen.ids) == bool(chosen.kind):
        parser.error(f"{chosen.command} needs either --id or --kind")
    if chosen.command in CHANGING and chosen.ids and (chosen.status or chosen.tenant):
        parser.error("--status and --tenant are for --kind")
    return chosen


def _add_filter(command: argparse.ArgumentParser, statuses: Sequence[str]) -> None:
    command.add_argument("service", choices=SERVICES)
    command.add_argument("--kind", help="only of this kind, for instance webhook.delivery")
    command.add_argument("--status", choices=statuses, action="append", help="only these; may be repeated")
    command.add_argument("--tenant", type=UUID, help="only of this tenant")


def _limit(text: str) -> int:
    number = int(text)
    if not 1 <= number <= overview.SHOWN_AT_ONCE:
        raise argparse.ArgumentTypeError(f"from 1 to {overview.SHOWN_AT_ONCE}")
    return number


@asynccontextmanager
async def open_operator(service: str, environ: Mapping[str, str]) -> AsyncIterator[Operator]:
    """Raises NoDatabase or DatabaseUnavailable."""
    url = system_url(service, environ)
    async with AsyncExitStack() as stack:
        config = DatabaseConfig(service, url, url, pool_size=1, system_pool_size=1)
        databases = await stack.enter_async_context(open_databases(config))
        amqp_url = environ.get("AMQP_URL")
        bus = await stack.enter_async_context(_connected(amqp_url)) if amqp_url else None
        yield Operator(service, databases[service], bus)


@asynccontextmanager
async def _connected(amqp_url: str) -> AsyncIterator[Bus | None]:
    """None when the broker does not answer: what changes is found without it."""
    bus = RabbitBus(amqp_url, f"jobs-command-{new_id().hex[-8:]}")
    await bus.start()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            while not bus.is_connected:
                await asyncio.sleep(CONNECT_POLL_SECONDS)
    except TimeoutError:
        _note("the broker does not answer; workers look by themselves within seconds")
    try:
        yield bus if bus.is_connected else None
    finally:
        await bus.close()


async def _main(arguments: argparse.Namespace) -> int:
    try:
        environ = environment_with_dotenv(os.environ)
        if arguments.command not in CHANGING:  # what only looks needs no broker
            environ.pop("AMQP_URL", None)
        async with open_operator(arguments.service, environ) as operator:
            return await run(arguments, operator)
    except (NoDatabase, DatabaseUnavailable, TransactionConflict) as error:
        _note(str(error) or "the database does not answer")
        return 2


if __name__ == "__main__":
    configure_logging("warning")
    sys.exit(asyncio.run(_main(parse(sys.argv[1:]))))
