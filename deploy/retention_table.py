"""The retention table of the product, as Markdown: `python -m deploy.retention_table --update` writes the file anew."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import auth_service.retention
import conversation_service.retention
import project_service.retention
from auth_service.mail.old_files import KEPT_FOR as MAIL_KEPT_FOR
from auth_service.mail.recipient_keys import RecipientKeys
from shared.clock import SystemClock
from shared.jobs.queue import JobQueue
from shared.messaging.retention import MESSAGING
from shared.retention import Kept, days

FILE = Path(__file__).parents[1] / "shared" / "docs" / "retention.md"

SERVICES: Mapping[str, tuple[Kept, ...]] = {
    "auth": auth_service.retention.own_rows(JobQueue(SystemClock()), RecipientKeys("")),
    "project": project_service.retention.OWN,
    "conversation": conversation_service.retention.OWN,
}

_INTRODUCTION = """\
# What is kept, why, and how long

Written by `make snapshots` from `retention.py` of each service; a test compares the rows with the tables of freshly
migrated databases. A row says until when its rows stay, and what ends them. Tasks run in every replica, in small
transactions; while one replica deletes, the others leave the table to it. Times are those after which a row goes with
the next round: an hour later for messages, ten minutes for other tables, a day where a task walks a whole table.

Outside of tables: realtime-service and the gateway remember in memory, and bounded there. Contents of files and
attachments go with their rows. Mail that is written into the mail folder instead of being sent is deleted {mail} after
it was written. Dead letters stay until somebody replays or deletes them.
"""


def markdown() -> str:
    parts = [_INTRODUCTION.format(mail=days(MAIL_KEPT_FOR)), _section("Messages, in every service", MESSAGING)]
    parts += [_section(f"{service}-service", rows) for service, rows in SERVICES.items()]
    return "\n".join(parts)


def _section(title: str, rows: Iterable[Kept]) -> str:
    lines = ["| table | holds | kept because | until | ended by |", "| --- | --- | --- | --- | --- |"]
    lines += [_line(row) for row in rows]
    return "\n".join([f"## {title}", "", *lines, ""])


def _line(row: Kept) -> str:
    cells = (f"`{row.table}`", row.holds, row.because, row.until or "-", row.ended)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    if "--update" in sys.argv:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(markdown())
    elif not FILE.exists() or FILE.read_text() != markdown():
        sys.exit("shared/docs/retention.md is not what the services' retention.py say: run `make snapshots`")


if __name__ == "__main__":
    main()
