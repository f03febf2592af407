"""The composition root: which parts conversation-service is made of."""

from conversation_service import events_in
from conversation_service.chat_messages.routes import routes as chat_message_routes
from conversation_service.chat_messages.service import ChatMessageService
from conversation_service.chats.access import ChatAccess
from conversation_service.chats.project_chats import ProjectChats
from conversation_service.chats.routes import routes as chat_routes
from conversation_service.chats.service import ChatService
from conversation_service.conversations.routes import routes as conversation_routes
from conversation_service.conversations.service import ConversationService
from conversation_service.messages.routes import routes as message_routes
from conversation_service.messages.service import MessageService
from conversation_service.settings import ConversationSettings
from conversation_service.topics import can_see
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import ChatsOfUser
from shared.events.registry import default_registry
from shared.http.app import App, new_app
from shared.http.background import run_alongside, setup_messaging
from shared.http.defaults import setup_defaults
from shared.members.directory import DirectoryReader
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.requests import Requests, Responder
from shared.messaging.topic_keeper import TopicKeeper

SERVICE = "conversation"
ROUTES = (conversation_routes, message_routes, chat_routes, chat_message_routes)


def create_app(settings: ConversationSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE)
    requests = Requests(bus)
    project_chats = ProjectChats(database, requests, clock)
    access = ChatAccess(database, project_chats)
    chats = ChatService(database, access, project_chats, clock)
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=[
            ConversationService(database, clock),
            MessageService(database, clock),
            chats,
            ChatMessageService(access, clock),
        ],
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = Responder(bus, SERVICE)
    responder.on(ChatsOfUser, chats.answer)
    TopicKeeper(database, EventLog(database), can_see, project_chats.look_up_topic).answer(responder)
    consumers = Consumers(database, Inbox(), default_registry(), SERVICE, app.ctx.metrics)
    events_in.register(consumers, chats, project_chats)
    setup_messaging(app, service=SERVICE, database=database, bus=bus, consumers=consumers, responder=responder)
    run_alongside(app, DirectoryReader(database, requests).run)
    return app
