"""What project-service hears, from auth-service and from itself: each event one line to a use case."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from project_service.activity.service import ActivityService
from project_service.comments import repository as comments
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.persons.service import PersonService
from project_service.gifting.streams import linked, streams
from project_service.leaving.service import Leavings
from project_service.team.service import TeamService
from project_service.webhooks.deliveries import DeliveryService
from project_service.webhooks.schemas import DisabledReason
from project_service.webhooks.service import WebhookService
from shared.db.unit_of_work import Work
from shared.events import gifting
from shared.events.auth import (
    AccountAnonymised,
    AccountDeactivated,
    InvitationAccepted,
    UserUpdated,
)
from shared.events.changes import Change, Guarded
from shared.events.envelope import Envelope
from shared.events.files import VersionAdded
from shared.events.projects import Commented, TaskDeleted
from shared.events.registry import Registry
from shared.events.topics import comments_topic
from shared.jobs.queue import JobQueue
from shared.members.following import LeavingEvent, follow_members
from shared.members.leavings import Leaving
from shared.messaging.consumer import Consumers, publisher_of
from shared.messaging.redaction import redact_authored, redact_topics
from shared.tenant_closures.following import follow_tenants


def register(
    consumers: Consumers,
    registry: Registry,
    service: str,
    team: TeamService,
    leavings: Leavings,
    webhooks: WebhookService,
    activity: ActivityService,
    dashboard: DashboardService,
    persons: PersonService,
    jobs: JobQueue,
) -> None:
    follow_tenants(consumers, jobs)
    _erase_accounts(consumers, persons)
    _follow_members(consumers, team, leavings, webhooks)
    for gone, kind in _TAKES_COMMENTS_ALONG.items():
        consumers.on(gone, _drop_comments(kind))
    consumers.on(VersionAdded, _version_added)
    for contract in registry:
        if publisher_of(contract.type) == service and issubclass(contract, Change):
            consumers.on(contract, activity.record)
        if contract.__module__ == gifting.__name__ and issubclass(contract, Guarded):
            consumers.on(contract, dashboard.record)


def deliver_to_webhooks(
    consumers: Consumers, catalogue: Mapping[str, type[Change]], deliveries: DeliveryService
) -> None:
    """Last, so that a webhook hears of an event what the service itself has made of it."""
    for contract in catalogue.values():
        consumers.on(contract, deliveries.put_in_line)


def _erase_accounts(consumers: Consumers, persons: PersonService) -> None:
    """Before what is done for everybody who leaves: that takes away what says who was linked to the account."""

    async def anonymised(work: Work, event: AccountAnonymised, _envelope: Envelope) -> None:
        await persons.anonymise(work, event.tenant_id, event.user_id)

    consumers.on(AccountAnonymised, anonymised)


def _follow_members(consumers: Consumers, team: TeamService, leavings: Leavings, webhooks: WebhookService) -> None:
    async def invitation_accepted(work: Work, event: InvitationAccepted, _envelope: Envelope) -> None:
        await team.welcome(work, event)

    async def anonymised(work: Work, event: AccountAnonymised, _envelope: Envelope) -> None:
        redact_authored(work, event.tenant_id, event.user_id)

    async def member_left(work: Work, event: LeavingEvent, left_at: datetime) -> None:
        leaving = Leaving(event.tenant_id, event.user_id, None, left_at)
        await team.leave_tenant(work, leaving)
        await leavings.leave_tenant(work, leaving, keeps_person=isinstance(event, AccountDeactivated))

    async def address_proven(work: Work, event: UserUpdated, envelope: Envelope) -> None:
        if "email_verified" in event.changed_fields:
            reason = DisabledReason.ADDRESS_PROVEN
            await webhooks.disable_made_by(work, event.payload.tenant_id, event.entity_id, reason, envelope.time)

    consumers.on(InvitationAccepted, invitation_accepted)
    consumers.on(AccountAnonymised, anonymised)
    consumers.on(UserUpdated, address_proven)
    follow_members(consumers, member_left)


_TAKES_COMMENTS_ALONG: Mapping[type[Change], Commented] = MappingProxyType(
    {
        TaskDeleted: Commented.TASK,
        gifting.GiftListDeleted: Commented.LIST,
        gifting.ListItemDeleted: Commented.LIST_ITEM,
        gifting.GiftDeleted: Commented.GIFT,
        gifting.OccasionDeleted: Commented.OCCASION,
        gifting.PersonDeleted: Commented.PERSON,
    }
)


def _drop_comments(kind: Commented) -> Callable[[Work, Change, Envelope], Awaitable[None]]:
    async def thing_deleted(work: Work, event: Change, envelope: Envelope) -> None:
        assert envelope.tenantid is not None  # what is commented on belongs to a tenant
        if await comments.remove_about(work, envelope.tenantid, kind, event.entity_id):
            links = await linked(work, envelope.tenantid)
            redact_topics(work, envelope.tenantid, streams([comments_topic(kind, event.entity_id)], links))

    return thing_deleted


async def _version_added(work: Work, event: VersionAdded, _envelope: Envelope) -> None:
    """Large batches do not name the files that they delete; what is gone is seen in the project."""
    version = event.payload
    if version.deleted:
        await comments.remove_about_gone_files(work, version.tenant_id, version.project_id)
