"""A real SMTP server for tests, and what a person does with a message: reads it and opens its link."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.testing.eventually import eventually

ACCEPTED = "250 OK"


class MailServer:
    """`answers` are given to the next messages; once they are used up, everything is accepted. What is held gets its
    answer when it is released.
    """

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[str] = []
        self.attempts = 0
        self.messages: list[EmailMessage] = []
        self.refused: list[EmailMessage] = []
        self.holding = 0
        self._held: str | None = None
        self._released = asyncio.Semaphore(0)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.attempts += 1
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        message = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=default))
        assert envelope.rcpt_tos == [str(message["To"])]
        if self._held is not None and self._held in str(message["Subject"]):
            self.holding += 1
            await self._released.acquire()
            self.holding -= 1
        (self.messages if answer == ACCEPTED else self.refused).append(message)
        return answer

    def hold(self, about: str) -> None:
        """Messages with this in their subject get no answer."""
        self._held = about

    def release(self, count: int | None = None) -> None:
        """So many of those that are held; all, and holds no more."""
        if count is None:
            self._held, count = None, self.holding
        for _ in range(count):
            self._released.release()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def letters_to(self, recipient: str, about: str = "") -> list[EmailMessage]:
        return [each for each in self.messages if str(each["To"]) == recipient and about in str(each["Subject"])]

    async def letter_to(self, recipient: str, about: str = "") -> EmailMessage:
        """The latest one."""
        await eventually(lambda: self.letters_to(recipient, about))
        return self.letters_to(recipient, about)[-1]

    async def token_to(self, recipient: str, about: str = "") -> str:
        return token_in(await self.letter_to(recipient, about))


@asynccontextmanager
async def serving_mail(loop: Any) -> AsyncIterator[MailServer]:
    mail = MailServer()
    server = await loop.create_server(lambda: SMTP(mail, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    mail.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mail


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def token_in(message: EmailMessage) -> str:
    """The same in both bodies."""
    [from_text] = set(re.findall(r"token=([\w-]+)", body_of(message, "plain")))
    [from_html] = set(re.findall(r"token=([\w-]+)", body_of(message, "html")))
    assert from_text == from_html
    return str(from_text)
