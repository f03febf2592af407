"""Puts together from settings what makes mail work."""

from email.utils import parseaddr
from pathlib import Path

from auth_service.mail.mail_queue import MAIL_LETTER, SEAL_PURPOSE, MailQueue
from auth_service.mail.mail_sender import MailSender
from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.mail.senders import FolderSender, Sender, SmtpSender
from auth_service.mail.smtp_address import read_smtp_url
from auth_service.settings import AuthSettings
from auth_service.throttling.service import AttemptLimits
from shared.clock import Clock
from shared.db.databases import Database
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.sealing import Seal
from shared.settings import SettingsError

MAIL_GROUP = "mail "
"""Of counters: the only ones that a tenant's own work may touch (see the migration)."""


def mail_queue(settings: AuthSettings, database: Database, jobs: JobQueue, clock: Clock) -> MailQueue:
    secret, scale = settings.key_encryption_secret, settings.mail_limit_scale
    limits = AttemptLimits(database, secret, clock, scale, group=MAIL_GROUP)
    return MailQueue(Seal(secret, SEAL_PURPOSE), RecipientKeys(secret), limits, jobs)


def send_mail(worker: JobWorker, settings: AuthSettings) -> None:
    """Has the worker send what is queued. Raises SettingsError when it cannot be done as it is set."""
    address = _sender_address(settings.mail_from)
    mail_sender = MailSender(
        Seal(settings.key_encryption_secret, SEAL_PURPOSE),
        _sender(settings, address),
        from_header=settings.mail_from,
        message_id_host=address.rpartition("@")[2],
    )
    worker.on(MAIL_LETTER, mail_sender.send)


def mail_folder(settings: AuthSettings) -> Path:
    return Path(settings.tessera_home) / "mail"


def _sender(settings: AuthSettings, address: str) -> Sender:
    if settings.smtp_url is None:
        return FolderSender(mail_folder(settings))
    return SmtpSender(read_smtp_url(settings.smtp_url), address)


def _sender_address(mail_from: str) -> str:
    address = parseaddr(mail_from)[1]
    if "@" not in address or not mail_from.isprintable():
        raise SettingsError("unreadable settings: MAIL_FROM (expected `Name <address>`)")
    return address
