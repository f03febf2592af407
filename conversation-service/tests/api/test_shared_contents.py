"""Forks share the contents of their origin: they cost rows and no texts, and outlive what they were made from."""

import asyncio
from typing import Any

import msgspec
import pytest
from conversation_builders import person
from conversation_client import CONVERSATIONS, ConversationClient, messages_of, path_of

from conversation_service.conversations import service
from conversation_service.conversations.service import MAX_FORKED_MESSAGES, remove_expired
from shared.db.databases import Database
from shared.db.failures import ForeignKeyViolation
from shared.events.questions import HeldAbout
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal
from shared.testing.callers import ACME, GLOBEX

LONG = 100_000
ROW = 512
FORK = 1024 + 4 + 3 * ROW


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.fixture
async def origin(client: ConversationClient, ada: Principal) -> dict[str, Any]:
    """Three messages: an instruction, a long question, an answer."""
    conversation = await client.begin(ada)
    await client.say(ada, conversation, "Be brief.", role="system")
    await client.say(ada, conversation, "ä" * LONG)
    await client.say(ada, conversation, "No.", role="assistant", model="m")
    return conversation


async def listed(client: ConversationClient, who: Principal, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.send("GET", messages_of(conversation), who=who)).items


async def forked(client: ConversationClient, who: Principal, conversation: dict[str, Any]) -> dict[str, Any]:
    last = (await listed(client, who, conversation))[-1]
    return await client.create(f"{path_of(conversation)}/fork", {"message_id": last["id"]}, who=who)


async def used(database: Database) -> int:
    [row] = await database.system_rows("select used from storage_allotments where tenant_id = $1", ACME)
    return int(row["used"])


async def texts(database: Database) -> int:
    [row] = await database.system_rows("select coalesce(sum(octet_length(content)), 0) as bytes from messages")
    return int(row["bytes"])


async def test_a_fork_reads_like_its_origin_and_stores_no_text(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any]
) -> None:
    before, stored = await used(database), await texts(database)

    fork = await forked(client, ada, origin)
    of_fork = await forked(client, ada, fork)

    original = [message["content"] for message in await listed(client, ada, origin)]
    for copy in (fork, of_fork):
        assert [message["content"] for message in await listed(client, ada, copy)] == original
        assert (copy["message_count"], copy["token_count"]) == (3, (await _reread(client, ada, origin))["token_count"])
    assert await texts(database) == stored
    assert await used(database) == before + 2 * FORK


async def _reread(client: ConversationClient, who: Principal, conversation: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = (await client.send("GET", path_of(conversation), who=who)).data
    return read


async def test_a_fork_goes_on_by_itself(client: ConversationClient, ada: Principal, origin: dict[str, Any]) -> None:
    fork = await forked(client, ada, origin)
    question = (await listed(client, ada, fork))[1]

    await client.say(ada, fork, "And?")
    edited = await client.send("PATCH", f"/api/v1/messages/{question['id']}", {"content": "Short"}, who=ada)
    same = await client.send("PATCH", f"/api/v1/messages/{question['id']}", {"content": question["content"]}, who=ada)
    rated = await client.send("PUT", f"/api/v1/messages/{question['id']}/feedback", {"rating": "up"}, who=ada)
    answer = await client.ask(ada, fork, "Well?")

    assert (edited.data["content"], same.data["id"], rated.data["content"]) == (
        "Short",
        question["id"],
        question["content"],
    )
    assert answer.status == 201
    assert [message["content"][:5] for message in await listed(client, ada, fork)] == [
        *("Be br", "äääää", "No.", "And?", "Short", "Well?"),
        answer.data["content"][:5],
    ]
    assert len(await listed(client, ada, origin)) == 3


async def test_a_fork_is_shared_exported_and_answered_with_its_contents(
    client: ConversationClient, bus: MemoryBus, ada: Principal, origin: dict[str, Any]
) -> None:
    fork = await forked(client, ada, origin)
    await client.send("DELETE", path_of(origin), who=ada)
    share = (await client.send("POST", f"{path_of(fork)}/share", {}, who=ada)).data

    shown = (await client.send("GET", f"/api/v1/shares/{share['token']}", who=None)).data
    exported = (await client.send("GET", f"{path_of(fork)}/export", who=ada)).json
    markdown = (await client.send("GET", f"{path_of(fork)}/export?format=markdown", who=ada)).body
    held = await _held_messages(bus, ada)

    whole = "ä" * LONG
    assert shown["messages"][1]["content"] == exported["messages"][1]["content"] == held[1]["content"] == whole
    assert whole.encode() in markdown
    assert [message["conversation_id"] for message in held] == [fork["id"]] * 3


async def _held_messages(bus: MemoryBus, who: Principal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        question = HeldAbout(tenant_id=who.tenant_id, user_id=who.user_id, after=after)
        page = await Requests(bus).ask(question, service="conversation")
        if page.section == "messages":
            found += [msgspec.json.decode(row) for row in page.rows]
        after = page.next
        if after is None:
            return found


async def test_the_context_of_a_fork_has_its_contents(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation, "Be brief.", role="system")
    await client.say(ada, conversation, "x" * 400)
    fork = await forked(client, ada, conversation)

    estimated = (await client.send("POST", f"{path_of(fork)}/estimate", {"content": "Hello"}, who=ada)).data

    assert [(part["part"], part["messages"], part["tokens"]) for part in estimated["parts"]] == [
        ("history", 2, 103),
        ("prompt", 1, 2),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
async def test_contents_last_as_long_as_the_last_who_shows_them(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any], order: tuple[int, ...]
) -> None:
    fork = await forked(client, ada, origin)
    family = [origin, fork, await forked(client, ada, fork)]
    original = [message["content"] for message in await listed(client, ada, origin)]

    left = list(family)
    for place in order:
        assert (await client.send("DELETE", path_of(family[place]), who=ada)).status == 204
        left.remove(family[place])
        for conversation in left:
            assert [message["content"] for message in await listed(client, ada, conversation)] == original

    assert await database.system_rows("select from messages") == []
    assert await used(database) == 0


async def test_relatives_that_are_deleted_at_once_leave_nothing(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any]
) -> None:
    family = [origin, *[await forked(client, ada, origin) for _ in range(6)]]

    answers = await asyncio.gather(*(client.send("DELETE", path_of(one), who=ada) for one in family))

    assert {answer.status for answer in answers} == {204}
    assert await database.system_rows("select from messages") == []
    assert await used(database) == 0


async def test_an_expired_origin_leaves_its_forks_what_they_show(
    client: ConversationClient, database: Database, ada: Principal
) -> None:
    temporary = await client.begin(ada, temporary=True)
    await client.say(ada, temporary, "Remember me.")
    fork = await forked(client, ada, temporary)
    async with database.unit_of_work(ACME) as work:
        await work.execute(
            "update conversations set expires_at = case when id = $1 then now() - '1h'::interval end", temporary["id"]
        )

    async with database.system_work() as work:
        assert await remove_expired(work, None) == 1  # type: ignore[arg-type] # it reads the database's clock

    [message] = await listed(client, ada, fork)
    assert message["content"] == "Remember me."
    assert (await client.send("DELETE", path_of(fork), who=ada)).status == 204
    assert (await database.system_rows("select from messages"), await used(database)) == ([], 0)


async def test_a_fork_has_a_largest_size(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any]
) -> None:
    async with database.unit_of_work(ACME) as work:
        await work.execute(
            """
            insert into messages (id, tenant_id, conversation_id, number, depth, user_id, role, content, parent_id,
                                  token_count, token_count_source, created_at, updated_at)
            select gen_random_uuid(), $1, $2, n, 1, $3, 'user', 'x', null, 1, 'estimate', now(), now()
            from generate_series(4, $4::int) n
            """,
            *(ACME, origin["id"], ada.user_id, MAX_FORKED_MESSAGES + 1),
        )
        await work.execute("update conversations set message_count = $1", MAX_FORKED_MESSAGES + 1)
    last = (await listed(client, ada, origin))[2]

    everything = await client.send(
        "POST", f"{path_of(origin)}/fork", {"message_id": last["id"], "scope": "all"}, who=ada
    )
    path = await client.send("POST", f"{path_of(origin)}/fork", {"message_id": last["id"]}, who=ada)

    assert (everything.status, everything.code) == (409, "LIMIT_REACHED")
    assert (path.status, path.data["message_count"]) == (201, 3)


async def test_forks_made_before_contents_were_shared_stay_readable(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any]
) -> None:
    """They have copies of their own."""
    fork = await forked(client, ada, origin)
    async with database.unit_of_work(ACME) as work:
        await work.execute(
            """
            update messages m set content = h.content, content_of = null from messages h
            where m.conversation_id = $1 and h.id = m.content_of
            """,
            fork["id"],
        )
    again = await forked(client, ada, fork)
    original = [message["content"] for message in await listed(client, ada, origin)]

    await client.send("DELETE", path_of(fork), who=ada)

    assert [message["content"] for message in await listed(client, ada, again)] == original
    assert {item["id"] for item in (await client.send("GET", CONVERSATIONS, who=ada)).items} == {
        origin["id"],
        again["id"],
    }


async def _remove_in_portions(database: Database) -> list[int]:
    """How many messages were left in conversations after each transaction of retention."""
    left = []
    while True:
        async with database.system_work() as work:
            if not await remove_expired(work, None):  # type: ignore[arg-type] # it reads the database's clock
                return left
        left.append(len(await database.system_rows("select from messages where conversation_id is not null")))


async def test_a_long_conversation_is_deleted_at_once_and_its_rows_in_portions(
    client: ConversationClient, database: Database, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_DELETED_MESSAGES", 2)
    long = await client.begin(ada)
    for number in range(5):
        await client.say(ada, long, f"Message {number}")
    path = f"{path_of(long)}/fork"
    second = (await listed(client, ada, long))[1]
    fork = await client.create(path, {"message_id": second["id"]}, who=ada)

    assert (await client.send("DELETE", path_of(long), who=ada)).status == 204

    assert (await client.send("GET", path_of(long), who=ada)).code == "CONVERSATION_NOT_FOUND"
    assert [one["id"] for one in (await client.send("GET", CONVERSATIONS, who=ada)).items] == [fork["id"]]
    assert (await client.send("POST", messages_of(long), {"role": "user", "content": "x"}, who=ada)).status == 404
    assert await _remove_in_portions(database) == [5, 3, 2]
    assert [one["content"] for one in await listed(client, ada, fork)] == ["Message 0", "Message 1"]
    deleted = await database.system_rows("select from outbox where type = 'conversation.conversation.deleted'")
    assert len(deleted) == 1
    assert (await client.send("DELETE", path_of(fork), who=ada)).status == 204
    assert (await database.system_rows("select from messages"), await used(database)) == ([], 0)


async def test_one_transaction_of_retention_has_one_tenant_and_so_many_messages(
    client: ConversationClient, database: Database, ada: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_DELETED_MESSAGES", 4)
    for who in (ada, ada, ada, person(tenant_id=GLOBEX)):
        conversation = await client.begin(who, temporary=True)
        for _ in range(2):
            await client.say(who, conversation)
    async with database.system_work() as work:
        await work.execute("update conversations set expires_at = now() + '0s'::interval")

    left = await _remove_in_portions(database)

    assert left[-1] == 0
    steps = [before - after for before, after in zip([8, *left], left, strict=False)]
    assert sorted(steps) == [2, 2, 4]


async def test_contents_that_a_fork_shows_cannot_be_deleted(
    client: ConversationClient, database: Database, ada: Principal, origin: dict[str, Any]
) -> None:
    """Whatever statement tries it: an older release that is still running, or one by hand."""
    fork = await forked(client, ada, origin)
    original = [message["content"] for message in await listed(client, ada, fork)]

    with pytest.raises(ForeignKeyViolation):
        async with database.unit_of_work(ACME) as work:
            await work.execute("delete from conversations where id = $1", origin["id"])

    assert [message["content"] for message in await listed(client, ada, fork)] == original
