"""A change of who is there, rendered once per dialect for all its watchers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Self
from uuid import UUID

from realtime_service.presence.signals import Member

Renderer = Callable[["PresenceChange"], bytes]


class PresenceChange:
    __slots__ = ("_frames", "joined", "left", "topic", "updated")

    def __init__(self, topic: str, joined: list[Member], left: list[UUID], updated: list[Member]) -> None:
        self.topic = topic
        self.joined = joined
        self.left = left
        self.updated = updated
        self._frames: dict[Renderer, bytes] = {}

    @classmethod
    def between(cls, topic: str, before: Mapping[UUID, Member], after: Mapping[UUID, Member]) -> Self:
        joined = [member for user_id, member in after.items() if user_id not in before]
        left = [user_id for user_id in before if user_id not in after]
        updated = [one for user_id, one in after.items() if user_id in before and before[user_id] != one]
        return cls(topic, joined, left, updated)

    @classmethod
    def whole(cls, topic: str, members: Mapping[UUID, Member], left: Iterable[UUID]) -> Self:
        """Everybody who is there, for one who may have missed anything but knows nobody beside them and `left`."""
        return cls(topic, list(members.values()), [user_id for user_id in left if user_id not in members], [])

    @property
    def is_empty(self) -> bool:
        return not (self.joined or self.left or self.updated)

    def frame(self, render: Renderer) -> bytes:
        frame = self._frames.get(render)
        if frame is None:
            frame = self._frames[render] = render(self)
        return frame
