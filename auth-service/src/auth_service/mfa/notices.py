"""Telling people by mail what happened to their second factor: if it was not them, they must hear of it."""

from collections.abc import Callable
from uuid import UUID

from auth_service.accounts.repository import find_addressee_of
from auth_service.mail.letters import Letter, mfa_disabled, mfa_enabled, recovery_code_used
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.mfa import repository
from shared.db.unit_of_work import Work


class FactorNotices:
    """Each is part of the transaction that makes it true."""

    def __init__(self, mail: MailQueue, links: WebLinks) -> None:
        self._mail = mail
        self._link = links.forgot_password

    async def enabled(self, work: Work, user_id: UUID) -> None:
        await self._post(work, user_id, lambda name: mfa_enabled(name, self._link))

    async def disabled(self, work: Work, user_id: UUID) -> None:
        await self._post(work, user_id, lambda name: mfa_disabled(name, self._link))

    async def recovery_code_used(self, work: Work, user_id: UUID) -> None:
        left = await repository.count_recovery_codes(work, user_id)
        await self._post(work, user_id, lambda name: recovery_code_used(name, left, self._link))

    async def _post(self, work: Work, user_id: UUID, letter: Callable[[str], Letter]) -> None:
        person = await find_addressee_of(work, user_id)
        if person is not None:
            await self._mail.post(work, person.email, letter(person.first_name))
