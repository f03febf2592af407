"""The use cases of projects, each one transaction."""

from datetime import datetime
from uuid import UUID

import msgspec

from project_service import limits
from project_service.projects import repository
from project_service.projects.access import require_creator, require_role
from project_service.projects.domain import (
    RESTORABLE_FOR,
    differences,
    role_needed_for,
    state_of,
)
from project_service.projects.schemas import CreateProject, PatchProject, ProjectQuery, ProjectView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change, Removed
from shared.events.projects import ProjectAdded, ProjectDeleted, ProjectRole, ProjectUpdated
from shared.events.questions import ProjectStanding, ProjectStandingAnswer
from shared.events.topics import project_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.members.leavings import Leaving
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import Quota, require_room

ROWS_AT_ONCE = 10_000
"""Purged in one transaction: well within what a statement may take."""


class ProjectService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: ProjectQuery) -> PageOf[ProjectView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def get(self, principal: Principal, project_id: UUID) -> ProjectView:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, project_id)

    async def add(self, principal: Principal, new: CreateProject) -> ProjectView:
        require_creator(principal)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            return work.answer(await create(work, principal, new, self._clock.now()))

    async def standing(self, question: ProjectStanding) -> ProjectStandingAnswer:
        async with self._database.unit_of_work(question.principal.tenant_id) as work:
            role = await repository.role_of(work, question.principal, question.project_id)
        return ProjectStandingAnswer(role)

    async def favorites(self, principal: Principal, query: ProjectQuery) -> PageOf[ProjectView]:
        return await self.find(principal, msgspec.structs.replace(query, favorite=True))

    async def make_favorite(self, principal: Principal, project_id: UUID) -> None:
        """Nobody else is told of it, and a second time changes nothing."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.require(work, principal, project_id, ProjectRole.VIEWER)
            await repository.make_favorite(work, principal, project_id, self._clock.now())
            work.answer(None)

    async def drop_favorite(self, principal: Principal, project_id: UUID) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.require(work, principal, project_id, ProjectRole.VIEWER)
            await repository.drop_favorite(work, principal, project_id)

    async def change(
        self, principal: Principal, project_id: UUID, patch: PatchProject, if_match: IfMatch
    ) -> ProjectView:
        wanted = changes(patch)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, project_id)
            require_role(before.my_role, role_needed_for(wanted))
            refuse_stale(if_match, before)
            changed = differences(before, wanted)
            if not changed:
                return before
            after = await repository.update(work, principal, before, changed, self._clock.now())
            _tell(
                work,
                ProjectUpdated(
                    entity_id=after.id, version=after.version, changed_fields=tuple(changed), payload=state_of(after)
                ),
            )
            return after

    async def remove(self, principal: Principal, project_id: UUID, if_match: IfMatch) -> None:
        """It can be restored for a while; until then nobody sees it or what is in it."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, project_id)
            require_role(before.my_role, ProjectRole.OWNER)
            refuse_stale(if_match, before)
            now = self._clock.now()
            gone = await repository.update(work, principal, before, {"deleted_at": now}, now)
            await repository.expire_oldest_deleted(
                work, principal.tenant_id, limits.DELETED_PROJECTS_KEPT, now - RESTORABLE_FOR
            )
            _tell(work, ProjectDeleted(entity_id=gone.id, version=gone.version, payload=Removed(gone.id)))

    async def restore(self, principal: Principal, project_id: UUID) -> ProjectView:
        now = self._clock.now()
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            project = await repository.lock_deleted(work, principal, project_id, since=now - RESTORABLE_FOR)
            if project is None:
                return work.answer(await _never_deleted(work, principal, project_id))
            require_room(Quota.PROJECTS, principal.tier, await repository.count_alone(work, principal.tenant_id))
            return work.answer(await _bring_back(work, principal, project, now))


async def create(work: Work, principal: Principal, new: CreateProject, now: datetime) -> ProjectView:
    """Also for those who fill it in the same transaction. The caller's right is checked before."""
    await require_project_room(work, principal)
    project = await repository.add(work, principal, new, now)
    _tell(work, ProjectAdded(entity_id=project.id, version=project.version, payload=state_of(project)))
    return project


async def require_project_room(work: Work, principal: Principal) -> None:
    """Raises TierLimitExceeded. Until the end of the transaction nobody else makes a project in the tenant."""
    require_room(Quota.PROJECTS, principal.tier, await repository.count_alone(work, principal.tenant_id))


async def pass_on_projects(work: Work, leaving: Leaving, at_most: int, now: datetime) -> int:
    """Projects of somebody who has left get another owner; returns how many did, and there may be more.

    Nobody hears of a deleted one: what it was called is gone.
    """
    passed = await repository.pass_on(work, leaving, at_most, now)
    for project in passed.living:
        fields = ("owner_id",)
        _tell(
            work,
            ProjectUpdated(entity_id=project.id, version=project.version, changed_fields=fields, payload=project),
        )
    return passed.number


async def purge_deleted(work: Work, now: datetime) -> int:
    """Returns how many rows of one project were deleted for good; there may be more."""
    return await repository.purge(work, now - RESTORABLE_FOR, ROWS_AT_ONCE)


async def _never_deleted(work: Work, principal: Principal, project_id: UUID) -> ProjectView:
    project = await repository.get(work, principal, project_id)
    require_role(project.my_role, ProjectRole.OWNER)
    return project


async def _bring_back(work: Work, principal: Principal, project: ProjectView, now: datetime) -> ProjectView:
    restored = await repository.update(work, principal, project, {"deleted_at": None}, now)
    _tell(work, ProjectAdded(entity_id=restored.id, version=restored.version, payload=state_of(restored)))
    return restored


def _tell(work: Work, event: Change) -> None:
    work.publish(event, topics=[project_topic(event.entity_id)], subject=str(event.entity_id))
