"""The parts that make mail work, put together from settings."""

from email.utils import parseaddr
from pathlib import Path

from auth_service.mail.outbox import SEAL_PURPOSE, MailOutbox
from auth_service.mail.postman import POLL_SECONDS, Postman
from auth_service.mail.senders import FolderSender, Sender, SmtpSender
from auth_service.mail.smtp_address import read_smtp_url
from auth_service.settings import AuthSettings
from auth_service.throttling.service import AttemptLimits
from shared.clock import Clock
from shared.db.databases import Database
from shared.sealing import Seal
from shared.settings import SettingsError
from shared.supervision import PeriodicTask

MAIL_GROUP = "mail "
"""Of counters: the only ones that a tenant's own work may touch (see the migration)."""


class Mailroom:
    """`outbox` takes mail in, `deliveries` send it. Raises SettingsError when it cannot be done as it is set."""

    def __init__(self, settings: AuthSettings, database: Database, clock: Clock) -> None:
        seal = Seal(settings.key_encryption_secret, SEAL_PURPOSE)
        address = _sender_address(settings.mail_from)
        postman = Postman(
            database,
            seal,
            _sender(settings, address),
            clock,
            from_header=settings.mail_from,
            message_id_host=address.rpartition("@")[2],
        )
        self.deliveries = PeriodicTask(
            "deliver mail", POLL_SECONDS, postman.deliver_all, jitter=0.0, begins_at_once=True
        )
        limits = AttemptLimits(
            database, settings.key_encryption_secret, clock, settings.mail_limit_scale, group=MAIL_GROUP
        )
        self.outbox = MailOutbox(seal, limits, clock, self.deliveries.wake)


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
