"""What conversation-service hears from the other services: each event one line to a use case."""

from datetime import datetime

from conversation_service.chats.project_chats import ProjectChats
from conversation_service.conversations import repository as conversations
from conversation_service.members.leavings import Leavings
from conversation_service.notifications.service import NotificationService
from conversation_service.notifications.sources import SOURCES, Source
from conversation_service.runs import repository as runs
from conversation_service.support import repository as support
from conversation_service.usage import repository as usage
from shared.db.unit_of_work import Work
from shared.events.auth import AccountAnonymised, MembershipChanged, TenantClosed
from shared.events.envelope import Envelope, Event
from shared.events.projects import ProjectAdded, ProjectDeleted, ProjectUpdated, TeamMemberAdded, TeamMemberRemoved
from shared.jobs.queue import JobQueue
from shared.members.following import LeavingEvent, follow_members
from shared.members.leavings import Leaving
from shared.messaging.consumer import Consumers, Handler
from shared.messaging.redaction import redact_authored
from shared.tenant_closures.following import follow_tenants


def register(
    consumers: Consumers,
    leavings: Leavings,
    project_chats: ProjectChats,
    notifications: NotificationService,
    jobs: JobQueue,
) -> None:
    follow_tenants(consumers, jobs)
    _follow_people(consumers, leavings, project_chats, notifications)
    _follow_projects(consumers, project_chats)
    for contract, source in SOURCES:
        consumers.on(contract, _notifying(notifications, source))


def _follow_people(
    consumers: Consumers, leavings: Leavings, project_chats: ProjectChats, notifications: NotificationService
) -> None:
    async def left(work: Work, event: LeavingEvent, left_at: datetime) -> None:
        await leavings.leave_tenant(work, Leaving(event.tenant_id, event.user_id, None, left_at))

    async def anonymised(work: Work, event: AccountAnonymised, _envelope: Envelope) -> None:
        redact_authored(work, event.tenant_id, event.user_id)
        await notifications.forget(work, event.tenant_id, event.user_id)
        await support.forget(work, event.tenant_id, event.user_id)
        await conversations.expire_all_of(work, event.tenant_id, event.user_id)
        await usage.forget(work, event.tenant_id, event.user_id)

    async def tenant_closed(work: Work, event: TenantClosed, _envelope: Envelope) -> None:
        await runs.stop_all(work, event.tenant_id)

    async def role_changed(work: Work, event: MembershipChanged, envelope: Envelope) -> None:
        await project_chats.tenant_role_changed(work, event.tenant_id, event.user_id, envelope.time)

    consumers.on(TenantClosed, tenant_closed)
    consumers.on(AccountAnonymised, anonymised)  # first what only they could see
    follow_members(consumers, left)
    consumers.on(MembershipChanged, role_changed)


def _follow_projects(consumers: Consumers, project_chats: ProjectChats) -> None:
    async def joined_team(work: Work, event: TeamMemberAdded, envelope: Envelope) -> None:
        member = event.payload
        await project_chats.admit(
            work, member.tenant_id, member.project_id, member.user_id, is_on_team=True, as_of=envelope.time
        )

    async def left_team(work: Work, event: TeamMemberRemoved, envelope: Envelope) -> None:
        assert envelope.tenantid is not None  # projects belong to a tenant
        member = event.payload
        await project_chats.left_team(work, envelope.tenantid, member.project_id, member.user_id, envelope.time)

    async def project_changed(work: Work, event: ProjectUpdated, envelope: Envelope) -> None:
        if "visibility" in event.changed_fields:
            await project_chats.visibility_changed(work, event.payload.tenant_id, event.entity_id, envelope.time)

    async def project_deleted(work: Work, event: ProjectDeleted, envelope: Envelope) -> None:
        assert envelope.tenantid is not None  # projects belong to a tenant
        await project_chats.project_deleted(work, envelope.tenantid, event.entity_id, envelope.time)

    async def project_added(work: Work, event: ProjectAdded, envelope: Envelope) -> None:
        await project_chats.project_added(work, event.payload.tenant_id, event.entity_id, envelope.time)

    consumers.on(TeamMemberAdded, joined_team)
    consumers.on(TeamMemberRemoved, left_team)
    consumers.on(ProjectUpdated, project_changed)
    consumers.on(ProjectDeleted, project_deleted)
    consumers.on(ProjectAdded, project_added)


def _notifying(notifications: NotificationService, source: Source) -> Handler[Event]:
    async def notify(work: Work, event: Event, envelope: Envelope) -> None:
        assert envelope.tenantid is not None  # people are notified in a tenant
        await notifications.notify(work, envelope.tenantid, envelope.id, envelope.actorid, source(event))

    return notify
