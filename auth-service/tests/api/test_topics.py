"""Live topics kept here: a user's own, and a tenant's for its members."""

import msgspec
import pytest
from auth_client import AuthClient

from shared.db.databases import Database
from shared.events.envelope import Envelope, decode
from shared.events.questions import TopicNotFound, TopicPosition, TopicReplay, TopicReplayAnswer
from shared.events.topics import tenant_topic, user_topic
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal


async def test_a_member_follows_their_tenant_and_themselves(auth: AuthClient, bus: MemoryBus) -> None:
    who = (await auth.register()).principal

    assert await offset_of(bus, who, tenant_topic(who.tenant_id)) == 1
    assert await offset_of(bus, who, user_topic(who.user_id)) == 1


async def test_nobody_follows_another_user_or_another_tenant(auth: AuthClient, bus: MemoryBus) -> None:
    who, stranger = (await auth.register()).principal, (await auth.register()).principal

    for topic in (user_topic(stranger.user_id), tenant_topic(stranger.tenant_id), "user:all", "project:x", "nonsense"):
        with pytest.raises(TopicNotFound):
            await offset_of(bus, who, topic)


async def test_whoever_has_left_the_tenant_follows_nothing_in_it(
    auth: AuthClient, bus: MemoryBus, database: Database
) -> None:
    who = (await auth.register()).principal
    async with database.system_work() as work:
        await work.execute("delete from memberships")

    for topic in (tenant_topic(who.tenant_id), user_topic(who.user_id)):
        with pytest.raises(TopicNotFound):
            await offset_of(bus, who, topic)


async def test_nobody_follows_anything_in_a_closed_tenant(auth: AuthClient, bus: MemoryBus) -> None:
    owner = await auth.register()

    closed = await auth.send("DELETE", "/api/v1/tenants/current", {}, who=owner.principal)

    assert closed.status == 204
    for topic in (tenant_topic(owner.tenant_id), user_topic(owner.principal.user_id)):
        with pytest.raises(TopicNotFound):
            await offset_of(bus, owner.principal, topic)


async def test_what_was_missed_can_be_replayed(auth: AuthClient, bus: MemoryBus) -> None:
    who = (await auth.register()).principal
    topic = user_topic(who.user_id)
    position = await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="auth")
    await auth.send("PATCH", "/api/v1/users/me", {"first_name": "Grace"}, who=who)

    question = TopicReplay(principal=who, topic=topic, epoch=position.epoch, after=position.offset)
    replay = await Requests(bus).ask(question, service="auth")

    assert replay.is_complete
    [event] = [msgspec.json.decode(raw, type=Envelope) for raw in replay.events]
    assert (event.type, event.tenantid, event.actorid) == ("auth.user.updated", who.tenant_id, who.user_id)


async def test_what_only_services_hear_leaves_no_hole(auth: AuthClient, bus: MemoryBus) -> None:
    who = (await auth.register()).principal
    before = await offset_of(bus, who, user_topic(who.user_id))

    await auth.send("POST", "/api/v1/auth/logout", who=who)

    assert await offset_of(bus, who, user_topic(who.user_id)) == before


async def test_a_newcomer_reads_nothing_of_before_and_old_members_do(
    auth: AuthClient, bus: MemoryBus, database: Database
) -> None:
    """Who was called what before is shown by no address."""
    owner, guest = (await auth.register()).principal, (await auth.register()).principal
    await auth.send("PATCH", "/api/v1/users/me", {"first_name": "Grace"}, who=owner)
    newcomer = msgspec.structs.replace(guest, tenant_id=owner.tenant_id)
    await _join(database, newcomer)
    await auth.send("PATCH", "/api/v1/users/me", {"first_name": "Ada"}, who=owner)
    topic = tenant_topic(owner.tenant_id)

    before, since = await replay(bus, newcomer, topic, after=0), await replay(bus, newcomer, topic, after=2)

    assert (before.is_complete, before.reason, before.events) == (False, "not_admitted_yet", [])
    assert [decode(bytes(raw)).type for raw in since.events] == ["auth.user.updated"]
    assert len((await replay(bus, owner, topic, after=0)).events) == 3


async def test_a_member_who_is_removed_leaves_the_history(auth: AuthClient, bus: MemoryBus, database: Database) -> None:
    owner, guest = (await auth.register()).principal, (await auth.register(first_name="Canary")).principal
    newcomer = msgspec.structs.replace(guest, tenant_id=owner.tenant_id)
    await _join(database, newcomer)
    await auth.send("PATCH", "/api/v1/users/me", {"last_name": "Yellow"}, who=newcomer)
    topic = tenant_topic(owner.tenant_id)
    assert b"Canary" in b"".join(map(bytes, (await replay(bus, owner, topic, after=0)).events))

    answer = await auth.send("DELETE", f"/api/v1/users/{newcomer.user_id}", who=owner)

    assert answer.status == 204
    events = [decode(bytes(raw)) for raw in (await replay(bus, owner, topic, after=0)).events]
    assert [event.is_redacted for event in events] == [False, True, False]
    assert not any(b"Canary" in bytes(event.data) for event in events)


async def test_a_setting_that_is_removed_leaves_the_history(auth: AuthClient, bus: MemoryBus) -> None:
    who = (await auth.register()).principal
    path = "/api/v1/settings/custom/motto"
    await auth.send("PUT", path, {"value": {"deep": ["canary"]}}, who=who)
    await auth.send("DELETE", path, who=who)

    answer = await replay(bus, who, user_topic(who.user_id), after=1)

    assert [decode(bytes(raw)).is_redacted for raw in answer.events] == [True, False]
    assert b"canary" not in b"".join(map(bytes, answer.events))


async def replay(bus: MemoryBus, who: Principal, topic: str, *, after: int) -> TopicReplayAnswer:
    here = await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="auth")
    question = TopicReplay(principal=who, topic=topic, epoch=here.epoch, after=after)
    return await Requests(bus).ask(question, service="auth")


async def _join(database: Database, who: Principal) -> None:
    """At this moment."""
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'developer', clock_timestamp(), clock_timestamp())",
            who.tenant_id,
            who.user_id,
        )


async def offset_of(bus: MemoryBus, who: Principal, topic: str) -> int:
    return (await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="auth")).offset
