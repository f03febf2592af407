"""What people write takes room in the tenant's storage, which project-service allots."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from chat_client import CHATS, ChatClient, in_chat
from conversation_builders import conversation_settings, person
from conversation_client import CONVERSATIONS, ConversationClient, messages_of, path_of
from fake_storage import FakeStorage
from nodes import Node

from conversation_service.app import create_app
from conversation_service.storage import allotments, counts, repository
from conversation_service.storage.allotments import (
    BLOCK_BYTES,
    GRACE_BYTES,
    RECONCILE_SECONDS,
    SURPLUS_BYTES,
    StorageAllotments,
)
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable
from shared.db.unit_of_work import Work
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.principal import Principal, Tier
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually
from shared.testing.service_client import Answer, session_with

MIB = 1024 * 1024
BIG = "x" * 200_000
ROW = 512
_RECONCILING = "select repeats from jobs where kind = 'storage.reconcile'"


class MovableClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.fixture
def ledger(database: Database, bus: MemoryBus, project_responder: Responder) -> StorageAllotments:
    return StorageAllotments(database, Requests(bus), SystemClock())


async def account(database: Database) -> dict[str, Any]:
    [row] = await database.system_rows("select * from storage_allotments where tenant_id = $1", ACME)
    return row


async def used(database: Database) -> int:
    return int((await account(database))["used"])


async def say(client: ConversationClient, who: Principal, conversation: dict[str, Any], content: str = BIG) -> Answer:
    return await client.send("POST", messages_of(conversation), {"role": "user", "content": content}, who=who)


async def test_what_is_written_is_used_and_what_is_deleted_is_not(
    chats: ChatClient, database: Database, ada: Principal
) -> None:
    ada = await chats.member("Ada")
    conversation = await chats.begin(ada)
    counted = await used(database)
    assert counted == 1024 + len("Moon")

    message = await chats.say(ada, conversation, "äöü")
    assert await used(database) == (counted := counted + ROW + 6)
    await chats.send("PUT", f"/api/v1/messages/{message['id']}/feedback", {"rating": "up"}, who=ada)
    assert await used(database) > counted
    counted = await used(database)
    await chats.send("PATCH", path_of(conversation), {"description": "12345", "tags": ["ab", "c"]}, who=ada)
    assert await used(database) == (counted := counted + 5 + 3)
    chat = await chats.group(ada, title="Group")
    assert await used(database) == (counted := counted + 1024 + 5)
    said = await chats.write(ada, chat, "Hello")
    await chats.send("PATCH", in_chat(chat, "messages", said["id"]), {"content": "Hello there"}, who=ada)
    assert await used(database) == counted + ROW + 11
    await chats.send("DELETE", in_chat(chat, "messages", said["id"]), who=ada)
    assert await used(database) == counted + ROW
    await chats.send("DELETE", in_chat(chat), who=ada)
    await chats.send("DELETE", path_of(conversation), who=ada)
    assert await used(database) == 0


@pytest.mark.parametrize("road", ["messages", "edits", "forks", "conversations", "chat messages", "chats", "tickets"])
async def test_fifty_writes_at_the_edge_fill_the_storage_exactly(
    chats: ChatClient, database: Database, storage: FakeStorage, road: str
) -> None:
    ada = await chats.member("Ada")
    conversation = await chats.begin(ada)
    message = await chats.say(ada, conversation, "Hello")
    chat = await chats.group(ada)
    writes: dict[str, tuple[str, str, Any, int]] = {
        "messages": ("POST", messages_of(conversation), {"role": "user", "content": "x" * 500}, ROW + 500),
        "edits": ("PATCH", f"/api/v1/messages/{message['id']}", {"content": "y" * 500}, ROW + 500),
        "forks": ("POST", f"{path_of(conversation)}/fork", {"message_id": message["id"]}, 1024 + 4 + ROW),
        "conversations": ("POST", CONVERSATIONS, {"title": "x", "description": "ü" * 100}, 1024 + 1 + 200),
        "chat messages": ("POST", in_chat(chat, "messages"), {"content": "x" * 500}, ROW + 500),
        "chats": ("POST", CHATS, {"kind": "group", "title": "x" * 100, "participant_ids": []}, 1024 + 100),
        "tickets": ("POST", "/api/v1/support/question", {"question": "?" * 100}, ROW + 100),
    }
    method, path, body, size = writes[road]
    room = 10 * size + size // 2
    filled = await used(database) + room
    storage.leave(filled)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = used")

    answers = await asyncio.gather(*(chats.send(method, path, body, who=ada) for _ in range(50)))

    refused = [answer for answer in answers if answer.status == 403]
    assert (len(refused), {answer.status for answer in answers}) == (40, {403, 200 if method == "PATCH" else 201})
    details = refused[0].json["error"]["details"]
    assert (refused[0].code, details["quota"], details["limit"]) == ("TIER_LIMIT_EXCEEDED", "storage", storage.limit)
    assert details["required_tier"] == "pro"
    assert await used(database) == filled - size // 2
    assert (await account(database))["allotted"] == filled


async def test_room_is_asked_for_in_blocks_and_rarely(
    client: ConversationClient, storage: FakeStorage, ada: Principal
) -> None:
    conversation = await client.begin(ada)

    for _ in range(12):
        assert (await say(client, ada, conversation)).status == 201

    assert all(size % BLOCK_BYTES == 0 for size in storage.asked)
    assert storage.asked == sorted(set(storage.asked))
    assert len(storage.asked) <= 3


async def test_replicas_ask_in_turn_and_lose_no_byte(node: Node, database: Database, storage: FakeStorage) -> None:
    nodes, ada = [await node(), await node()], person()
    conversations = [await nodes[0].begin(ada) for _ in range(10)]

    answers = await asyncio.gather(*(say(nodes[number % 2], ada, conversations[number % 10]) for number in range(30)))

    assert {answer.status for answer in answers} == {201}
    state = await account(database)
    assert (state["used"], state["asking_until"]) == (10 * 1028 + 30 * (ROW + len(BIG)), None)
    assert state["allotted"] == storage.allotted[ACME] >= state["used"]


async def test_while_nobody_can_be_asked_there_is_a_grace(
    client: ConversationClient, database: Database, storage: FakeStorage, ada: Principal
) -> None:
    conversation = await client.begin(ada)
    storage.is_away = True
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = 0, used = $1", GRACE_BYTES - 2 * len(BIG))

    assert (await say(client, ada, conversation)).status == 201
    refused = await say(client, ada, conversation)

    assert (refused.status, refused.code) == (503, "SERVICE_UNAVAILABLE")
    assert "retry-after" in refused.headers


async def test_a_repeated_request_is_stored_once_when_room_is_asked_for(
    client: ConversationClient, ada: Principal, storage: FakeStorage
) -> None:
    key = {"Idempotency-Key": "once"}

    first = await client.send("POST", CONVERSATIONS, {"title": "Moon"}, who=ada, headers=key)
    again = await client.send("POST", CONVERSATIONS, {"title": "Moon"}, who=ada, headers=key)

    assert (first.status, again.headers["idempotent-replayed"], again.body) == (201, "true", first.body)
    assert len(storage.asked) == 1


async def test_an_answer_that_was_admitted_is_kept_when_the_storage_is_full(
    client: ConversationClient, database: Database, storage: FakeStorage, ada: Principal
) -> None:
    conversation = await client.begin(ada)
    filled = await used(database) + ROW + len("Hello")
    storage.leave(filled)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = used")

    answer = await client.ask(ada, conversation)
    other = await client.send("POST", f"/api/v1/messages/{answer.data['id']}/regenerate", {}, who=ada)

    assert answer.status == 201
    assert await used(database) > filled
    assert (other.status, other.json["error"]["details"]["quota"]) == (403, "storage")
    assert (await client.send("DELETE", path_of(conversation), who=ada)).status == 204
    assert (await client.begin(ada))["title"] == "Moon"


async def test_what_is_not_needed_goes_back(
    client: ConversationClient, database: Database, storage: FakeStorage, ledger: StorageAllotments, ada: Principal
) -> None:
    conversation = await client.begin(ada)
    for _ in range(30):
        await say(client, ada, conversation)
    assert storage.allotted[ACME] > SURPLUS_BYTES
    await client.send("DELETE", path_of(conversation), who=ada)

    assert await ledger.reconcile() == 1

    assert (storage.allotted[ACME], (await account(database))["allotted"]) == (0, 0)
    assert await ledger.reconcile() == 0


async def test_what_was_counted_wrong_is_repaired(
    client: ConversationClient, database: Database, ledger: StorageAllotments, ada: Principal
) -> None:
    chat = {"kind": "group", "title": "Group", "participant_ids": []}
    conversation = await client.begin(ada, tags=["a", "b"])
    message = await client.say(ada, conversation, "Hello")
    await client.create(f"{path_of(conversation)}/fork", {"message_id": message["id"]}, who=ada)
    await client.send("DELETE", path_of(conversation), who=ada)
    await client.send("POST", "/api/v1/support/question", {"question": "Why?"}, who=ada)
    await client.create(CHATS, chat, who=ada)
    exact = await used(database)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set used = used + 12345")

    await ledger.reconcile()

    assert await used(database) == exact


async def test_what_was_stored_before_is_confirmed(
    client: ConversationClient, database: Database, storage: FakeStorage, ledger: StorageAllotments, ada: Principal
) -> None:
    """Project-service does not know what is allotted."""
    await client.begin(ada)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = $1, confirmed_at = null", 5 * MIB)
    storage.allotted.clear()

    await ledger.reconcile()

    assert storage.allotted[ACME] == (await account(database))["allotted"] == 2 * MIB


async def test_the_service_reconciles_by_itself(
    database: Database, bus: MemoryBus, project_responder: Responder, storage: FakeStorage
) -> None:
    clock = MovableClock()
    app = create_app(conversation_settings(), database=database, bus=bus, clock=clock)
    async with database.unit_of_work(ACME) as work:
        await work.execute("insert into storage_allotments (tenant_id, allotted) values ($1, $2)", ACME, 5 * MIB)
    storage.allotted[ACME] = 5 * MIB

    async with session_with(app):
        await eventually(lambda: _is_reconciling(database))
        clock.ahead = timedelta(seconds=RECONCILE_SECONDS)
        app.ctx.jobs.wake()
        await eventually(lambda: storage.allotted[ACME] == 0)

    [job] = await database.system_rows(_RECONCILING)
    assert job["repeats"] == f"every {RECONCILE_SECONDS}"


async def _is_reconciling(database: Database) -> bool:
    return bool(await database.system_rows(_RECONCILING))


async def test_who_joins_a_chat_and_its_title_need_room_and_who_leaves_does_not(
    chats: ChatClient, database: Database, storage: FakeStorage
) -> None:
    ada, ben, cy = await chats.member("Ada"), await chats.member("Ben"), await chats.member("Cy")
    chat = await chats.group(ada, ben)
    storage.leave(await used(database) + ROW)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = used")

    left = await chats.send("DELETE", in_chat(chat, "participants", str(ben.user_id)), who=ada)
    joined = await chats.send("POST", in_chat(chat, "participants"), {"user_id": str(cy.user_id)}, who=ada)
    renamed = await chats.send("PATCH", in_chat(chat), {"title": "A longer title"}, who=ada)

    assert (left.status, joined.code, renamed.code) == (204, "TIER_LIMIT_EXCEEDED", "TIER_LIMIT_EXCEEDED")
    assert len((await chats.send("GET", in_chat(chat, "participants"), who=ada)).items) == 1


async def test_a_tenant_that_cannot_be_reconciled_does_not_keep_others_from_it(
    client: ConversationClient, database: Database, ledger: StorageAllotments, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.begin(person())
    await client.begin(person(tenant_id=GLOBEX))
    async with database.system_work() as work:
        await work.execute("update storage_allotments set used = used + 5, counted_at = null")
    count = counts.drift

    async def drift(work: Work, tenant_id: UUID) -> int:
        if tenant_id == ACME:
            raise DatabaseUnavailable
        return await count(work, tenant_id)

    monkeypatch.setattr(counts, "drift", drift)

    await ledger.reconcile()

    rows = await database.system_rows("select tenant_id, used, counted_at from storage_allotments")
    assert {row["tenant_id"]: row["used"] for row in rows} == {ACME: 1028 + 5, GLOBEX: 1028}
    assert all(row["counted_at"] is not None for row in rows)


async def test_many_conversations_and_chats_are_counted_in_portions(
    client: ConversationClient, database: Database, ledger: StorageAllotments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "PORTION_ROWS", 3)
    monkeypatch.setattr(counts, "PORTION_MESSAGES", 2)
    ada = person()
    for number in range(5):
        conversation = await client.begin(ada)
        for _ in range(number):
            await client.say(ada, conversation, "Hello")
    exact = await used(database)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set used = 0, counted_at = null")

    await ledger.reconcile()

    assert await used(database) == exact == 5 * 1028 + 10 * (ROW + 5)


async def test_a_tenant_whose_question_has_no_answer_puts_no_other_tenant_into_grace(
    client: ConversationClient, database: Database, storage: FakeStorage
) -> None:
    ada, eve = person(), person(tenant_id=GLOBEX)
    of_ada, of_eve = await client.begin(ada), await client.begin(eve)
    async with database.system_work() as work:
        await work.execute("update storage_allotments set allotted = used")
    storage.is_away = True
    assert (await say(client, ada, of_ada)).status == 201
    storage.is_away = False

    assert (await say(client, eve, of_eve)).status == 201

    [row] = await database.system_rows("select used, allotted from storage_allotments where tenant_id = $1", GLOBEX)
    assert row["allotted"] >= row["used"]


async def test_whose_turn_to_ask_does_not_come_gets_no_grace(
    client: ConversationClient, database: Database, storage: FakeStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim of a node that asks lasts, and project-service answers others."""
    ada = person()
    conversation = await client.begin(ada)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update storage_allotments set allotted = used")
    monkeypatch.setattr(allotments, "GROW_SECONDS", 0.5)

    async def grow(*_: object) -> bool:
        await asyncio.sleep(0.1)
        return True

    monkeypatch.setattr(StorageAllotments, "_grow", grow)

    refused = await say(client, ada, conversation)

    assert (refused.status, refused.code) == (503, "SERVICE_UNAVAILABLE")


async def test_a_claim_that_has_expired_takes_nothing_from_the_next_one(
    client: ConversationClient, database: Database, ada: Principal
) -> None:
    await client.begin(ada)
    before, now = await account(database), SystemClock().now()
    async with database.unit_of_work(ACME) as work:
        expired = await repository.claim(work, ACME, Tier.FREE, timedelta(0))
    async with database.unit_of_work(ACME) as work:
        current = await repository.claim(work, ACME, Tier.FREE, timedelta(minutes=1))
    assert expired is not None

    async with database.unit_of_work(ACME) as work:
        await repository.set_allotted(work, ACME, 5 * MIB, expired, now)
        await repository.give_up(work, ACME, expired)

    after = await account(database)
    assert (after["asking_until"], after["allotted"]) == (current, before["allotted"])
