"""The use cases of templates: choosing one, and beginning a project with it."""

from uuid import UUID

from project_service.blobs.domain import Content
from project_service.blobs.service import BlobStore
from project_service.files.domain import Batch, Draft
from project_service.files.writing import write
from project_service.projects import repository as projects
from project_service.projects.access import require_creator
from project_service.projects.schemas import CreateProject, ProjectView
from project_service.projects.service import create
from project_service.tasks import repository as tasks
from project_service.templates.library import Library, Template
from project_service.templates.schemas import CreateFromTemplate, TemplateQuery, TemplateView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.files import VersionKind
from shared.events.projects import TaskAdded
from shared.events.topics import tasks_topic
from shared.pagination import PageOf
from shared.principal import Principal


class TemplateService:
    def __init__(self, database: Database, blobs: BlobStore, clock: Clock, library: Library) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._library = library

    def find(self, query: TemplateQuery) -> PageOf[TemplateView]:
        """They are few: pages, but no cursors."""
        views = [template.view for template in self._library.all()]
        return PageOf(
            items=views[query.offset : query.offset + query.size],
            total=len(views) if query.include_total else None,
            page=query.page,
            page_size=query.size,
            next_cursor=None,
        )

    async def begin(self, principal: Principal, wanted: CreateFromTemplate) -> ProjectView:
        """A project with the template's files, as version 1, and its tasks."""
        require_creator(principal)
        template = self._library.get(wanted.template_id)
        filled = template.filled(wanted.name, wanted.variables)
        contents = {path: Content.of(text.encode()) for path, text in filled.items()}
        drafts = [Draft(path, content.sha256, len(content.data)) for path, content in contents.items()]
        batch = Batch(drafts, kind=VersionKind.TEMPLATE, message=f"From the template {template.description.name}")
        async with self._blobs.staging(principal) as staging:
            await staging.add(contents.values())
            return await self._begin(principal, template, wanted.name, batch)

    async def _begin(self, principal: Principal, template: Template, name: str, batch: Batch) -> ProjectView:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            project = await create(work, principal, CreateProject(name=name), now)
            await write(work, principal, project.id, batch, now)
            await self._add_tasks(work, principal, project.id, template)
            return work.answer(await projects.get(work, principal, project.id))

    async def _add_tasks(self, work: Work, principal: Principal, project_id: UUID, template: Template) -> None:
        for new in template.description.tasks:
            task = await tasks.add(work, principal, project_id, new, self._clock.now())
            added = TaskAdded(entity_id=task.id, version=task.version, payload=task)
            work.publish(added, topics=[tasks_topic(project_id)], subject=str(task.id))
