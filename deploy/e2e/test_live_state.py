"""Whoever reads the state of something and applies what is told since has what is read later, field by field."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest_asyncio

from deploy.api_client import ApiClient, Unexpected, api_client
from deploy.e2e.joining import join
from deploy.e2e.live_household import ACTIONS, Action, Household, clear_up
from deploy.e2e.live_views import differences, read_topic
from deploy.stack_process import StackProcess
from shared.events.registry import default_registry
from shared.events.webhooks import public_type
from shared.testing.live_client import LiveClient
from shared.testing.live_reader import SubscriptionRefused
from shared.testing.live_state import LiveState

SEEDS = (1, 2)
WITHIN = 30.0  # seconds for what was told to arrive, on a loaded machine
DELETED = {f"{each}.deleted" for each in ("conversation", "chat", "list", "occasion", "person", "project")}
NEVER_HEARD = {"gift.added": "told on the lists that a gift is on, and a new one is on none"}


class Window:
    """What somebody has open: the topics of the household, as they were read and by what was told since."""

    def __init__(self, who: ApiClient, live: LiveClient, topics: list[str]) -> None:
        self.heard: set[str] = set()
        self._who = who
        self._live = live
        self._states = {topic: LiveState() for topic in topics}
        self._offsets: dict[str, int] = {}

    async def follow(self, *, from_the_start: bool = False) -> None:
        for topic in self._states:
            place = await self._live.subscribe(topic)
            self._offsets[topic] = place.offset
            if from_the_start and (await self._live.subscribe(topic, since=(place.epoch, 0))).recovered:
                self._offsets[topic] = 0
            elif from_the_start:  # somebody who came later
                await self.read(topic)

    async def read(self, *topics: str) -> None:
        for topic in topics or self._states:
            self._states[topic] = LiveState(await read_topic(self._who, topic))

    async def differences(self) -> list[str]:
        return [each for topic in self._states for each in await self._differences(topic)]

    async def hear(self, *types: str) -> None:
        """Also of what nobody may follow any more after that."""
        async with asyncio.timeout(WITHIN):
            while not self.heard.issuperset(types):
                with suppress(SubscriptionRefused):
                    await self._next()

    async def _differences(self, topic: str) -> list[str]:
        """Notifications are told by another service than the one that shows them: a moment later."""
        deadline = asyncio.get_running_loop().time() + WITHIN
        while found := await self._differences_now(topic):
            if not topic.startswith("user:") or asyncio.get_running_loop().time() > deadline:
                break
        return found

    async def _differences_now(self, topic: str) -> list[str]:
        await self._catch_up(topic)
        if self._states[topic].is_outdated:
            await self.read(topic)
        return differences(self._states[topic], await read_topic(self._who, topic), topic)

    async def _catch_up(self, topic: str) -> None:
        offset = (await self._who.expect(200, "GET", f"/events?topic={topic}")).body["offset"]
        async with asyncio.timeout(WITHIN):
            while self._offsets[topic] < offset:
                await self._next()

    async def _next(self) -> None:
        event = await self._live.next()
        self._offsets[event.topic] = event.offset
        self.heard.add(event.type)
        self._states[event.topic].apply(event)


class Walk(NamedTuple):
    wrong: list[str]
    heard: set[str]


async def walk(stack: StackProcess, seed: int) -> Walk:
    """Some windows are read at the start, one is followed early and read late, some hear everything at the end."""
    chance = Random(seed)  # noqa: S311 - it is to be the same each time
    async with AsyncExitStack() as opened:
        home = await opened.enter_async_context(household(stack, chance))

        async def window(who: ApiClient) -> Window:
            live = await opened.enter_async_context(LiveClient(stack.live_url, who.access_token))
            return Window(who, live, home.topics_of(who))

        early, late = [await window(home.ada), await window(home.grace)], await window(home.ada)
        for each in early:
            await each.follow()
            await each.read()
        await one_by_one(home, shuffled(chance))
        await late.follow()
        await two_at_once(home, shuffled(chance))
        await late.read()
        await one_by_one(home, shuffled(chance)[: len(ACTIONS) // 2])
        complete = [await window(home.ada), await window(home.grace)]
        for each in complete:
            await each.follow(from_the_start=True)
            await each.read(f"project:{home.project}")  # whoever makes a project is on its team without a word
        windows = [*early, late, *complete]
        wrong = [f"seed {seed}: {each}" for one in windows for each in await one.differences()]
        await clear_up(home)
        await early[0].hear(*DELETED)
        return Walk(wrong, {each for one in windows for each in one.heard})


def shuffled(chance: Random) -> list[Action]:
    return chance.sample(ACTIONS, len(ACTIONS))


async def one_by_one(home: Household, actions: list[Action]) -> None:
    for work in actions:
        await work(home)


async def two_at_once(home: Household, actions: list[Action]) -> None:
    """One may come in the way of the other, and be refused."""

    async def attempt(work: Action) -> None:
        with suppress(Unexpected):
            await work(home)

    for one, other in zip(actions[::2], actions[1::2], strict=False):
        await asyncio.gather(attempt(one), attempt(other))


@asynccontextmanager
async def household(stack: StackProcess, chance: Random) -> AsyncIterator[Household]:
    mail = Path(stack.environ["TESSERA_HOME"]) / "mail"
    async with api_client(stack.url) as ada, api_client(stack.url) as grace, api_client(stack.url) as bob:
        await ada.register("Ada")
        home = Household(chance, ada, await join(ada, grace, "Grace", mail), await join(ada, bob, "Bob", mail), mail)
        await home.settle()
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walks(embedded: StackProcess) -> list[Walk]:
    return [await walk(embedded, seed) for seed in SEEDS]


def test_state_read_and_events_applied_is_state_read_later(walks: list[Walk]) -> None:
    wrong = [each for walked in walks for each in walked.wrong]

    assert wrong == [], "\n".join(wrong)


def test_every_public_event_was_heard(walks: list[Walk]) -> None:
    heard = {each for walked in walks for each in walked.heard}
    public = {public_type(contract.type) for contract in default_registry() if contract.live is not None}

    assert public - heard == NEVER_HEARD.keys()
