"""Use cases of proving that an e-mail address is one's own."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.address_proof.service import prove_address
from auth_service.audit.subjects import is_about
from auth_service.mail.letters import verification
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.mail_tokens import repository as mail_tokens
from auth_service.mail_tokens.domain import VERIFY_EMAIL_LIFE, Purpose
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.principal import Principal


class EmailVerification:
    def __init__(self, database: Database, mail: MailQueue, links: WebLinks, clock: Clock) -> None:
        self._database = database
        self._mail = mail
        self._links = links
        self._clock = clock

    async def ask(self, work: Work, user: UserView, now: datetime) -> None:
        """Mails a link, unless the user has enough of them that work, or has been mailed enough of late."""
        token = await mail_tokens.issue(work, user.id, Purpose.VERIFY_EMAIL, now, VERIFY_EMAIL_LIFE)
        if token is None:
            return
        letter = verification(user.first_name, self._links.verify_email(token))
        if not await self._mail.post(work, user.email, letter):
            await mail_tokens.withdraw(work, token)

    async def ask_again(self, principal: Principal) -> None:
        """Raises UserNotFound."""
        async with self._database.system_work(actor_id=principal.user_id) as work:
            user = await accounts.find_user(work, principal.tenant_id, principal.user_id)
            if not user.email_verified:
                await self.ask(work, user, self._clock.now())

    async def confirm(self, token: str, session_id: UUID | None) -> None:
        """`session_id` is the session that came along: it goes on if it is of this account.

        Raises TokenUsedOrExpired.
        """
        now = self._clock.now()
        async with self._database.system_work() as work:
            user_id = await mail_tokens.redeem(work, token, Purpose.VERIFY_EMAIL, now)
            is_about(await accounts.find_home(work, user_id), user_id)
            await prove_address(work, user_id, now, keeping=session_id)
