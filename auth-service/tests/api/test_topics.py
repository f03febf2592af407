"""Live topics kept here: a user's own, and a tenant's for its members."""

import msgspec
import pytest
from auth_client import AuthClient

from shared.db.databases import Database
from shared.events.envelope import Envelope
from shared.events.questions import TopicNotFound, TopicPosition, TopicReplay
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


async def offset_of(bus: MemoryBus, who: Principal, topic: str) -> int:
    return (await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="auth")).offset
