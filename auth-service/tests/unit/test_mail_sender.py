"""What the sender of mail makes of each answer, and what it says about it in the log: ids and kinds, and no words."""

from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from auth_fakes import SettableClock
from structlog.testing import capture_logs

from auth_service.mail.letters import invitation
from auth_service.mail.mail_queue import MAIL_LETTER, Addressed, SealedLetter
from auth_service.mail.mail_sender import MailSender
from auth_service.mail.senders import WHOLE_SECONDS, MailNotSent, MailRefused
from shared.ids import new_id
from shared.jobs.errors import GivenUp, RetryLater
from shared.jobs.job import Job
from shared.sealing import Seal

SEAL = Seal("a secret of the tests, long enough", "mail")
RECIPIENT, SECRET = "ada@example.com", "a-token-that-opens"


class Server:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def send(self, message: EmailMessage, recipient: str) -> None:
        if self.error is not None:
            raise self.error


def letter_job(attempt: int = 1, recipient: str = RECIPIENT) -> Job[SealedLetter]:
    mail_id = new_id()
    addressed = Addressed(recipient, invitation("Ada", "Engines", SECRET))
    payload = SealedLetter(mail_id, "invitation", SEAL.close(msgspec.json.encode(addressed), place=str(mail_id)))
    last = attempt == MAIL_LETTER.retry.attempts
    job = SimpleNamespace(payload=payload, attempt=attempt, is_last_attempt=last, created_at=SettableClock().now())
    return cast("Job[SealedLetter]", job)


def sender(error: Exception | None = None) -> MailSender:
    return MailSender(SEAL, Server(error), from_header="Tessera <no-reply@example.com>", message_id_host="example.com")


async def outcome(error: Exception | None, job: Job[SealedLetter]) -> tuple[Exception | None, dict[str, Any]]:
    """What is raised, and the log entry."""
    raised: Exception | None = None
    with capture_logs() as logs:
        try:
            await sender(error).send(job)
        except (GivenUp, RetryLater) as known:
            raised = known
    [entry] = logs
    assert RECIPIENT not in str(entry)
    assert SECRET not in str(entry)
    assert entry["mail_id"] == str(job.payload.mail_id)
    return raised, dict(entry)


async def test_a_letter_that_was_sent_is_logged() -> None:
    raised, entry = await outcome(None, letter_job())

    assert raised is None
    assert (entry["event"], entry["template"], entry["attempt"]) == ("a mail is sent", "invitation", 1)


async def test_a_server_that_is_away_is_tried_again_until_the_last_attempt() -> None:
    early, waiting = await outcome(MailNotSent("SMTP 451"), letter_job(7))
    late, ended = await outcome(MailNotSent("SMTP 451"), letter_job(8))

    assert (type(early), waiting["event"], waiting["reason"]) == (RetryLater, "a mail has to wait", "SMTP 451")
    assert (type(late), ended["event"], ended["log_level"]) == (GivenUp, "a mail is given up", "error")


@pytest.mark.parametrize(
    ("error", "job", "reason"),
    [
        (MailRefused("SMTP 550"), letter_job(), "SMTP 550"),
        (None, letter_job(recipient="ada@example.com\nBcc: all@example.com"), "ValueError"),
    ],
)
async def test_what_no_attempt_can_send_is_given_up_at_once(
    error: Exception | None, job: Job[SealedLetter], reason: str
) -> None:
    raised, entry = await outcome(error, job)

    assert (type(raised), str(raised)) == (GivenUp, reason)
    assert (entry["event"], entry["reason"]) == ("a mail is given up", reason)


def test_an_attempt_ends_by_the_time_of_the_sender_and_all_of_them_within_some_hours() -> None:
    pauses = [MAIL_LETTER.retry.pause(attempt) for attempt in range(1, MAIL_LETTER.retry.attempts)]

    assert MAIL_LETTER.timeout > WHOLE_SECONDS
    assert 1.5 * 3600 < sum(pauses) < 4 * 3600
    assert max(pauses) <= 3600
