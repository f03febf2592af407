"""The composition root: which parts project-service is made of."""

from collections.abc import Mapping
from types import MappingProxyType

from project_service import events_in
from project_service.activity.routes import routes as activity_routes
from project_service.activity.service import ActivityService
from project_service.comments.entities import KINDS
from project_service.comments.routes import routes as comment_routes
from project_service.comments.service import CommentService
from project_service.members.directory import DirectoryReader
from project_service.projects.routes import routes as project_routes
from project_service.projects.service import ProjectService, purge_deleted
from project_service.settings import ProjectSettings
from project_service.tags.routes import routes as tag_routes
from project_service.tags.service import TagService
from project_service.tasks.routes import routes as task_routes
from project_service.tasks.service import TaskService
from project_service.team.routes import routes as team_routes
from project_service.team.service import TeamService
from project_service.topics import visibility_of_topics
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import ProjectStanding
from shared.events.registry import default_registry
from shared.housekeeping import Chore, Housekeeping
from shared.http.app import App, new_app
from shared.http.background import run_alongside, setup_messaging
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.requests import Requests, Responder
from shared.messaging.topic_keeper import TopicKeeper

SERVICE = "project"
ROUTES = (project_routes, tag_routes, team_routes, task_routes, comment_routes, activity_routes)
CHORES: Mapping[str, Chore] = MappingProxyType({"purge deleted projects": purge_deleted})


def create_app(settings: ProjectSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE)
    projects, team, activity = ProjectService(database, clock), TeamService(database, clock), ActivityService(database)
    comments = CommentService(database, clock, KINDS)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[projects, TagService(database, clock), team, TaskService(database, clock), comments, activity],
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = Responder(bus, SERVICE)
    responder.on(ProjectStanding, projects.standing)
    TopicKeeper(database, EventLog(database), visibility_of_topics(comments)).answer(responder)
    registry = default_registry()
    consumers = Consumers(database, Inbox(), registry, SERVICE, app.ctx.metrics)
    events_in.register(consumers, registry, SERVICE, team, activity)
    setup_messaging(app, service=SERVICE, database=database, bus=bus, consumers=consumers, responder=responder)
    run_alongside(app, DirectoryReader(database, Requests(bus)).run, Housekeeping(database, CHORES, clock).run)
    return app
