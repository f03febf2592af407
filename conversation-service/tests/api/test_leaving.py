"""What becomes of the things of a member who leaves the tenant: links and answers end, names are forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from chat_client import ChatClient, in_chat
from conversation_builders import conversation_settings
from conversation_client import path_of

from conversation_service.app import create_app
from conversation_service.chat_messages import repository as chat_messages
from conversation_service.chats.access import ChatAccess
from conversation_service.chats.project_chats import ProjectChats
from conversation_service.chats.service import ChatService
from conversation_service.llm.offline import OfflineProvider
from conversation_service.members.leavings import PORTION
from conversation_service.numbered_pages import NumberedQuery
from conversation_service.storage.allotments import StorageAllotments
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.auth import AccountDeactivated
from shared.ids import new_id
from shared.members import repository as members
from shared.members.domain import member_of
from shared.members.leavings import EVER
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.principal import Principal, Role
from shared.testing.callers import ACME, GLOBEX
from shared.testing.counting import CountingDatabase
from shared.testing.eventually import eventually
from shared.testing.members import changed, is_all_dealt_with, joined, left, tell, user
from shared.testing.service_client import session_with

LATER = timedelta(seconds=1)
STATELESS = "/api/v1/chat/completions"
QUESTION = {"messages": [{"role": "user", "content": "Hello"}]}
FORMER = "Former member"


@pytest.fixture
async def slow(database: Database, bus: MemoryBus, project_responder: Responder) -> AsyncIterator[ChatClient]:
    """Its model says nothing within a test."""
    settings = conversation_settings(run_lease_seconds=0.4, run_drain_seconds=0.0)
    provider = OfflineProvider(pace_seconds=60)
    async with session_with(create_app(settings, database=database, bus=bus, provider=provider)) as session:
        yield ChatClient(session, database)


async def leave(chats: ChatClient, bus: MemoryBus, who: Principal) -> None:
    await tell(bus, left(who), who.tenant_id)

    async def is_gone() -> bool:
        sql = "select 1 from tenant_members where tenant_id = $1 and user_id = $2 and not is_member"
        is_known = bool(await chats.database.system_rows(sql, who.tenant_id, who.user_id))
        return is_known and await is_all_dealt_with(chats.database)

    await eventually(is_gone)


async def come_back(chats: ChatClient, bus: MemoryBus, who: Principal, name: str) -> None:
    await tell(bus, joined(who, "back@example.com", name), who.tenant_id, at=datetime.now(UTC) + LATER)

    async def is_back() -> bool:
        sql = "select 1 from tenant_members where user_id = $1 and is_member"
        return bool(await chats.database.system_rows(sql, who.user_id))

    await eventually(is_back)


async def share(chats: ChatClient, who: Principal) -> str:
    """The address of a link to a conversation of theirs."""
    conversation = await chats.begin(who)
    await chats.say(who, conversation)
    made = await chats.create(f"{path_of(conversation)}/share", {}, who=who)
    return f"/api/v1/shares/{made['token']}"


async def status(chats: ChatClient, link: str) -> int:
    return (await chats.send("GET", link, who=None)).status


async def test_links_end_and_stay_ended_when_they_come_back(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    theirs, others = await share(chats, ben), await share(chats, ada)

    await leave(chats, bus, ben)
    ended = await chats.send("GET", theirs, who=None)
    await come_back(chats, bus, ben, "Ben")

    made_up = await chats.send("GET", "/api/v1/shares/made-up", who=None)
    assert (ended.status, ended.without_trace) == (404, made_up.without_trace)
    assert [await status(chats, theirs), await status(chats, others)] == [404, 200]


async def test_a_removal_that_is_known_late_takes_what_was_theirs_before_and_nothing_since(
    chats: ChatClient, bus: MemoryBus
) -> None:
    """The members are read anew, and have them back, before the event of their removal arrives."""
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    old_link, old_group = await share(chats, ben), await chats.group(ada, ben)
    removed_at = datetime.now(UTC)
    async with chats.database.unit_of_work(ACME) as work:
        returned = user(ben, "b@example.com", "Ben", updated_at=removed_at + timedelta(minutes=1))
        await members.apply(work, [member_of(returned, returned.updated_at)])
    new_link, new_group = await share(chats, ben), await chats.group(ada, ben)

    await tell(bus, left(ben), ben.tenant_id, at=removed_at)
    await eventually(lambda: has_status(chats, old_link, 404))
    await eventually(lambda: is_all_dealt_with(chats.database))

    assert await status(chats, new_link) == 200
    assert [(await chats.send("GET", in_chat(group), who=ben)).status for group in (old_group, new_group)] == [404, 200]


async def test_who_closes_their_account_has_left(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    link, group = await share(chats, ben), await chats.group(ada, ben)

    await tell(bus, AccountDeactivated(tenant_id=ACME, user_id=ben.user_id), ACME)

    await eventually(lambda: has_status(chats, link, 404))
    await eventually(lambda: is_all_dealt_with(chats.database))
    assert (await chats.send("GET", in_chat(group), who=ben)).status == 404
    [said] = await chats.messages(ada, group)
    assert said["content"] == f"{FORMER} left the chat."


async def test_a_member_of_many_chats_leaves_them_in_portions(chats: ChatClient) -> None:
    """A transaction asks no more of the database however many chats there are."""
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    async with chats.database.unit_of_work(ACME) as work:
        await work.execute(MANY_CHATS, ACME, ada.user_id, ben.user_id, 2000)
    clock, requests = SystemClock(), Requests(MemoryBus())
    project_chats = ProjectChats(chats.database, requests, clock)
    access = ChatAccess(chats.database, project_chats)
    storage = StorageAllotments(chats.database, requests, clock)
    service = ChatService(chats.database, access, project_chats, storage, clock)
    costs, counts = [], []

    for step in (service.forget_name, service.leave_groups) * 2:
        counting = CountingDatabase(chats.database)
        async with counting.unit_of_work(ACME) as work:
            counts.append(await step(work, ACME, ben.user_id, EVER, PORTION))
        costs.append(len(counting.statements))

    assert counts == [PORTION] * 4
    assert max(costs) <= 12 * PORTION


async def test_all_chats_are_left_in_the_end(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    async with chats.database.unit_of_work(ACME) as work:
        await work.execute(MANY_CHATS, ACME, ada.user_id, ben.user_id, 2 * PORTION + 1)

    await leave(chats, bus, ben)

    assert await chats.database.system_rows("select 1 from chat_participants where user_id = $1", ben.user_id) == []
    said = await chats.database.system_rows("select distinct content from chat_messages order by content")
    assert [row["content"] for row in said] == [f"{FORMER} joined the chat.", f"{FORMER} left the chat."]


async def test_links_in_another_tenant_stay(chats: ChatClient, bus: MemoryBus) -> None:
    """The same account, two tenants."""
    here = await chats.member("Ada")
    there = Principal(user_id=here.user_id, tenant_id=GLOBEX, session_id=new_id(), role=Role.OWNER)
    links = [await share(chats, here), await share(chats, there)]

    await leave(chats, bus, here)

    assert [await status(chats, link) for link in links] == [404, 200]


async def test_links_rest_while_somebody_is_suspended(chats: ChatClient, bus: MemoryBus) -> None:
    ben = await chats.member("Ben")
    link = await share(chats, ben)

    now = datetime.now(UTC)
    await tell(bus, changed(ben, "b@example.com", is_active=False), ben.tenant_id, at=now + LATER)
    await eventually(lambda: has_status(chats, link, 404))
    await tell(bus, changed(ben, "b@example.com", is_active=True), ben.tenant_id, at=now + 2 * LATER)

    await eventually(lambda: has_status(chats, link, 200))


async def test_running_answers_end_with_what_they_have(slow: ChatClient, bus: MemoryBus) -> None:
    ben, other = await slow.member("Ben"), await slow.member("Cy")
    asking = []
    for who in (ben, other):
        conversation = await slow.begin(who)
        asking.append(asyncio.create_task(slow.ask(who, conversation)))
        asking.append(asyncio.create_task(slow.send("POST", STATELESS, QUESTION, who=who)))
    await eventually(lambda: has_answers(slow, 4))

    await leave(slow, bus, ben)

    await eventually(lambda: has_answers(slow, 2))
    left_over = await slow.database.system_rows("select user_id from answer_leases")
    assert {row["user_id"] for row in left_over} == {other.user_id}
    states = {row["user_id"]: row["status"] for row in await slow.database.system_rows("select * from runs")}
    assert states == {ben.user_id: "stopped", other.user_id: "running"}
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def test_messages_of_who_has_left_are_a_former_members(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    direct = await chats.direct(ada, ben)
    said = await chats.write(ben, direct)

    await leave(chats, bus, ben)
    [after] = await chats.messages(ada, direct)
    participants = (await chats.send("GET", in_chat(direct, "participants"), who=ada)).items
    await come_back(chats, bus, ben, "Benjamin")

    assert said["author"] == {"id": str(ben.user_id), "display_name": "Ben"}
    assert after == {**said, "author": {"id": str(ben.user_id), "display_name": FORMER}}
    assert sorted(each["display_name"] for each in participants) == ["Ada", FORMER]
    [again] = await chats.messages(ada, direct)
    assert again["author"]["display_name"] == "Benjamin"


async def test_live_messages_name_their_author_as_rest_does(chats: ChatClient) -> None:
    ada, ben = await chats.member("Ada"), await chats.member("Ben")
    group = await chats.group(ada, ben)
    said = await chats.write(ben, group)
    topic = f"chat:{group['id']}"
    stored = list(await chats.events(ada, topic))  # before what follows redacts it
    await chats.send("PATCH", in_chat(group, "messages", said["id"]), {"content": "Hello!"}, who=ben)
    await chats.send("PUT", in_chat(group, "messages", said["id"], "reactions", "%F0%9F%91%8D"), who=ada)
    stored += (await chats.events(ada, topic))[len(stored) :]
    await chats.send("DELETE", in_chat(group, "messages", said["id"]), who=ben)

    stored += (await chats.events(ada, topic))[len(stored) :]
    told = [msgspec.json.decode(event.data)["payload"] for event in stored]

    authors = [(each.get("place") or each).get("author") for each in told if "number" in each]
    assert authors == [{"id": str(ben.user_id), "display_name": "Ben"}] * 3 + [None]  # what is gone names nobody


async def test_the_servers_words_name_them_no_more(chats: ChatClient, bus: MemoryBus) -> None:
    ada, ben, cy = await chats.member("Ada"), await chats.member("Ben Lovelace"), await chats.member("Cy")
    group = await chats.group(ada)
    for who in (ben, cy):
        await chats.create(in_chat(group, "participants"), {"user_id": str(who.user_id)}, who=ada)
    [before, other] = await chats.messages(ada, group)

    await leave(chats, bus, ben)

    first, second, third = await chats.messages(ada, group)
    assert before["content"] == "Ben Lovelace joined the chat."
    assert (first["content"], first["version"]) == (f"{FORMER} joined the chat.", before["version"] + 1)
    assert second == other
    assert (third["content"], third["author"]) == (f"{FORMER} left the chat.", None)
    told = [msgspec.json.decode(event.data) for event in await chats.events(ada, f"chat:{group['id']}")]
    [renamed] = [each for each in told if each.get("changed_fields") == ["content"]]
    assert renamed["payload"] == first


async def test_a_page_of_messages_costs_as_many_statements_however_many_authors_there_are(chats: ChatClient) -> None:
    people = [await chats.member(f"Member {number}") for number in range(20)]
    group = await chats.group(*people)
    for who in people:
        await chats.write(who, group)
    costs = []

    for size in (1, 20):
        counting = CountingDatabase(chats.database)
        async with counting.unit_of_work(ACME) as work:
            query = NumberedQuery(page_size=size)
            page = await chat_messages.find_page(work, ACME, UUID(group["id"]), len(people), query)
        costs.append(len(counting.statements))

    assert [each.author.display_name for each in page.items if each.author] == [f"Member {n}" for n in range(20)]
    assert costs[0] == costs[1]


async def has_answers(chats: ChatClient, count: int) -> bool:
    return len(await chats.database.system_rows("select 1 from answer_leases")) == count


async def has_status(chats: ChatClient, link: str, wanted: int) -> bool:
    return await status(chats, link) == wanted


MANY_CHATS = """
with made as (
    insert into chats (id, tenant_id, kind, created_by, message_count, created_at, updated_at)
    select gen_random_uuid(), $1, 'group', $2, 1, now(), now() from generate_series(1, $4) returning id
), joined as (
    insert into chat_participants (id, tenant_id, chat_id, user_id, role, last_read_number, joined_at)
    select gen_random_uuid(), $1, made.id, who, 'member', 0, now()
    from made cross join unnest(array[$2, $3]::uuid[]) who
)
insert into chat_messages (tenant_id, chat_id, id, about_user_id, type, content, created_at, updated_at, number)
select $1, made.id, gen_random_uuid(), $3, 'system', 'Ben joined the chat.', now(), now(), 1 from made
"""
