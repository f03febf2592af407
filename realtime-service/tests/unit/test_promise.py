"""The promise, checked against a model: in order, no duplicate, no silent gap, no false `recovered: true`."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings, strategies as st
from prometheus_client import CollectorRegistry
from realtime_fakes import envelope_of, some_principal, task_added

from realtime_service.access import Access
from realtime_service.events import TopicEvent, topic_events
from realtime_service.hub import Hub
from realtime_service.metrics import LiveMetrics
from realtime_service.positions import Position
from realtime_service.repairs import Repairs
from realtime_service.replay import Keepers
from realtime_service.subscription import Subscription
from realtime_service.topics import Direct
from shared.errors import Unavailable
from shared.events.auth import TenantCreated
from shared.events.envelope import Envelope, TopicOffset, encode
from shared.events.questions import TopicPosition, TopicPositionAnswer, TopicReplayAnswer
from shared.events.registry import default_registry
from shared.ids import new_id

TOPIC = "tasks:01890000-0000-7000-8000-000000000000"
STEPS = [
    "publish", "publish", "publish", "publish_silent", "deliver", "deliver", "deliver", "deliver_all", "lose", "double",
    "swap", "reset", "subscribe", "resume", "resume", "leave", "answer", "answer", "answer_all", "keeper_fails",
    "keeper_lies", "keeper_works", "keeper_works", "prune", "replace_log", "turn",
]  # fmt: skip


class ModelKeeper:
    """Truth: the log of every epoch. Answers wait for `release`, so that anything can happen in between."""

    def __init__(self, tenant_id: Any, random: Random) -> None:
        self.tenant_id = tenant_id
        self.random = random
        self.epoch_number = 1
        self.logs: dict[str, list[Envelope]] = {"e1": []}
        self.first = 1
        self.mood = "works"
        self.gates: list[asyncio.Event] = []

    @property
    def epoch(self) -> str:
        return f"e{self.epoch_number}"

    @property
    def log(self) -> list[Envelope]:
        return self.logs[self.epoch]

    def publish(self, *, is_live: bool) -> Envelope:
        event = task_added() if is_live else TenantCreated(tenant_id=new_id(), name="", owner_id=new_id())
        self.log.append(envelope_of(event, self.tenant_id, (TopicOffset(TOPIC, self.epoch, len(self.log) + 1),)))
        return self.log[-1]

    def replace_log(self) -> None:
        self.epoch_number += 1
        self.logs[self.epoch] = []
        self.first = 1

    async def ask(self, question: Any, *, service: str, deadline: float) -> Any:
        await self._gate()
        if self.mood == "fails":
            raise Unavailable
        answer = self._position() if isinstance(question, TopicPosition) else self._replay(question)
        await self._gate()
        return answer

    def _position(self) -> TopicPositionAnswer:
        return TopicPositionAnswer(self.epoch, len(self.log), TOPIC)

    def _replay(self, question: Any) -> TopicReplayAnswer:
        if question.epoch != self.epoch:
            return TopicReplayAnswer(self.epoch, len(self.log), TOPIC, is_complete=False, reason="epoch_changed")
        if not self.first - 1 <= question.after <= len(self.log):
            return TopicReplayAnswer(self.epoch, len(self.log), TOPIC, is_complete=False, reason="window_passed")
        page = self.log[question.after : question.after + 3]  # small pages, so that there are several
        reached = question.after + len(page)
        if self.mood == "lies" and len(page) > 1:
            page = page[:1] + page[2:]
        raw = [msgspec.Raw(encode(envelope)) for envelope in page]
        return TopicReplayAnswer(self.epoch, reached, TOPIC, raw, has_more=reached < len(self.log))

    async def _gate(self) -> None:
        if self.random.random() < 0.5:
            return
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()

    def release(self) -> None:
        if self.gates:
            self.gates.pop(self.random.randrange(len(self.gates))).set()


@dataclass(eq=False)
class ModelReader:
    """A client that believes what it is told, and checks it against the truth."""

    keeper: ModelKeeper
    position: Position | None = None
    is_live: bool = False
    task: asyncio.Task[None] | None = None
    subscription: Subscription | None = None
    heard: list[str] = field(default_factory=list)

    def event(self, event: TopicEvent) -> None:
        assert event.envelope.tenantid == self.keeper.tenant_id
        assert self.position is not None
        assert event.position.epoch == self.position.epoch, "an event of another epoch"
        assert event.position.offset > self.position.offset, "a duplicate, or out of order"
        assert event.envelope.id == self.keeper.logs[event.position.epoch][event.position.offset - 1].id
        self._nothing_live_between(self.position.offset, event.position.offset - 1, event.position.epoch)
        self.position = event.position

    def put(self, frames: bytes) -> None:
        for start in range(0, len(frames), 16):
            self.event(WRITTEN[frames[start : start + 16]])

    def lost(self, topic: str, position: Position, reason: str) -> None:
        self.position = position

    def refused(self, topic: str) -> None:
        raise AssertionError("nobody lost a right")

    def overwhelmed(self) -> None:
        raise AssertionError("there were few events")

    async def follow(self, subscription: Subscription, world: "World", since: Position | None) -> None:
        self.subscription, self.position = subscription, since
        try:
            joined = await subscription.join(world.access, world.keepers, since, self.deliver, asyncio.Lock())
        except Unavailable:
            self.subscription = None
            return
        for event in joined.missed:
            self.event(event)
        if joined.is_recovered:
            assert since is not None
            assert self.position is not None
            assert joined.position.epoch == self.position.epoch, "recovered into another epoch"
            self._nothing_live_between(self.position.offset, joined.position.offset, joined.position.epoch)
        assert joined.position.offset <= len(self.keeper.logs[joined.position.epoch]), "told of the future"
        self.position = joined.position
        await asyncio.sleep(0)  # a slow reader's replay leaves room for the unexpected here
        await self.keeper._gate()
        subscription.go_live()
        self.is_live = True

    async def deliver(self, events: list[TopicEvent], position: Position) -> None:
        for event in events:
            self.event(event)
        assert self.position is not None
        self._nothing_live_between(self.position.offset, position.offset, position.epoch)
        self.position = position
        await self.keeper._gate()

    def _nothing_live_between(self, after: int, until: int, epoch: str) -> None:
        between = self.keeper.logs[epoch][after:until]
        assert all(not topic_events(envelope, REGISTRY)[0].is_live for envelope in between), "a silent gap"


REGISTRY = default_registry()


WRITTEN: dict[bytes, TopicEvent] = {}


def by_id(event: TopicEvent) -> bytes:
    """Stands for a dialect: the frame of an event."""
    WRITTEN[event.envelope.id.bytes] = event
    return event.envelope.id.bytes


class World:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        tenants = [new_id(), new_id()]
        self.model = {tenant: ModelKeeper(tenant, self.random) for tenant in tenants}
        self.network: list[Envelope] = []
        self.readers: list[ModelReader] = []
        self.left: list[tuple[ModelKeeper, Position]] = []
        self.keepers = Keepers(SimpleNamespace(ask=self._ask), REGISTRY)
        self.access = Access(self.keepers)
        metrics = LiveMetrics(SimpleNamespace(registry=CollectorRegistry()))
        is_back = asyncio.Event()
        is_back.set()
        self.repairs = Repairs(self.keepers, metrics, is_back, pauses=(0.0, 0.0, 0.0))
        self.hub = Hub(self.repairs.begin, self.repairs.cancel, metrics.crowd_written)

    async def _ask(self, question: Any, **about: Any) -> Any:
        return await self.model[question.principal.tenant_id].ask(question, **about)

    async def step(self, name: str) -> None:
        [keeper] = self.random.choices(list(self.model.values()), weights=(5, 1))
        getattr(self, f"_{name}")(keeper)
        for _ in range(self.random.randrange(6)):
            await asyncio.sleep(0)
        self._check()

    def _publish(self, keeper: ModelKeeper) -> None:
        self.network.append(keeper.publish(is_live=True))

    def _publish_silent(self, keeper: ModelKeeper) -> None:
        self.network.append(keeper.publish(is_live=False))

    def _deliver(self, _keeper: ModelKeeper) -> None:
        if self.network:
            for event in topic_events(self.network.pop(0), REGISTRY):
                self.hub.accept(event)

    def _deliver_all(self, keeper: ModelKeeper) -> None:
        while self.network:
            self._deliver(keeper)

    def _lose(self, _keeper: ModelKeeper) -> None:
        if self.network:
            self.network.pop(self.random.randrange(len(self.network)))

    def _double(self, keeper: ModelKeeper) -> None:
        if keeper.log:
            self.network.insert(0, self.random.choice(keeper.log))

    def _swap(self, _keeper: ModelKeeper) -> None:
        if len(self.network) > 1:
            self.network[0], self.network[1] = self.network[1], self.network[0]

    def _reset(self, _keeper: ModelKeeper) -> None:
        self.network.clear()
        self.hub.suspect_all()

    def _subscribe(self, keeper: ModelKeeper, since: Position | None = None) -> None:
        reader = ModelReader(keeper)
        direct = Direct(by_id, reader) if self.random.random() < 0.5 else None
        subscription = Subscription(self.hub, some_principal(keeper.tenant_id), TOPIC, reader, direct=direct)
        reader.task = asyncio.create_task(reader.follow(subscription, self, since))
        self.readers.append(reader)

    def _resume(self, _keeper: ModelKeeper) -> None:
        if self.left:
            self._subscribe(*self.random.choice(self.left))

    def _leave(self, _keeper: ModelKeeper) -> None:
        live = [reader for reader in self.readers if reader.is_live]
        if live:
            reader = self.random.choice(live)
            self.readers.remove(reader)
            reader.subscription.leave()
            self.left.append((reader.keeper, reader.position))

    def _answer(self, keeper: ModelKeeper) -> None:
        keeper.release()

    def _answer_all(self, _keeper: ModelKeeper) -> None:
        for keeper in self.model.values():
            while keeper.gates:
                keeper.release()

    def _keeper_fails(self, keeper: ModelKeeper) -> None:
        keeper.mood = "fails"

    def _keeper_lies(self, keeper: ModelKeeper) -> None:
        keeper.mood = "lies"

    def _keeper_works(self, keeper: ModelKeeper) -> None:
        keeper.mood = "works"

    def _prune(self, keeper: ModelKeeper) -> None:
        keeper.first = self.random.randint(1, len(keeper.log) + 1)

    def _replace_log(self, keeper: ModelKeeper) -> None:
        if self.random.random() < 0.3:
            keeper.replace_log()

    def _turn(self, _keeper: ModelKeeper) -> None:
        pass

    def _check(self) -> None:
        for reader in self.readers:
            if reader.task is not None and reader.task.done():
                reader.task.result()

    async def settle(self) -> None:
        """All is well again: one more event, or one more reset, and everybody knows everything."""
        for keeper in self.model.values():
            keeper.mood = "works"
        await self._quiet()
        for keeper in self.model.values():
            self._publish(keeper)
        self.random.choice([self._deliver_all, self._reset])(keeper)
        await self._quiet()
        for reader in self.readers:
            if reader.subscription is not None:
                assert reader.position == (reader.keeper.epoch, len(reader.keeper.log)), "not up to date in the end"

    async def _quiet(self) -> None:
        for _ in range(300):
            await asyncio.sleep(0)
            self._answer_all(next(iter(self.model.values())))
            self._check()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=60, max_size=250), seed=st.integers(0, 2**32))
def test_readers_miss_nothing_in_silence_whatever_happens(steps: list[str], seed: int) -> None:
    async def play() -> None:
        failures: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, failure: failures.append(failure))
        world = World(seed)
        for name in steps:
            await world.step(name)
        await world.settle()
        assert not world.repairs._running
        assert not failures

    asyncio.run(play())
