"""A reference client of the topics dialect: follows topics, comes back by itself and checks what it hears.

async with LiveClient("ws://127.0.0.1:8000/ws", token) as live:
    await live.subscribe(f"tasks:{project_id}")
    async for event in live:
        ...

`python -m shared.testing.live_client URL --token TOKEN TOPIC ...` prints every event, one JSON object a line.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from shared.testing.live_reader import BrokenPromise, Followed, LiveClosed, Recovery, SubscriptionRefused, place_in
from shared.testing.live_socket import LiveSocket

_NOTICES = ("degraded", "healthy", "going_away")


class LiveClient(LiveSocket):
    def __init__(self, *about: Any, **more: Any) -> None:
        """As LiveSocket."""
        super().__init__(*about, **more)
        self._filters: dict[str, dict[str, Any] | None] = {}

    def follow(
        self,
        topic: str,
        *,
        since: tuple[str, int] | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the protocol's own word
    ) -> None:
        """From the next connection on."""
        self._followed[topic] = Followed(topic, filter is not None, *(since or (None, 0)))
        self._filters[topic] = filter

    async def subscribe(self, topic: str, **about: Any) -> Recovery:
        """At once; `about` as `follow`. Waits for the first answer, over as many connections as that takes.

        Raises SubscriptionRefused.
        """
        self.follow(topic, **about)
        await self._ask_for(topic)
        return await self.place(topic)

    async def unsubscribe(self, topic: str) -> None:
        self._followed.pop(topic, None)
        await self._say(action="unsubscribe", topic=topic)

    async def _begin(self, token: str | None) -> None:
        if token is not None:
            await self._say(action="auth", token=token)
        for topic in tuple(self._followed):
            await self._ask_for(topic)

    async def _hear(self, text: str) -> None:
        self._hear_anything()
        frame: dict[str, Any] = json.loads(text)
        action, followed = frame.get("action"), self._followed.get(frame.get("topic", ""))
        if action is None and followed is not None and "offset" in frame:
            self._hear_frame(followed, frame)
        elif action == "subscribed":
            self._hear_place(place_in(frame))
        elif action == "error" and followed is not None:
            self._hear_error(followed.topic, frame)
        elif action == "token_expiring" and self._token:
            await self._say(action="auth", token=await self._fresh_token())
        elif action in _NOTICES:
            self._hear_notice(action, frame.get("retry_after_ms"))

    def _hear_error(self, topic: str, frame: dict[str, Any]) -> None:
        if frame["temporary"]:
            self._start(self._ask_again(topic, frame.get("retry_after_ms", 1000) / 1000))
        else:
            self._hear_refusal(topic, frame["code"])

    async def _ask_again(self, topic: str, pause: float) -> None:
        if await self._is_still_open_after(pause) and topic in self._followed:
            await self._ask_for(topic)

    async def _ask_for(self, topic: str) -> None:
        about = {"since": self._followed[topic].since, "filter": self._filters[topic]}
        await self._say(action="subscribe", topic=topic, **{name: it for name, it in about.items() if it is not None})

    async def _say(self, **frame: Any) -> None:
        await self._send(json.dumps(frame))


async def _print_all(url: str, token: str, topics: Sequence[str]) -> None:
    async with LiveClient(url, token) as live:
        for topic in topics:
            place = await live.subscribe(topic)
            sys.stderr.write(f"following {topic} from offset {place.offset}\n")
        async for event in live:
            sys.stdout.write(f"{json.dumps(event._asdict())}\n")
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the live events of some topics, one JSON object a line.")
    parser.add_argument("url", help="such as ws://127.0.0.1:8000/ws")
    parser.add_argument("topics", nargs="+", metavar="topic", help="such as tasks:<project id>")
    parser.add_argument("--token", required=True, help="an access token")
    arguments = parser.parse_args()
    try:
        asyncio.run(_print_all(arguments.url, arguments.token, arguments.topics))
    except KeyboardInterrupt:
        sys.exit(0)
    except (SubscriptionRefused, LiveClosed, BrokenPromise) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
