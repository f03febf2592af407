"""News of other services for one person, on the topic and by the mail that are kept here."""

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import UserNotFound
from auth_service.mail.letters import notification
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.tenants import repository as tenants
from shared.db.unit_of_work import Work
from shared.events.auth import NotificationArrived, NotificationsMarkedRead
from shared.events.notifications import NotificationAdded, NotificationNews, NotificationRead
from shared.events.topics import user_topic


class Forwarding:
    def __init__(self, mail: MailQueue, links: WebLinks) -> None:
        self._mail = mail
        self._links = links

    async def pass_on(self, work: Work, event: NotificationAdded) -> None:
        news = event.payload
        if event.in_app:
            told = NotificationArrived(entity_id=news.id, version=news.version, payload=news)
            work.publish(told, topics=[user_topic(news.user_id)], subject=str(news.id))
        if event.by_mail:
            await self._post(work, news)

    def pass_on_mark(self, work: Work, event: NotificationRead) -> None:
        user_id = event.payload.user_id
        marked = NotificationsMarkedRead(entity_id=user_id, version=1, payload=event.payload)
        work.publish(marked, topics=[user_topic(user_id)], subject=str(user_id))

    async def _post(self, work: Work, news: NotificationNews) -> None:
        """To whoever is still there, and only where the address is known to be theirs and the tenant is not closed."""
        if not await tenants.is_open(work, news.tenant_id):
            return
        try:
            user = await accounts.find_user(work, news.tenant_id, news.user_id)
        except UserNotFound:
            return
        if user.is_active and user.email_verified:
            letter = notification(user.first_name, news.kind, news.title, self._links.app)
            await self._mail.post(work, user.email, letter)
