"""What project-service hears, from auth-service and from itself: each event one line to a use case."""

from uuid import UUID

from project_service.activity.service import ActivityService
from project_service.comments import repository as comments
from project_service.projects import repository as projects
from project_service.team.service import TeamService
from shared.db.unit_of_work import Work
from shared.events.auth import (
    AccountAnonymised,
    InvitationAccepted,
    MembershipRemoved,
)
from shared.events.changes import Change
from shared.events.envelope import Envelope
from shared.events.projects import Commented, TaskDeleted
from shared.events.registry import Registry
from shared.members.following import follow_members
from shared.messaging.consumer import Consumers, publisher_of


def register(
    consumers: Consumers, registry: Registry, service: str, team: TeamService, activity: ActivityService
) -> None:
    _follow_members(consumers, team)
    consumers.on(TaskDeleted, _task_deleted)
    for contract in registry:
        if publisher_of(contract.type) == service and issubclass(contract, Change):
            consumers.on(contract, activity.record)


def _follow_members(consumers: Consumers, team: TeamService) -> None:
    async def invitation_accepted(work: Work, event: InvitationAccepted, _envelope: Envelope) -> None:
        await team.welcome(work, event.tenant_id, event.project_id, event.user_id, event.project_role)

    async def member_left(work: Work, event: MembershipRemoved | AccountAnonymised) -> None:
        await _drop_marks(work, event.tenant_id, event.user_id)
        await team.leave_tenant(work, event.tenant_id, event.user_id)

    consumers.on(InvitationAccepted, invitation_accepted)
    follow_members(consumers, member_left)


async def _drop_marks(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """What only they could see."""
    await projects.drop_favorites_of(work, tenant_id, user_id)
    await comments.drop_stars_of(work, tenant_id, user_id)


async def _task_deleted(work: Work, event: TaskDeleted, envelope: Envelope) -> None:
    assert envelope.tenantid is not None  # tasks belong to a tenant
    await comments.remove_about(work, envelope.tenantid, Commented.TASK, event.entity_id)
