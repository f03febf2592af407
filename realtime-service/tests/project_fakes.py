"""A project-service whose projects are lists of files, and which answers late when told to."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from realtime_fakes import FakeKeeper

from shared.errors import Forbidden
from shared.events.files import FileAdded, FileState
from shared.events.live_project import (
    AskLiveProject,
    AskPreview,
    DoInProject,
    Done,
    GenerationUnavailable,
    LiveProject,
    LiveStatus,
    PreviewPlace,
    PreviewStatus,
)
from shared.events.questions import TopicNotFound
from shared.events.topics import files_topic
from shared.ids import new_id
from shared.messaging.bus import Bus
from shared.messaging.requests import Responder
from shared.principal import Principal, Role


class FakeProjects(FakeKeeper):
    """Keeps `files:{id}` topics; viewers may not command."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, "project")
        self.files: dict[UUID, list[FileState]] = {}
        self.answers_wait_for: asyncio.Event | None = None
        self.has_read = asyncio.Event()

    def register(self, responder: Responder) -> None:
        super().register(responder)
        responder.on(AskLiveProject, self._state)
        responder.on(AskPreview, self._preview)
        responder.on(DoInProject, self._do)

    def begin(self, principal: Principal) -> UUID:
        project_id = new_id()
        self.files[project_id] = []
        self.create(principal.tenant_id, files_topic(project_id))
        return project_id

    def note_file(self, tenant_id: UUID, project_id: UUID, path: str) -> FileAdded:
        now = datetime.now(UTC)
        file = FileState(
            id=new_id(), tenant_id=tenant_id, project_id=project_id, path=path, size=1, sha256="0" * 64, language=None,
            version=1, created_at=now, updated_at=now,
        )  # fmt: skip
        self.files[project_id].append(file)
        return FileAdded(entity_id=file.id, version=1, payload=file)

    async def add_file(self, tenant_id: UUID, project_id: UUID, path: str) -> None:
        event = self.note_file(tenant_id, project_id, path)
        await self.publish(tenant_id, files_topic(project_id), event)

    async def _state(self, question: AskLiveProject) -> LiveProject:
        log = self._visible(question.principal, question.project_id)
        files = list(self.files[question.project_id])
        state = LiveProject(status=LiveStatus.IDLE, files=files, epoch=self.epoch, offset=log)
        self.has_read.set()
        if self.answers_wait_for is not None:
            await self.answers_wait_for.wait()
        return state

    async def _preview(self, question: AskPreview) -> PreviewPlace:
        self._visible(question.principal, question.project_id)
        return PreviewPlace(url=None, status=PreviewStatus.NONE, expires_at=None)

    async def _do(self, question: DoInProject) -> Done:
        self._visible(question.principal, question.project_id)
        if question.principal.role is Role.VIEWER:
            raise Forbidden
        raise GenerationUnavailable

    def _visible(self, principal: Principal, project_id: UUID) -> int:
        if project_id not in self.files:
            raise TopicNotFound
        return len(self._read(principal, files_topic(project_id), "state"))
