"""What one user can leave behind has an end, also when they ask many times at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from chat_client import ChatClient
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, path_of

from conversation_service import limits
from conversation_service.notifications import repository as notifications
from shared.clock import SystemClock
from shared.db.databases import Database, open_databases
from shared.db.row_limits import RowLimit
from shared.principal import Principal
from shared.testing.postgres import FreshDatabase
from shared.testing.service_client import Answer

ROOM = 5
AT_ONCE = 50
CONVERSATIONS_OF = """
insert into conversations (id, tenant_id, user_id, title, tags, created_at, updated_at)
select gen_random_uuid(), $1, $2, 'x', '{}', now(), now() from generate_series(1, $3)
"""
CHATS_OF = """
insert into chats (id, tenant_id, created_by, kind, title, created_at, updated_at)
select gen_random_uuid(), $1, $2, 'group', 'x', now(), now() from generate_series(1, $3)
"""
TICKETS_OF = """
insert into support_tickets (id, tenant_id, user_id, question, source, created_at)
select gen_random_uuid(), $1, $2, 'x', 'none', now() from generate_series(1, $3)
"""


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    """Patient: how long fifty wait for one another is not the subject here."""
    patient = fresh_database("conversation")._replace(acquire_timeout=60.0, lock_timeout=60.0, statement_timeout=60.0)
    async with open_databases(patient) as opened:
        yield opened["conversation"]


async def fill(client: ConversationClient, who: Principal, statement: str, number: int) -> None:
    async with client.database.unit_of_work(who.tenant_id) as work:
        await work.execute(statement, who.tenant_id, who.user_id, number)


async def at_once(deed: Callable[[], Awaitable[Answer]]) -> Counter[str]:
    answers = await asyncio.gather(*(deed() for _ in range(AT_ONCE)))
    return Counter("made" if answer.status == 201 else answer.code for answer in answers)


@pytest.mark.parametrize(
    ("statement", "limit", "path", "body"),
    [
        (CONVERSATIONS_OF, limits.CONVERSATIONS_OF_USER, CONVERSATIONS, {"title": "x"}),
        (CHATS_OF, limits.CHATS_OF_USER, "/api/v1/chats", {"kind": "group", "title": "x"}),
        (TICKETS_OF, limits.TICKETS_OF_USER, "/api/v1/support/question", {"question": "Where is it?"}),
    ],
)
async def test_of_fifty_at_once_as_many_are_made_as_there_is_room_for(
    client: ConversationClient, statement: str, limit: RowLimit, path: str, body: dict[str, str]
) -> None:
    ada = person()
    await fill(client, ada, statement, limit.most - ROOM)

    answers = await at_once(lambda: client.send("POST", path, body, who=ada))

    assert answers == Counter({"made": ROOM, "LIMIT_REACHED": AT_ONCE - ROOM})
    assert (await client.send("POST", path, body, who=person())).status == 201


async def test_forks_are_conversations_too(client: ConversationClient) -> None:
    ada = person()
    await fill(client, ada, CONVERSATIONS_OF, limits.CONVERSATIONS_OF_USER.most - 2)
    conversation = await client.begin(ada)
    message = await client.say(ada, conversation)

    answers = [
        await client.send("POST", f"{path_of(conversation)}/fork", {"message_id": message["id"]}, who=ada)
        for _ in range(2)
    ]

    assert (answers[0].status, answers[1].code) == (201, "LIMIT_REACHED")


async def test_of_notifications_the_newest_are_kept(chats: ChatClient) -> None:
    ada, now = person(), SystemClock().now()
    async with chats.database.unit_of_work(ada.tenant_id) as work:
        await work.execute(
            """
            insert into notifications (id, tenant_id, user_id, kind, event_id, title, read_at, created_at, updated_at)
            select gen_random_uuid(), $1, $2, 'mention', gen_random_uuid(), number::text,
                   case when number % 2 = 0 then $3::timestamptz end, $3 + number * interval '1 second', $3
            from generate_series(1, $4) as number
            """,
            ada.tenant_id,
            ada.user_id,
            now,
            limits.NOTIFICATIONS_KEPT + 10,
        )

        lost = await notifications.delete_oldest(work, ada.tenant_id, ada.user_id, limits.NOTIFICATIONS_KEPT)

    kept = await chats.database.system_rows("select min(title::int) as oldest, count(*) as number from notifications")
    assert lost == 5
    assert [dict(row) for row in kept] == [{"oldest": 11, "number": limits.NOTIFICATIONS_KEPT}]
