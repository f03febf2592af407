"""The composition root: which parts project-service is made of."""

from project_service import events_in
from project_service.labels.routes import routes as label_routes
from project_service.labels.service import LabelService
from project_service.projects.routes import routes as project_routes
from project_service.projects.service import ProjectService
from project_service.settings import ProjectSettings
from project_service.tasks.bulk import BulkService
from project_service.tasks.routes import routes as task_routes
from project_service.tasks.service import TaskService
from project_service.topics import can_see
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
ROUTES = (project_routes, label_routes, task_routes)


def create_app(settings: ProjectSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE)
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
    return app
