"""What the windows on a project ask over the bus: its state with its place in the stream, its preview, commands."""

from project_service.files.service import FileService
from project_service.projects import repository as projects
from project_service.projects.errors import ProjectNotFound
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden
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
from shared.events.projects import ProjectRole
from shared.events.questions import TopicNotFound
from shared.events.topics import files_topic
from shared.messaging.event_log import EventLog
from shared.messaging.requests import Responder
from shared.scopes import permits

READS, WRITES = "GET", "POST"


class LiveProjects:
    def __init__(self, database: Database, files: FileService, event_log: EventLog) -> None:
        self._database = database
        self._files = files
        self._event_log = event_log

    def answer(self, responder: Responder) -> None:
        responder.on(AskLiveProject, self.state)
        responder.on(AskPreview, self.preview)
        responder.on(DoInProject, self.do)

    async def state(self, question: AskLiveProject) -> LiveProject:
        """Raises TopicNotFound."""
        principal, topic = question.principal, files_topic(question.project_id)
        await self._check(question, ProjectRole.VIEWER, READS)
        try:
            listing = await self._files.listing(principal, question.project_id)
        except ProjectNotFound:
            raise TopicNotFound from None
        epoch = (await self._event_log.position(principal.tenant_id, topic)).epoch
        return LiveProject(status=LiveStatus.IDLE, files=listing.files, epoch=epoch, offset=listing.offset)

    async def preview(self, question: AskPreview) -> PreviewPlace:
        """Raises TopicNotFound."""
        await self._check(question, ProjectRole.VIEWER, READS)
        return PreviewPlace(url=None, status=PreviewStatus.NONE, expires_at=None)

    async def do(self, question: DoInProject) -> Done:
        """Raises TopicNotFound, Forbidden, GenerationUnavailable."""
        await self._check(question, ProjectRole.EDITOR, WRITES)
        raise GenerationUnavailable

    async def _check(
        self, question: AskLiveProject | AskPreview | DoInProject, needed: ProjectRole, method: str
    ) -> None:
        principal = question.principal
        if not permits(principal.scopes, "files", READS):
            raise TopicNotFound
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await _require(work, question, needed)
        if not permits(principal.scopes, "files", method):
            raise Forbidden("The scopes of this API key do not allow that.")


async def _require(work: Work, question: AskLiveProject | AskPreview | DoInProject, needed: ProjectRole) -> None:
    try:
        await projects.require(work, question.principal, question.project_id, needed)
    except ProjectNotFound:
        raise TopicNotFound from None
