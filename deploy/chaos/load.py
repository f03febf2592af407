"""Writers and listeners of a chaos run, and what each of them saw."""

import asyncio
import itertools
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from deploy.api_client import ApiClient
from shared.testing.live_client import LiveClient
from shared.testing.live_reader import BrokenPromise, Recovery

PROJECTS = 8
WRITERS = 40
RETRY_SECONDS = 0.1


@dataclass
class Seen:
    """`acknowledged`: id of each task by its title, as the API answered. `heard`: ids in order, by topic."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    attempts: int = 0
    reconnects: int = 0
    slowest: float = 0.0


class Load:
    """`rate` writes a second over PROJECTS projects of one tenant; each is repeated until it is acknowledged."""

    def __init__(self, ada: ApiClient, live_url: str, rate: int) -> None:
        self.seen = Seen()
        self.projects: list[str] = []
        self._ada = ada
        self._live_url = live_url
        self._rate = rate

    async def prepare(self) -> None:
        await self._ada.register()
        for number in range(PROJECTS):
            made = await self._ada.expect(201, "POST", "/projects", {"name": f"Project {number}"})
            self.projects.append(made.data["id"])

    async def write(self, seconds: float) -> None:
        """Returns when every write that was begun in the time has been acknowledged."""
        numbers, begin = itertools.count(), time.monotonic()

        async def writer() -> None:
            for number in numbers:
                due = begin + number / self._rate
                if due > begin + seconds:
                    return
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._write_one(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(writer())

    async def listen(self) -> None:
        """Hears every project's tasks until it is cancelled."""
        async with LiveClient(self._live_url, self._ada.access_token) as live:
            try:
                for project in self.projects:
                    place = await live.subscribe(f"tasks:{project}")
                    self.seen.heard[place.topic] = []
                async for event in live:
                    self.seen.heard[event.topic].append(event.data["entity_id"])
            except BrokenPromise as broken:
                self.seen.broken.append(str(broken))
            finally:
                self.seen.recoveries, self.seen.reconnects = live.recoveries, live.reconnects

    def heard_count(self) -> int:
        return sum(len(ids) for ids in self.seen.heard.values())

    async def stored(self) -> dict[str, list[str]]:
        """Ids of all stored tasks by title, read page by page."""
        found: dict[str, list[str]] = {}
        for project in self.projects:
            cursor: str | None = ""
            while cursor is not None:
                path = f"/projects/{project}/tasks?page_size=100&sort=created_at&include_total=false{cursor}"
                body = (await self._ada.expect(200, "GET", path)).body
                for task in body["items"]:
                    found.setdefault(task["title"], []).append(task["id"])
                cursor = f"&cursor={body['next_cursor']}" if body["next_cursor"] else None
        return found

    async def _write_one(self, number: int) -> None:
        path = f"/projects/{self.projects[number % PROJECTS]}/tasks"
        title, key, begin = f"{number} {secrets.token_hex(4)}", {"Idempotency-Key": str(uuid4())}, time.monotonic()
        while title not in self.seen.acknowledged:
            self.seen.attempts += 1
            with suppress(aiohttp.ClientError, TimeoutError):
                answer = await self._ada.call("POST", path, {"title": title}, headers=key)
                if answer.status == 201:
                    self.seen.acknowledged[title] = answer.data["id"]
                    break
                if answer.status < 500 and answer.code != "IDEMPOTENCY_IN_PROGRESS":
                    raise AssertionError(f"a write was refused with {answer.status} {answer.code}")
            await asyncio.sleep(RETRY_SECONDS)
        self.seen.slowest = max(self.seen.slowest, time.monotonic() - begin)
