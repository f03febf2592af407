"""The composition root: which parts conversation-service is made of."""

from conversation_service.conversations.routes import routes as conversation_routes
from conversation_service.conversations.service import ConversationService
from conversation_service.messages.routes import routes as message_routes
from conversation_service.messages.service import MessageService
from conversation_service.settings import ConversationSettings
from conversation_service.topics import can_see
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.http.app import App, new_app
from shared.http.background import setup_messaging
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.messaging.event_log import EventLog
from shared.messaging.requests import Responder
from shared.messaging.topic_keeper import TopicKeeper

SERVICE = "conversation"
ROUTES = (conversation_routes, message_routes)


def create_app(settings: ConversationSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[ConversationService(database, clock), MessageService(database, clock)],
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = Responder(bus, SERVICE)
    TopicKeeper(database, EventLog(database), can_see).answer(responder)
    setup_messaging(app, service=SERVICE, database=database, bus=bus, responder=responder)
    return app
