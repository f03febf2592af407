"""The composition root: which parts project-service is made of."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from project_service import events_in
from project_service.archives.routes import import_routes, routes as archive_routes
from project_service.archives.service import ArchiveService
from project_service.attachments.domain import DownloadSigner
from project_service.attachments.routes import routes as attachment_routes
from project_service.attachments.service import AttachmentService
from project_service.blobs.service import BlobStore
from project_service.files.routes import routes as file_routes
from project_service.files.schemas import MAX_BATCH_BYTES
from project_service.files.service import FileService
from project_service.labels.routes import routes as label_routes
from project_service.labels.service import LabelService
from project_service.object_store import open_object_store
from project_service.projects.routes import routes as project_routes
from project_service.projects.service import ProjectService
from project_service.settings import ProjectSettings
from project_service.tasks.bulk import BulkService
from project_service.tasks.routes import routes as task_routes
from project_service.tasks.service import TaskService
from project_service.templates.library import Library
from project_service.templates.routes import routes as template_routes
from project_service.templates.service import TemplateService
from project_service.topics import can_see
from project_service.versions.routes import routes as version_routes
from project_service.versions.service import VersionService
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import ProjectStanding
from shared.events.registry import default_registry
from shared.http.app import App, new_app
from shared.http.background import setup_messaging
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.requests import Responder
from shared.messaging.topic_keeper import TopicKeeper

SERVICE = "project"
ROUTES = (
    project_routes,
    label_routes,
    task_routes,
    attachment_routes,
    file_routes,
    version_routes,
    archive_routes,
    import_routes,
    template_routes,
)


def create_app(settings: ProjectSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE, max_body_bytes=MAX_BATCH_BYTES)
    objects = open_object_store(settings.object_store_url, settings.tessera_home)
    blobs = BlobStore(database, objects, clock)
    attachments = AttachmentService(database, objects, DownloadSigner(settings.internal_secret), clock)
    projects = ProjectService(database, clock)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[
            projects,
            LabelService(database, clock),
            TaskService(database, clock),
            BulkService(database, clock),
            attachments,
            FileService(database, blobs, clock),
            VersionService(database, blobs, clock),
            ArchiveService(database, blobs, clock),
            TemplateService(database, blobs, clock, Library()),
        ],
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = Responder(bus, SERVICE)
    responder.on(ProjectStanding, projects.standing)
    TopicKeeper(database, EventLog(database), can_see).answer(responder)
    consumers = Consumers(database, Inbox(), default_registry(), SERVICE, app.ctx.metrics)
    events_in.register(consumers, projects)
    setup_messaging(app, service=SERVICE, database=database, bus=bus, consumers=consumers, responder=responder)
    _setup_sweeping(app, blobs.sweep_for_ever, attachments.sweep_for_ever)
    return app


def _setup_sweeping(app: App, *sweepers: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """What nothing refers to any more is deleted in the background."""

    @app.after_server_start
    async def begin(_app: App) -> None:
        app.ctx.sweeping = [asyncio.create_task(sweep()) for sweep in sweepers]

    @app.before_server_stop
    async def end(_app: App) -> None:
        for task in app.ctx.sweeping:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
