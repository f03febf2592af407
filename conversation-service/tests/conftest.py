"""Fixtures of conversation-service's tests: the service over a real socket, on a database of each test's own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conversation_service.app import create_app
from conversation_service.llm.offline import OfflineProvider
from shared.db.databases import Database, open_databases
from shared.events.questions import StorageAllotment
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Responder
from shared.testing.llm_server import LlmServer, llm_server
from shared.testing.postgres import FreshDatabase
from shared.testing.service_client import session_with, started_bus

sys.path.insert(0, str(Path(__file__).parent))

from chat_client import ChatClient
from conversation_builders import conversation_settings
from conversation_client import ConversationClient
from fake_storage import FakeStorage
from nodes import Node, nodes_of
from tokenizer_files import trained_file


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    async with open_databases(fresh_database("conversation")) as opened:
        yield opened["conversation"]


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    async with started_bus() as bus:
        yield bus


@pytest.fixture
def storage() -> FakeStorage:
    return FakeStorage()


@pytest.fixture
async def project_responder(bus: MemoryBus, storage: FakeStorage) -> Responder:
    """Answers for project-service; a test registers what it needs beside storage."""
    responder = Responder(bus, "project")
    responder.on(StorageAllotment, storage.allot)
    await responder.start()
    return responder


@pytest.fixture
async def client(database: Database, bus: MemoryBus, project_responder: Responder) -> AsyncIterator[ConversationClient]:
    app = create_app(conversation_settings(), database=database, bus=bus, provider=OfflineProvider(pace_seconds=0))
    async with session_with(app) as session:
        yield ConversationClient(session, database)


@pytest.fixture
async def chats(database: Database, bus: MemoryBus, project_responder: Responder) -> AsyncIterator[ChatClient]:
    app = create_app(conversation_settings(), database=database, bus=bus, provider=OfflineProvider(pace_seconds=0))
    async with session_with(app) as session:
        yield ChatClient(session, database)


@pytest.fixture
async def llm() -> AsyncIterator[LlmServer]:
    async with llm_server() as server:
        yield server


@pytest.fixture
async def node(database: Database, llm: LlmServer, storage: FakeStorage) -> AsyncIterator[Node]:
    async with nodes_of(database, llm, storage) as make:
        yield make


@pytest.fixture
def tokenizer_file(tmp_path: Path) -> Path:
    return trained_file(tmp_path)
