"""The composition root: which parts conversation-service is made of."""

import asyncio
from datetime import timedelta

from conversation_service import events_in
from conversation_service.answers.admission import AnswerAdmission
from conversation_service.answers.unstored import UnstoredAnswers
from conversation_service.chat_completions.routes import routes as chat_completion_routes
from conversation_service.chat_completions.service import ChatCompletionService
from conversation_service.chat_messages.routes import routes as chat_message_routes
from conversation_service.chat_messages.service import ChatMessageService
from conversation_service.chats.access import ChatAccess
from conversation_service.chats.project_chats import ProjectChats
from conversation_service.chats.routes import routes as chat_routes
from conversation_service.chats.service import ChatService
from conversation_service.conversations.routes import routes as conversation_routes
from conversation_service.conversations.service import ConversationService
from conversation_service.held import SECTIONS
from conversation_service.llm.catalogue import ModelCatalogue
from conversation_service.llm.provider import Provider
from conversation_service.llm.selection import provider_of
from conversation_service.llm.tokens import TokenCounter
from conversation_service.members.leavings import Leavings
from conversation_service.messages.routes import routes as message_routes
from conversation_service.messages.service import MessageService
from conversation_service.notifications.routes import routes as notification_routes
from conversation_service.notifications.service import NotificationService
from conversation_service.personal_data import TABLES
from conversation_service.retention import OWN
from conversation_service.runs.engine import RunEngine
from conversation_service.runs.ledger import RunLedger
from conversation_service.runs.live import LiveRuns
from conversation_service.runs.reader import RunReader
from conversation_service.runs.routes import routes as run_routes
from conversation_service.runs.service import CompletionService
from conversation_service.settings import ConversationSettings
from conversation_service.shares.routes import public_routes as shared_routes, routes as share_routes
from conversation_service.shares.service import ShareService
from conversation_service.storage.allotments import LONGEST_ROUND, RECONCILE_SECONDS, StorageAllotments
from conversation_service.support.assistant import Assistant
from conversation_service.support.faq import Faq
from conversation_service.support.routes import routes as support_routes
from conversation_service.support.service import SupportService
from conversation_service.topics import admitted_at, can_see
from conversation_service.usage.routes import routes as usage_routes
from conversation_service.usage.service import UsageService
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import ChatsOfUser, HeldAbout
from shared.events.registry import default_registry
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
from shared.messaging.signals import Signals
from shared.messaging.topic_keeper import TopicKeeper
from shared.personal_data import erasure_steps
from shared.retention import retention_tasks
from shared.supervision import PeriodicTask
from shared.telemetry.metrics import Metrics
from shared.tenant_closures.erasure import ERASURE, TenantErasure

SERVICE = "conversation"
ROUTES = (
    conversation_routes,
    message_routes,
    run_routes,
    chat_completion_routes,
    share_routes,
    shared_routes,
    usage_routes,
    chat_routes,
    chat_message_routes,
    notification_routes,
    support_routes,
)


def create_app(
    settings: ConversationSettings,
    *,
    database: Database,
    bus: Bus,
    clock: Clock | None = None,
    provider: Provider | None = None,
) -> App:
    """`provider` stands in for the one of the settings."""
    clock, provider = clock or SystemClock(), provider or provider_of(settings)
    app = new_app(SERVICE)
    app.config.RESPONSE_TIMEOUT = int(settings.llm_total_seconds + settings.run_drain_seconds) + 10  # whole answers
    live, tokens = LiveRuns(), TokenCounter.of_file(settings.llm_tokenizer_file)
    lease, requests = timedelta(seconds=settings.run_lease_seconds), Requests(bus)
    storage = StorageAllotments(database, requests, clock)
    admission = AnswerAdmission(database, clock, lasts=lease)
    unstored = UnstoredAnswers(database, admission, provider, tokens, clock, total_seconds=settings.llm_total_seconds)
    messages = MessageService(database, storage, tokens, clock)
    ledger = RunLedger(database, messages, admission, tokens, clock)
    engine = RunEngine(database, ledger, provider, tokens, Signals(bus), live, admission, lease=lease)
    catalogue = ModelCatalogue(provider, settings.llm_context_tokens)
    completions = CompletionService(
        database, messages, engine, RunReader(ledger, live), catalogue, admission, storage, tokens, clock
    )
    notifications = NotificationService(database, clock)
    project_chats = ProjectChats(database, requests, clock)
    faq = Faq.load()
    access = ChatAccess(database, project_chats)
    chats = ChatService(database, access, project_chats, storage, clock)
    metrics = Metrics(SERVICE)
    jobs = JobQueue(clock)
    worker = JobWorker(database, jobs, bus, clock, JobMetrics(metrics), SERVICE)
    consumers = Consumers(database, Inbox(), default_registry(), SERVICE, metrics)
    leavings = Leavings(chats, jobs)
    worker.on(LEAVING, leavings.run)
    worker.on(ERASURE, TenantErasure(database, erasure_steps(TABLES), clock).run)
    events_in.register(consumers, leavings, project_chats, notifications, jobs)
    responder = Responder(bus, SERVICE)
    responder.on(ChatsOfUser, chats.answer)
    responder.on(HeldAbout, HeldData(database, SECTIONS).answer)
    keeper = TopicKeeper(database, EventLog(database), can_see, project_chats.look_up_topic, admitted_at=admitted_at)
    keeper.answer(responder)
    # What is set up last stops first: readiness goes off, then answers are finished, then their events are sent.
    setup_messaging(app, service=SERVICE, database=database, bus=bus, consumers=consumers, responder=responder)
    worker.repeat("storage.reconcile", Every(RECONCILE_SECONDS), storage.reconcile, LONGEST_ROUND)
    run_jobs(app, worker)
    run_alongside(
        app,
        PeriodicTask("end abandoned runs", engine.beat_seconds, engine.sweep),
        PeriodicTask("renew the leases of answers", engine.beat_seconds, admission.renew),
        DirectoryReader(database, requests).task(),
        *retention_tasks(database, OWN, clock, metrics),
    )
    _setup_runs(app, engine, unstored, provider, settings.run_drain_seconds)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[
            ConversationService(database, storage, clock, timedelta(hours=settings.temporary_hours)),
            messages,
            completions,
            ChatCompletionService(unstored, catalogue, tokens),
            ShareService(database, settings.public_web_url, clock),
            UsageService(database),
            chats,
            ChatMessageService(access, storage, clock),
            notifications,
            SupportService(database, faq, Assistant(unstored, tokens, faq), storage, clock),
        ],
        database=database,
        bus=bus,
        clock=clock,
        metrics=metrics,
    )
    return app


def _setup_runs(
    app: App, engine: RunEngine, unstored: UnstoredAnswers, provider: Provider, drain_seconds: float
) -> None:
    @app.before_server_start
    async def listen(_app: App) -> None:
        await engine.listen()

    @app.before_server_stop
    async def drain(_app: App) -> None:
        await asyncio.gather(engine.drain(drain_seconds), unstored.drain(drain_seconds))

    @app.after_server_stop
    async def hang_up(_app: App) -> None:
        await provider.close()
