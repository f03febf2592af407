"""Sends queued letters: what the worker calls with each job of the kind `mail.letter`."""

from email.message import EmailMessage

import msgspec
from structlog.typing import FilteringBoundLogger

from auth_service.mail.mail_queue import Addressed, SealedLetter
from auth_service.mail.rendering import message
from auth_service.mail.senders import MailNotSent, MailRefused, Sender
from shared.jobs.errors import GivenUp, RetryLater
from shared.jobs.job import Job
from shared.sealing import Seal
from shared.telemetry.logs import get_logger


class MailSender:
    """Every attempt has the same Message-ID: a mailbox that gets a letter twice, as after a crash, can tell."""

    def __init__(self, seal: Seal, sender: Sender, *, from_header: str, message_id_host: str) -> None:
        self._seal = seal
        self._sender = sender
        self._from_header = from_header
        self._message_id_host = message_id_host

    async def send(self, job: Job[SealedLetter]) -> None:
        """Outside any transaction: a slow server holds no connection to the database. Raises GivenUp, RetryLater."""
        try:
            await self._sender.send(*self._open(job))
        except ValueError as error:  # of the seal or of a header; what it says may quote the letter
            raise _given_up(job, type(error).__name__) from error
        except MailRefused as error:
            raise _given_up(job, str(error)) from error
        except MailNotSent as error:
            if job.is_last_attempt:
                raise _given_up(job, str(error)) from error
            _log(job).warning("a mail has to wait", reason=str(error))
            raise RetryLater(str(error)) from error
        _log(job).info("a mail is sent")

    def _open(self, job: Job[SealedLetter]) -> tuple[EmailMessage, str]:
        mail_id = str(job.payload.mail_id)
        opened = self._seal.open(job.payload.sealed, place=mail_id)
        addressed = msgspec.json.decode(opened, type=Addressed)
        made = message(
            addressed.letter,
            sender=self._from_header,
            recipient=addressed.recipient,
            message_id=f"<{mail_id}@{self._message_id_host}>",
            now=job.created_at,
        )
        return made, addressed.recipient


def _given_up(job: Job[SealedLetter], reason: str) -> GivenUp:
    _log(job).error("a mail is given up", reason=reason)
    return GivenUp(reason)


def _log(job: Job[SealedLetter]) -> FilteringBoundLogger:
    return get_logger(mail_id=str(job.payload.mail_id), template=job.payload.template, attempt=job.attempt)
