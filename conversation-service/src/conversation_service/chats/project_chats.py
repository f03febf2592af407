"""Chats of projects: whoever sees the project takes part, and nobody else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from conversation_service.chats import project_viewers as viewers, repository
from conversation_service.chats.schemas import ChatRole
from conversation_service.chats.telling import see_off, tell_deleted, welcome
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.questions import ProjectStanding, ProjectTeam
from shared.events.topics import Topic
from shared.messaging.requests import Requests
from shared.principal import Principal

ANSWER_AGE = timedelta(seconds=10)
"""An answer counts as that much older than its question: an event of a change that was on its way meanwhile wins."""


class ProjectChats:
    def __init__(self, database: Database, requests: Requests, clock: Clock) -> None:
        self._database = database
        self._requests = requests
        self._clock = clock

    async def look_up(self, principal: Principal, chat_id: UUID) -> None:
        """Whether somebody unknown sees the project of a chat; if so they take part from now on.

        Raises what `Requests` does when project-service does not answer.
        """
        async with self._database.unit_of_work(principal.tenant_id) as work:
            project_id = await repository.project_of(work, principal.tenant_id, chat_id)
        if project_id is None:
            return
        as_of = self._clock.now() - ANSWER_AGE
        standing = await self._requests.ask(ProjectStanding(principal=principal, project_id=project_id))
        if standing.role is not None:
            async with self._database.unit_of_work(principal.tenant_id) as work:
                await self.admit(work, principal.tenant_id, project_id, [principal.user_id], False, as_of)

    async def look_up_topic(self, principal: Principal, topic: Topic) -> None:
        if topic.kind == "chat" and topic.entity_id is not None:
            await self.look_up(principal, topic.entity_id)

    async def team_of(self, principal: Principal, project_id: UUID) -> tuple[list[UUID], datetime]:
        """Everybody on the team, and since when that is known. Raises ValidationFailed where they do not see it."""
        as_of = self._clock.now() - ANSWER_AGE
        answer = await self._requests.ask(ProjectTeam(principal=principal, project_id=project_id))
        if answer.role is None:
            raise ValidationFailed([FieldError("project_id", "not_found", "There is no such project.")])
        return answer.user_ids, as_of

    async def admit(
        self,
        work: Work,
        tenant_id: UUID,
        project_id: UUID,
        user_ids: Sequence[UUID],
        is_on_team: bool,
        as_of: datetime,
    ) -> None:
        await viewers.lock(work, project_id)
        await viewers.admit(work, tenant_id, project_id, user_ids, is_on_team=is_on_team, as_of=as_of)
        seeing = set(await viewers.known(work, tenant_id, project_id))
        wanted, now = [user_id for user_id in user_ids if user_id in seeing], self._clock.now()
        for chat_id in await repository.chats_of_project(work, tenant_id, project_id):
            joined = await repository.join(work, tenant_id, chat_id, wanted, ChatRole.MEMBER, now)
            if joined:
                await welcome(work, tenant_id, chat_id, joined, now)

    async def left_team(self, work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, as_of: datetime) -> None:
        """They may still see the project: then they are asked about when they turn up again."""
        await viewers.lock(work, project_id)
        gone = await viewers.forget(work, tenant_id, project_id, user_id, as_of)
        await self._leave(work, tenant_id, project_id, gone)

    async def visibility_changed(self, work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> None:
        await viewers.lock(work, project_id)
        gone = await viewers.forget_guests(work, tenant_id, project_id, as_of)
        await self._leave(work, tenant_id, project_id, gone)

    async def tenant_role_changed(self, work: Work, tenant_id: UUID, user_id: UUID, as_of: datetime) -> None:
        """Where the role in the tenant is what let them see a project, it has to be asked about again."""
        for project_id in await viewers.projects_as_guest(work, tenant_id, user_id):
            await self.left_team(work, tenant_id, project_id, user_id, as_of)

    async def project_deleted(self, work: Work, tenant_id: UUID, project_id: UUID) -> None:
        await viewers.lock(work, project_id)
        await viewers.drop_project(work, tenant_id, project_id)
        for chat in await repository.remove_of_project(work, tenant_id, project_id):
            tell_deleted(work, chat)

    async def _leave(self, work: Work, tenant_id: UUID, project_id: UUID, user_ids: Sequence[UUID]) -> None:
        for chat_id, user_id in await repository.leave_project(work, tenant_id, project_id, user_ids):
            await see_off(work, tenant_id, chat_id, [user_id], self._clock.now())
