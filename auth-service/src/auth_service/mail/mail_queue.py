"""The queue of mail: a letter is enqueued, sealed, in the transaction of the use case that writes it."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

import msgspec

from auth_service.mail.letters import Letter
from auth_service.mail.limits import Sender, claims_of, claims_of_sender
from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.mail.senders import WHOLE_SECONDS
from auth_service.throttling.service import AttemptLimits
from shared.db.unit_of_work import Work
from shared.errors import TooManyRequests
from shared.ids import new_id
from shared.jobs.kinds import JobKind, Limits, Retry
from shared.jobs.queue import JobQueue, NewJob
from shared.sealing import Seal
from shared.telemetry.logs import get_logger

SEAL_PURPOSE = "mail"

_PRIORITIES: Mapping[str, int] = MappingProxyType({"reset_password": 1})
"""Somebody waits for it and cannot sign in meanwhile. All other templates have 0."""


class Addressed(msgspec.Struct, frozen=True):
    """What is sealed."""

    recipient: str
    letter: Letter


class SealedLetter(msgspec.Struct, frozen=True):
    """`sealed` is an `Addressed`; the place of its seal is `mail_id`, which also names the message to its readers."""

    mail_id: UUID
    template: str
    sealed: bytes


MAIL_LETTER = JobKind(
    "mail.letter",
    SealedLetter,
    timeout=2 * WHOLE_SECONDS,  # the sender gives up before that, and says why
    retry=Retry(attempts=8, first=10.0, factor=4.0, longest=3600.0, jitter=0.5),  # about three hours
    # A tenant that writes to a hundred people holds 2 of the 8 places of each worker at most.
    limits=Limits(per_worker=8, per_tenant=2),
    in_closed_tenants=True,
)


class MailQueue:
    def __init__(self, seal: Seal, keys: RecipientKeys, limits: AttemptLimits, jobs: JobQueue) -> None:
        self._seal = seal
        self._keys = keys
        self._limits = limits
        self._jobs = jobs

    async def post(self, work: Work, recipient: str, letter: Letter) -> bool:
        """`recipient` is an address as its owner wrote it. False when it has had enough of this kind for now.

        Whoever asked is told neither: the answer would say whether there is an account.
        """
        try:
            await self._limits.take_within(work, *claims_of(letter.template, recipient))
        except TooManyRequests:
            get_logger(template=letter.template).warning("a mail is left out: its recipient has had enough of them")
            return False
        await self._add(work, recipient, letter)
        return True

    async def post_for(self, work: Work, sender: Sender, recipient: str, letter: Letter) -> None:
        """For mail that a user sends to somebody who may not know them; before anything else is written.

        Raises TooManyRequests, whether or not the recipient has an account.
        """
        claims = claims_of(letter.template, recipient) + claims_of_sender(letter.template, *sender)
        await self._limits.take_within(work, *claims)
        await self._add(work, recipient, letter, sender.tenant_id)

    async def require_room(
        self, work: Work, tenant_id: UUID, user_id: UUID | None, recipient: str, template: str
    ) -> None:
        """Takes nothing. Raises TooManyRequests when such a mail could not be sent for the tenant, or the user, now."""
        claims = claims_of_sender(template, tenant_id, user_id)
        await self._limits.require_room(work, *claims_of(template, recipient), *claims)

    async def _add(self, work: Work, recipient: str, letter: Letter, tenant_id: UUID | None = None) -> None:
        mail_id = new_id()
        sealed = self._seal.close(msgspec.json.encode(Addressed(recipient, letter)), place=str(mail_id))
        payload = SealedLetter(mail_id, letter.template, sealed)
        key = self._keys.key_of(recipient, mail_id)
        job = NewJob(payload, unique_key=key, priority=_PRIORITIES.get(letter.template, 0))
        await self._jobs.add(work, MAIL_LETTER, job, tenant_id=tenant_id)
