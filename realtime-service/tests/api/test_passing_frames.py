"""Frames of answers that are being written: told to who follows the conversation, between its events."""

from realtime_fakes import FakeKeeper, some_principal

from shared.events.run_frames import RunFrame, RunFrames
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.signals import Signals

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"
OTHER = "tasks:0189aaaa-0000-7000-8000-000000000002"


async def test_words_reach_their_followers_and_nobody_else(connect, keeper: FakeKeeper, bus: MemoryBus) -> None:
    anna, mallory, run_id = some_principal(), some_principal(), new_id()
    keeper.create(anna.tenant_id, TOPIC)
    keeper.create(anna.tenant_id, OTHER)
    keeper.create(mallory.tenant_id, TOPIC)
    client, elsewhere, stranger = await connect(anna), await connect(anna), await connect(mallory)
    await client.subscribe(TOPIC, filter={"status": "done"})
    await elsewhere.subscribe(OTHER)
    await stranger.subscribe(TOPIC)
    frames = [RunFrame(number, "delta", {"run_id": str(run_id), "content": f"word {number}"}) for number in (1, 2)]

    await Signals(bus).send(RunFrames(tenant_id=anna.tenant_id, topic=TOPIC, run_id=run_id, frames=frames))

    assert await client.next() == {
        "topic": TOPIC,
        "event": "RUN",
        "type": "run.delta",
        "data": {"id": 1, "run_id": str(run_id), "content": "word 1"},
    }
    assert (await client.next())["data"]["id"] == 2
    assert await elsewhere.hears_nothing()
    assert await stranger.hears_nothing() is (mallory.tenant_id != anna.tenant_id)
