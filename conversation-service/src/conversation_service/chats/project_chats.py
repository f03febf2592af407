"""Chats of projects: whoever sees the project takes part, and nobody else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from conversation_service.chats import participants, project_viewers as viewers, repository
from conversation_service.chats.schemas import ChatRole
from conversation_service.chats.telling import see_off, tell, tell_deleted, tell_joined, tell_left, welcome
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.chats import ChatAdded
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
                await self.admit(
                    work, principal.tenant_id, project_id, principal.user_id, is_on_team=False, as_of=as_of
                )

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
        self, work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, *, is_on_team: bool, as_of: datetime
    ) -> None:
        await viewers.lock(work, user_id)
        await viewers.lock(work, project_id)
        await viewers.admit(work, tenant_id, project_id, [user_id], is_on_team=is_on_team, as_of=as_of)
        if user_id not in await viewers.known(work, tenant_id, project_id):
            return
        now = self._clock.now()
        for chat in await repository.chats_of_project(work, tenant_id, project_id):
            if joined := await participants.join(work, tenant_id, chat.id, [user_id], ChatRole.MEMBER, now):
                await welcome(work, tenant_id, chat.id, joined, now)

    async def left_team(self, work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, as_of: datetime) -> None:
        """They may still see the project: then they are asked about when they turn up again."""
        await viewers.lock(work, user_id)
        await viewers.lock(work, project_id)
        if await viewers.forget(work, tenant_id, project_id, user_id, as_of):
            await self._leave(work, tenant_id, project_id, [user_id])

    async def visibility_changed(self, work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> None:
        await viewers.lock(work, project_id)
        gone = await viewers.forget_guests(work, tenant_id, project_id, as_of)
        await self._leave(work, tenant_id, project_id, gone)

    async def tenant_role_changed(self, work: Work, tenant_id: UUID, user_id: UUID, as_of: datetime) -> None:
        """Where the role in the tenant is what let them see a project, it has to be asked about again."""
        await viewers.lock(work, user_id)
        for project_id in await viewers.forget_as_guest(work, tenant_id, user_id, as_of):
            await viewers.lock(work, project_id)
            await self._leave(work, tenant_id, project_id, [user_id])

    async def project_deleted(self, work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> None:
        """Nobody sees its chats any more; they are kept for as long as it can be restored."""
        await viewers.lock(work, project_id)
        gone = await viewers.hide(work, tenant_id, project_id, as_of)
        left = await participants.leave_project(work, tenant_id, project_id, gone)
        for chat in await repository.chats_of_project(work, tenant_id, project_id):
            await repository.set_project_deleted(work, tenant_id, chat.id, as_of)
            tell_deleted(work, chat)
            tell_left(work, chat.id, [user_id for chat_id, user_id in left if chat_id == chat.id])

    async def project_added(self, work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> None:
        """One that is restored has its chats back, with its team."""
        await viewers.lock(work, project_id)
        team = await viewers.show(work, tenant_id, project_id, as_of)
        for chat in await repository.chats_of_project(work, tenant_id, project_id):
            await repository.set_project_deleted(work, tenant_id, chat.id, None)
            joined = await participants.join(work, tenant_id, chat.id, team, ChatRole.MEMBER, self._clock.now())
            await participants.keep_owned(work, tenant_id, chat.id)
            tell(work, chat.id, ChatAdded(entity_id=chat.id, version=chat.version, payload=chat))
            tell_joined(work, chat.id, joined)

    async def _leave(self, work: Work, tenant_id: UUID, project_id: UUID, user_ids: Sequence[UUID]) -> None:
        left = await participants.leave_project(work, tenant_id, project_id, user_ids)
        await repository.lock_all(work, tenant_id, [chat_id for chat_id, _ in left])
        for chat_id, user_id in left:
            await participants.keep_owned(work, tenant_id, chat_id)
            await see_off(work, tenant_id, chat_id, [user_id], self._clock.now())
