"""Telling somebody by mail that a copied refresh token of theirs was shown, and that its session has been ended."""

from auth_service.accounts import repository as accounts
from auth_service.accounts.telling import tell_alert
from auth_service.mail.letters import refresh_reused
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from shared.db.unit_of_work import Work
from shared.events.auth import SecurityAlert
from shared.principal import Principal


class ReuseWarning:
    def __init__(self, mail: MailQueue, links: WebLinks) -> None:
        self._mail = mail
        self._links = links

    async def post(self, work: Work, owner: Principal) -> None:
        user = await accounts.find_user(work, owner.tenant_id, owner.user_id)
        await self._mail.post(work, user.email, refresh_reused(user.first_name, self._links.forgot_password))
        tell_alert(work, owner.tenant_id, owner.user_id, SecurityAlert.REFRESH_REUSED, is_mailed=True)
