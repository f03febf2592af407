"""Mail becomes true together with what it tells: it is stored, sealed, in the transaction of the use case."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from auth_service.mail import repository
from auth_service.mail.letters import Letter
from auth_service.mail.limits import Sender, claims_of, claims_of_sender
from auth_service.throttling.service import AttemptLimits
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.errors import TooManyRequests
from shared.ids import new_id
from shared.sealing import Seal
from shared.telemetry.logs import get_logger

SEAL_PURPOSE = "mail"


class Addressed(msgspec.Struct, frozen=True):
    """What is sealed."""

    recipient: str
    letter: Letter


class MailOutbox:
    """`on_posted` is called after each commit that left mail to send."""

    def __init__(self, seal: Seal, limits: AttemptLimits, clock: Clock, on_posted: Callable[[], None]) -> None:
        self._seal = seal
        self._limits = limits
        self._clock = clock
        self._on_posted = on_posted

    async def post(self, work: Work, recipient: str, letter: Letter) -> bool:
        """`recipient` is an address as its owner wrote it. False when it has had enough of this kind for now.

        Whoever asked is told neither: the answer would say whether there is an account.
        """
        try:
            await self._limits.take_within(work, *claims_of(letter.template, recipient))
        except TooManyRequests:
            get_logger(template=letter.template).warning("a mail is left out: its recipient has had enough of them")
            return False
        await self._store(work, recipient, letter)
        return True

    async def post_for(self, work: Work, sender: Sender, recipient: str, letter: Letter) -> None:
        """For mail that a user sends to somebody who may not know them; before anything else is written.

        Raises TooManyRequests, whether or not the recipient has an account.
        """
        claims = claims_of(letter.template, recipient) + claims_of_sender(letter.template, *sender)
        await self._limits.take_within(work, *claims)
        await self._store(work, recipient, letter)

    async def require_room(
        self, work: Work, tenant_id: UUID, user_id: UUID | None, recipient: str, template: str
    ) -> None:
        """Takes nothing. Raises TooManyRequests when such a mail could not be sent for the tenant, or the user, now."""
        claims = claims_of_sender(template, tenant_id, user_id)
        await self._limits.require_room(work, *claims_of(template, recipient), *claims)

    async def _store(self, work: Work, recipient: str, letter: Letter) -> None:
        mail_id = new_id()
        sealed = self._seal.close(msgspec.json.encode(Addressed(recipient, letter)), place=str(mail_id))
        await repository.add_mail(work, mail_id, letter.template, sealed, self._clock.now())
        work.after_commit(self._on_posted)
