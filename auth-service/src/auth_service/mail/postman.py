"""Takes mail from the outbox to its sender, until it is sent or has been tried often enough.

Mail is taken for a while and sent outside any transaction: a slow server holds no connection to the database. A
postman who dies in between leaves it to be sent once more, under the same Message-ID.
"""

import asyncio
import random
from datetime import timedelta

import msgspec

from auth_service.mail import repository
from auth_service.mail.outbox import Addressed
from auth_service.mail.rendering import message
from auth_service.mail.repository import WaitingMail
from auth_service.mail.senders import WHOLE_SECONDS, MailNotSent, MailRefused, Sender
from shared.clock import Clock
from shared.db.databases import Database
from shared.sealing import Seal, SealError
from shared.telemetry.logs import get_logger

POLL_SECONDS = 5.0  # new mail wakes us; this is for what has to be tried again
AT_ONCE = 8
TAKEN_FOR = timedelta(seconds=2 * WHOLE_SECONDS)
MAX_ATTEMPTS = 8  # with the pauses below, about three hours
FIRST_PAUSE_SECONDS = 10.0
MAX_PAUSE_SECONDS = 3600.0


class Postman:
    def __init__(
        self,
        database: Database,
        seal: Seal,
        sender: Sender,
        clock: Clock,
        *,
        from_header: str,
        message_id_host: str,
    ) -> None:
        self._database = database
        self._seal = seal
        self._sender = sender
        self._clock = clock
        self._from_header = from_header
        self._message_id_host = message_id_host

    async def deliver_all(self) -> None:
        """Sends all that is due."""
        while await self.deliver():
            pass

    async def deliver(self) -> bool:
        """Sends what is due, in parts; True when there may be more."""
        now = self._clock.now()
        async with self._database.system_work() as work:
            mails = await repository.take_due(work, now, now + TAKEN_FOR, AT_ONCE)
        outcomes = await asyncio.gather(*(self._deliver(mail) for mail in mails), return_exceptions=True)
        for failure in outcomes:  # only now: none keeps the others from being sent
            if failure is not None:
                raise failure
        return len(mails) == AT_ONCE

    async def _deliver(self, mail: WaitingMail) -> None:
        log = get_logger(mail_id=str(mail.id), template=mail.template, attempt=mail.attempts)
        try:
            await self._send(mail)
        except (MailRefused, SealError, ValueError) as error:
            log.error("a mail is given up", error=type(error).__name__)
        except MailNotSent as error:
            if mail.attempts < MAX_ATTEMPTS:
                log.warning("a mail has to wait", reason=str(error))
                await self._postpone(mail)
                return
            log.error("a mail is given up", reason=str(error))
        else:
            log.info("a mail is sent")
        await self._remove(mail)

    async def _send(self, mail: WaitingMail) -> None:
        opened = self._seal.open(mail.sealed, place=str(mail.id))
        addressed = msgspec.json.decode(opened, type=Addressed)
        made = message(
            addressed.letter,
            sender=self._from_header,
            recipient=addressed.recipient,
            message_id=f"<{mail.id}@{self._message_id_host}>",
            now=mail.created_at,
        )
        await self._sender.send(made, addressed.recipient)

    async def _postpone(self, mail: WaitingMail) -> None:
        async with self._database.system_work() as work:
            await repository.postpone_mail(work, mail.id, self._clock.now() + pause_after(mail.attempts))

    async def _remove(self, mail: WaitingMail) -> None:
        """Sent or given up: either way nobody needs what it says any more."""
        async with self._database.system_work() as work:
            await repository.remove_mail(work, mail.id)


def pause_after(attempts: int) -> timedelta:
    longest = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 4.0 ** (attempts - 1))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
