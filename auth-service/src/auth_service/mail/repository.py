"""Every query about mail. Whoever has it to send adds to it; taking it out is system work."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work


class WaitingMail(NamedTuple):
    """`attempts` counts the one that it was just taken for."""

    id: UUID
    template: str
    sealed: bytes
    attempts: int
    created_at: datetime


async def add_mail(work: Work, mail_id: UUID, template: str, sealed: bytes, now: datetime) -> None:
    await work.execute(
        "insert into mails (id, template, sealed, due_at, created_at) values ($1, $2, $3, $4, $4)",
        mail_id, template, sealed, now,
    )  # fmt: skip


async def take_due(work: Work, now: datetime, taken_until: datetime, limit: int) -> list[WaitingMail]:
    """Nobody else gets these before `taken_until`: by then they are removed, or their taker has died."""
    return [WaitingMail(**row) for row in await work.rows(_TAKE_DUE, now, taken_until, limit)]


async def remove_mail(work: Work, mail_id: UUID) -> None:
    await work.execute("delete from mails where id = $1", mail_id)


async def postpone_mail(work: Work, mail_id: UUID, due_at: datetime) -> None:
    await work.execute("update mails set due_at = $2 where id = $1", mail_id, due_at)


_TAKE_DUE = """
update mails set attempts = attempts + 1, due_at = $2
where id in (select id from mails where due_at <= $1 order by due_at limit $3 for update skip locked)
returning id, template, sealed, attempts, created_at
"""
