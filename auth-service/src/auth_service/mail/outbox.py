"""Mail becomes true together with what it tells: it is stored, sealed, in the transaction of the use case."""

from collections.abc import Callable

import msgspec

from auth_service.mail import repository
from auth_service.mail.letters import Letter
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.sealing import Seal

SEAL_PURPOSE = "mail"


class Addressed(msgspec.Struct, frozen=True):
    """What is sealed."""

    recipient: str
    letter: Letter


class MailOutbox:
    """`on_posted` is called after each commit that left mail to send."""

    def __init__(self, seal: Seal, clock: Clock, on_posted: Callable[[], None]) -> None:
        self._seal = seal
        self._clock = clock
        self._on_posted = on_posted

    async def post(self, work: Work, recipient: str, letter: Letter) -> None:
        """`recipient` is an address as its owner wrote it."""
        mail_id = new_id()
        sealed = self._seal.close(msgspec.json.encode(Addressed(recipient, letter)), place=str(mail_id))
        await repository.add_mail(work, mail_id, letter.template, sealed, self._clock.now())
        work.after_commit(self._on_posted)
