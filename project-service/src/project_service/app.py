"""The composition root: which parts project-service is made of."""

from project_service import events_in
from project_service.activity.routes import routes as activity_routes
from project_service.activity.service import ActivityService
from project_service.archives.routes import import_routes, routes as archive_routes
from project_service.archives.service import ArchiveService
from project_service.attachments.domain import DownloadSigner
from project_service.attachments.routes import routes as attachment_routes
from project_service.attachments.service import SWEEP_SECONDS as ATTACHMENTS_SECONDS, AttachmentService
from project_service.blobs.allotments import StorageAllotments
from project_service.blobs.service import SWEEP_SECONDS as CONTENTS_SECONDS, BlobStore
from project_service.comments.entities import KINDS
from project_service.comments.routes import routes as comment_routes
from project_service.comments.service import CommentService
from project_service.files.routes import routes as file_routes
from project_service.files.schemas import MAX_BATCH_BYTES
from project_service.files.service import FileService
from project_service.gifting import parts as gifting
from project_service.gifting.commenting import planned_kinds
from project_service.held import SECTIONS
from project_service.labels.routes import routes as label_routes
from project_service.labels.service import LabelService
from project_service.leaving.service import Leavings
from project_service.live.service import LiveProjects
from project_service.object_store import open_object_store
from project_service.outbound.client import OutboundClient
from project_service.personal_data import erasure_of
from project_service.projects.routes import routes as project_routes
from project_service.projects.service import ProjectService
from project_service.retention import OWN
from project_service.search.routes import GROUPS as SEARCH_ROUTES
from project_service.search.service import SearchService
from project_service.sessions.routes import routes as session_routes
from project_service.sessions.service import SessionService
from project_service.settings import ProjectSettings
from project_service.tags.routes import routes as tag_routes
from project_service.tags.service import TagService
from project_service.tasks.bulk import BulkService
from project_service.tasks.routes import routes as task_routes
from project_service.tasks.service import TaskService
from project_service.team.routes import routes as team_routes
from project_service.team.service import TeamService
from project_service.templates.library import Library
from project_service.templates.routes import routes as template_routes
from project_service.templates.service import TemplateService
from project_service.threads import LongWork
from project_service.topics import admitted_at, audience_of, visibility_of_topics
from project_service.uploads import Uploads
from project_service.versions.routes import routes as version_routes
from project_service.versions.service import VersionService
from project_service.webhooks.deliveries import DeliveryService
from project_service.webhooks.delivery_jobs import delivery_kind
from project_service.webhooks.delivery_log import redact_bodies
from project_service.webhooks.delivery_worker import DeliveryMetrics, DeliveryWorker
from project_service.webhooks.domain import PACE, Pace
from project_service.webhooks.routes import routes as webhook_routes
from project_service.webhooks.service import WebhookService
from project_service.webhooks.signing import Secrets
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import GiftRecipient, HeldAbout, ProjectStanding, ProjectTeam, StorageAllotment
from shared.events.registry import default_registry
from shared.events.webhooks import webhook_catalogue
from shared.held_data import HeldData
from shared.http.app import App, new_app
from shared.http.background import run_alongside, run_jobs, setup_messaging
from shared.http.defaults import setup_defaults
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.schedule import Every
from shared.jobs.worker import JobWorker
from shared.members.directory import DirectoryReader
from shared.members.leavings import LEAVING
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.requests import Requests, Responder
from shared.messaging.topic_keeper import TopicKeeper
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics
from shared.tenant_closures.erasure import ERASURE, TenantErasure

SERVICE = "project"
LONGEST_SWEEP = 3600.0  # seconds, for millions of contents; what is left then is swept the next time
ROUTES = (
    project_routes,
    tag_routes,
    team_routes,
    label_routes,
    task_routes,
    attachment_routes,
    file_routes,
    version_routes,
    archive_routes,
    import_routes,
    template_routes,
    comment_routes,
    activity_routes,
    *gifting.ROUTES,
    webhook_routes,
    session_routes,
    *SEARCH_ROUTES,
)


def create_app(
    settings: ProjectSettings, *, database: Database, bus: Bus, clock: Clock | None = None, pace: Pace = PACE
) -> App:
    """`pace` is that of deliveries to webhooks."""
    clock = clock or SystemClock()
    app = new_app(SERVICE, max_body_bytes=MAX_BATCH_BYTES)
    objects = open_object_store(settings.object_store_url, settings.tessera_home)
    blobs = BlobStore(database, objects, clock)
    attachments = AttachmentService(database, objects, DownloadSigner(settings.internal_secret), clock)
    projects, activity = ProjectService(database, clock), ActivityService(database)
    files = FileService(database, blobs, clock)
    comparing, archiving = LongWork("comparing"), LongWork("archiving")
    comments = CommentService(database, clock, {**KINDS, **planned_kinds(clock)})
    metrics, registry = Metrics(SERVICE), default_registry()
    jobs = JobQueue(clock)
    planning = gifting.Planning(settings, database, clock, jobs)
    worker = JobWorker(database, jobs, bus, clock, JobMetrics(metrics), SERVICE)
    catalogue = webhook_catalogue(registry)
    secrets, allowed = Secrets(settings.key_encryption_secret), settings.allowed_destinations()
    client = OutboundClient(allowed, user_agent="Tessera-Webhooks/1")
    sending = DeliveryWorker(database, clock, secrets, client, DeliveryMetrics(metrics), jobs, pace)
    worker.on(delivery_kind(pace), sending.deliver, sending.give_up)
    deliveries = DeliveryService(database, clock, jobs, SERVICE)
    webhooks = WebhookService(database, clock, secrets, catalogue, allowed, jobs)
    leavings = Leavings(planning.items, planning.persons, webhooks, jobs, clock)
    worker.on(LEAVING, leavings.run)
    worker.on(ERASURE, TenantErasure(database, erasure_of(objects), clock).run)
    team = TeamService(database, Requests(bus), leavings, clock)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[
            projects,
            TagService(database, clock),
            team,
            LabelService(database, clock),
            TaskService(database, clock),
            BulkService(database, clock),
            attachments,
            Uploads(),
            files,
            VersionService(database, blobs, clock, comparing),
            ArchiveService(database, blobs, clock, archiving),
            TemplateService(database, blobs, clock, Library()),
            comments,
            activity,
            *planning.services,
            webhooks,
            deliveries,
            SessionService(database, clock),
            SearchService(database),
        ],
        database=database,
        bus=bus,
        clock=clock,
        metrics=metrics,
    )
    responder = Responder(bus, SERVICE)
    responder.on(ProjectStanding, projects.standing)
    responder.on(ProjectTeam, team.answer)
    responder.on(GiftRecipient, planning.persons.recipient)
    responder.on(StorageAllotment, StorageAllotments(database).answer)
    responder.on(HeldAbout, HeldData(database, SECTIONS).answer)
    visible, event_log = visibility_of_topics(comments, clock), EventLog(database)
    LiveProjects(database, files, event_log).answer(responder)
    TopicKeeper(database, event_log, visible, audience_of=audience_of, admitted_at=admitted_at).answer(responder)
    consumers = Consumers(database, Inbox(), registry, SERVICE, metrics)
    events_in.register(
        consumers, registry, SERVICE, team, leavings, webhooks, activity, planning.dashboard, planning.persons, jobs
    )
    events_in.deliver_to_webhooks(consumers, catalogue, deliveries)
    setup_messaging(
        app,
        service=SERVICE,
        database=database,
        bus=bus,
        consumers=consumers,
        responder=responder,
        on_redacted=redact_bodies,
    )

    @app.before_server_start
    async def open_client(_app: App) -> None:
        await client.open()

    @app.after_server_stop
    async def end_storing(_app: App) -> None:
        await client.close()
        await blobs.settle()
        await attachments.settle()
        comparing.close()
        archiving.close()

    planning.setup(app, worker)
    worker.repeat("contents.sweep", Every(CONTENTS_SECONDS), blobs.sweep, LONGEST_SWEEP)
    worker.repeat("attachments.sweep", Every(ATTACHMENTS_SECONDS), attachments.sweep, LONGEST_SWEEP)
    run_jobs(app, worker)
    run_alongside(
        app,
        DirectoryReader(database, Requests(bus)).task(),
        *retention_tasks(database, OWN, clock, metrics),
    )
    return app
