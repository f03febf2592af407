"""What is worth telling only now: frames of answers that are being written. Never numbered, never repaired.

Who needs all of an answer reads its own stream; here a reader that is behind goes without.
"""

from collections.abc import Callable

from realtime_service.hub import Hub
from shared.events.run_frames import RunFrame, RunFrames
from shared.messaging.signals import Signals

Renderer = Callable[["PassingFrame"], bytes]


class PassingFrame:
    """Rendered once per dialect, as events are."""

    __slots__ = ("_frames", "run_frame", "topic")

    def __init__(self, topic: str, run_frame: RunFrame) -> None:
        self.topic = topic
        self.run_frame = run_frame
        self._frames: dict[Renderer, bytes] = {}

    def frame(self, render: Renderer) -> bytes:
        frame = self._frames.get(render)
        if frame is None:
            frame = self._frames[render] = render(self)
        return frame


class Passing:
    def __init__(self, hub: Hub, signals: Signals) -> None:
        self._hub = hub
        self._signals = signals

    async def connect(self) -> None:
        await self._signals.on(RunFrames, self.hear)

    def hear(self, told: RunFrames) -> None:
        followers = self._hub.followers(told.tenant_id, told.topic)
        for run_frame in told.frames if followers else ():
            passing = PassingFrame(told.topic, run_frame)
            for follower in followers:
                follower.pass_on(passing)
