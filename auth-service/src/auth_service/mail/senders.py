"""The two ways mail leaves: to an SMTP server, or as a file in a folder where developers find it."""

import asyncio
import os
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from auth_service.mail.smtp_address import SmtpAddress

STEP_SECONDS = 15.0  # one command and its answer
WHOLE_SECONDS = 60.0
PERMANENT = 500  # RFC 5321: from here on trying again does not help


class MailNotSent(Exception):
    """The server could not be reached or asked us to come again."""


class MailRefused(MailNotSent):
    """The server will never take this message."""


class Sender(Protocol):
    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Raises MailNotSent or MailRefused."""


class SmtpSender:
    """A connection per message: mail is rare, and servers close idle connections."""

    def __init__(self, address: SmtpAddress, sender: str) -> None:
        self._address = address
        self._sender = sender

    async def send(self, message: EmailMessage, recipient: str) -> None:
        try:
            async with asyncio.timeout(WHOLE_SECONDS), self._connection() as connection:
                await connection.send_message(message, sender=self._sender, recipients=[recipient])
        except SMTPRecipientsRefused as refused:
            raise _as_fact(min(each.code for each in refused.recipients)) from refused
        except SMTPResponseException as answer:
            raise _as_fact(answer.code) from answer
        except (SMTPException, OSError, TimeoutError) as error:
            raise MailNotSent(type(error).__name__) from error

    def _connection(self) -> SMTP:
        address = self._address
        return SMTP(
            hostname=address.host,
            port=address.port,
            username=address.username,
            password=address.password,
            use_tls=address.is_tls,
            start_tls=address.start_tls,
            timeout=STEP_SECONDS,
        )


class FolderSender:
    """One `.eml` file per message, complete as soon as it can be seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage, recipient: str) -> None:
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise MailNotSent(type(error).__name__) from error

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        unfinished = self._folder / f".{name}.part"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.as_bytes())
        unfinished.rename(self._folder / f"{name}.eml")


def _as_fact(code: int) -> MailNotSent:
    return MailRefused(f"SMTP {code}") if code >= PERMANENT else MailNotSent(f"SMTP {code}")
