"""The end of a tenant and of an account: nothing private is left of them, and the team's conversations go on."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from chat_client import ChatClient, in_chat
from conversation_client import path_of

from conversation_service.personal_data import TABLES
from conversation_service.retention import RETENTION
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.auth import AccountAnonymised, SecurityAlert, SecurityAlerted
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.personal_data import erasure_steps
from shared.principal import Principal
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.callers import ACME, GLOBEX
from shared.testing.erasure import KEPT_BY_AGE, PASSING, close, closure_of, delete, erase, restore, rows_of_tenant
from shared.testing.eventually import eventually
from shared.testing.members import tell

PRIVATE = ("conversations", "messages", "usage_days", "notifications", "notification_inboxes", "support_tickets")


class Team(NamedTuple):
    """People of one tenant, and what they have said."""

    ada: Principal
    ben: Principal
    chat: dict[str, Any]
    conversation: dict[str, Any]
    fork: dict[str, Any]
    share: str


async def at_work(chats: ChatClient, bus: MemoryBus, tenant_id: UUID) -> Team:
    """Rows in every table of the service."""
    ada, ben = await chats.member("Ada", tenant_id=tenant_id), await chats.member("Ben", tenant_id=tenant_id)
    conversation = await chats.begin(ada)
    said = await chats.say(ada, conversation)
    assert (await chats.ask(ada, conversation)).status == 201
    path = path_of(conversation)
    fork = await chats.create(f"{path}/fork", {"message_id": said["id"], "scope": "path"}, who=ada)
    share = (await chats.send("POST", f"{path}/share", {}, who=ada, headers={"Idempotency-Key": "once"})).data
    chat = await chats.group(ada, ben)
    message = await chats.write(ada, chat)
    await chats.send("PUT", in_chat(chat, f"messages/{message['id']}/reactions/👍"), who=ben)
    await chats.create("/api/v1/support/question", {"question": "Where am I?"}, who=ada)
    alert = SecurityAlerted(tenant_id=tenant_id, user_id=ada.user_id, alert=SecurityAlert.NEW_DEVICE)
    await tell(bus, alert, tenant_id)
    await eventually(lambda: _is_notified(chats.database, ada))
    await _add_what_others_would(chats.database, ada)
    return Team(ada, ben, chat, conversation, fork, share["token"])


async def _add_what_others_would(database: Database, who: Principal) -> None:
    """What is there while an answer is under way, or a project has a chat."""
    async with database.unit_of_work(who.tenant_id) as work:
        await work.execute(
            "insert into answer_leases (id, tenant_id, user_id, reserved_tokens, expires_at)"
            " values (gen_random_uuid(), $1, $2, 1, now() + interval '1 day')",
            who.tenant_id,
            who.user_id,
        )
        await work.execute(
            "insert into project_viewers (tenant_id, project_id, user_id, can_see, is_on_team, as_of)"
            " values ($1, $2, $3, true, true, now())",
            who.tenant_id,
            new_id(),
            who.user_id,
        )


async def test_of_two_deleted_tenants_one_is_erased_and_the_restored_one_is_as_it_was(
    chats: ChatClient, bus: MemoryBus, database: Database
) -> None:
    await at_work(chats, bus, ACME)
    globex = await at_work(chats, bus, GLOBEX)
    for tenant_id in (ACME, GLOBEX):
        await close(bus, database, tenant_id)
    filled, before = await rows_of_tenant(database, ACME), await rows_of_tenant(database, GLOBEX)
    assert {table for table, rows in filled.items() if not rows} <= PASSING

    await restore(bus, database, GLOBEX)
    await delete(bus, database, ACME)
    await erase(database, erasure_steps(TABLES))

    left = {table for table, rows in (await rows_of_tenant(database, ACME)).items() if rows}
    assert left <= KEPT_BY_AGE
    assert await closure_of(database, ACME) == "erased"
    after = await rows_of_tenant(database, GLOBEX)
    assert {name: rows for name, rows in after.items() if name not in KEPT_BY_AGE} == {
        name: rows for name, rows in before.items() if name not in KEPT_BY_AGE
    }
    assert (await chats.send("GET", path_of(globex.conversation), who=globex.ada)).status == 200


async def test_a_link_rests_while_its_tenant_is_closed(chats: ChatClient, bus: MemoryBus, database: Database) -> None:
    team = await at_work(chats, bus, ACME)
    path = f"/api/v1/shares/{team.share}"
    assert (await chats.send("GET", path, who=None)).status == 200

    await close(bus, database, ACME)
    closed = await chats.send("GET", path, who=None)
    await restore(bus, database, ACME)
    restored = await chats.send("GET", path, who=None)
    await delete(bus, database, ACME)
    deleted = await chats.send("GET", path, who=None)
    absent = await chats.send("GET", "/api/v1/shares/made-up", who=None)

    assert restored.status == 200
    assert closed.without_trace == deleted.without_trace == absent.without_trace
    assert (absent.status, absent.code) == (404, "SHARE_NOT_FOUND")


async def test_answers_of_a_closed_tenant_are_stopped(chats: ChatClient, bus: MemoryBus, database: Database) -> None:
    team = await at_work(chats, bus, ACME)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update runs set status = 'running', beat_at = clock_timestamp() + interval '1 hour'")

    await close(bus, database, ACME)

    [run] = await database.system_rows("select is_stop_wanted from runs where user_id = $1", team.ada.user_id)
    assert run["is_stop_wanted"]


@pytest.mark.parametrize("is_first", [True, False])
async def test_what_arrives_out_of_order_counts_by_its_time(
    chats: ChatClient, bus: MemoryBus, database: Database, is_first: bool
) -> None:
    await close(bus, database, ACME)
    await restore(bus, database, ACME) if is_first else await delete(bus, database, ACME)
    expected = "open" if is_first else "deleted"

    async with database.unit_of_work(ACME) as work:
        await note(work, ACME, ClosureState.CLOSED, datetime(2020, 1, 1, tzinfo=UTC))

    assert await closure_of(database, ACME) == expected


async def test_of_an_erased_account_nothing_private_is_left(
    chats: ChatClient, bus: MemoryBus, database: Database
) -> None:
    team = await at_work(chats, bus, ACME)
    other = await at_work(chats, bus, GLOBEX)

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=team.ada.user_id), ACME)
    await eventually(lambda: _is_gone(chats, team))
    for task in retention_tasks(database, RETENTION, SystemClock(), Metrics("conversation")):
        await task.run_once()

    for table in (
        "conversations",
        "messages",
        "usage_days",
        "notifications",
        "notification_inboxes",
        "support_tickets",
    ):
        whose = [row["user_id"] for row in await database.system_rows(f"select user_id from {table}")]
        assert team.ada.user_id not in whose, table
        assert other.ada.user_id in whose, table
    assert await database.system_rows("select from messages where tenant_id = $1", ACME) == []
    assert (await chats.messages(team.ben, team.chat)) != []
    deleted = await chats.events(team.ada, f"conversation:{team.conversation['id']}")
    assert deleted[-1].type == "conversation.conversation.deleted"


async def _is_notified(database: Database, who: Principal) -> bool:
    return await database.system_rows("select from notifications where user_id = $1", who.user_id) != []


async def _is_gone(chats: ChatClient, team: Team) -> bool:
    return (await chats.send("GET", path_of(team.conversation), who=team.ada)).status == 404
