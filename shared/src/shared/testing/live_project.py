"""A reference client of the project dialect: a window on one project that comes back and checks what it hears."""

import json
from typing import Any
from uuid import UUID

from shared.events.topics import files_topic
from shared.testing.live_reader import Followed, LiveEvent, Recovery
from shared.testing.live_socket import LiveSocket

_NOTICES = ("degraded", "healthy", "going_away")
STATE = "state_update"


class LiveProjectWindow(LiveSocket):
    """Events are the frames of the stream, and STATE: the state that replaces all that was told before.

    What is told before the answer to `resume` or `get_state` is left out, as clients should.
    """

    def __init__(self, project_id: UUID, *about: Any, **more: Any) -> None:
        """The others as LiveSocket."""
        super().__init__(*about, **more)
        self.path = f"/{project_id}"
        self.errors: list[str] = []
        self.topic = files_topic(project_id)
        self._own = self._followed[self.topic] = Followed(self.topic)
        self._is_answered = False

    async def _begin(self, token: str | None) -> None:
        self._is_answered = False
        if token is not None:
            await self._say("auth", token=token)
        await self._ask()

    async def _ask(self) -> None:
        since = self._own.since
        await (self._say("get_state") if since is None else self._say("resume", **since))

    async def _ask_again(self, pause: float) -> None:
        if await self._is_still_open_after(pause):
            await self._ask()

    async def _hear(self, text: str) -> None:
        self._hear_anything()
        frame: dict[str, Any] = json.loads(text)
        kind, data = frame["type"], frame["data"]
        if kind in (STATE, "resumed"):
            self._hear_answer(kind, data)
        elif kind == "error":
            self._hear_error(data)
        elif kind == "token_expiring" and self._token:
            await self._say("auth", token=await self._fresh_token())
        elif kind in _NOTICES:
            self._hear_notice(kind, data.get("retry_after_ms"))
        elif "offset" in frame and (self._is_answered or self._follows(frame["offset"])):
            self._hear_event(self._own, kind, frame["offset"], data)

    def _follows(self, offset: int) -> bool:
        """What was missed comes before the answer."""
        return self._own.epoch is not None and offset == self._own.offset + 1

    def _hear_answer(self, kind: str, data: dict[str, Any]) -> None:
        self._is_answered = True
        self._hear_place(Recovery(self.topic, data["epoch"], data["offset"], kind == "resumed", None))
        if kind == STATE:
            self._heard.put_nowait(LiveEvent(self.topic, kind, kind, "", data["epoch"], data["offset"], data))

    def _hear_error(self, problem: dict[str, Any]) -> None:
        self.errors.append(problem["code"])
        if problem["temporary"]:
            self._is_answered = False
            self._start(self._ask_again(problem.get("retry_after_ms", 1000) / 1000))

    async def _say(self, kind: str, **data: Any) -> None:
        await self._send(json.dumps({"type": kind, "data": data}))
