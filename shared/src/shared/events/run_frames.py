"""What the nodes tell each other about an answer that is being written: worthless a moment later, so never stored.

The live topic of the conversation shows the same frames. They may be lost; the run's own stream has all of them.
"""

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from shared.messaging.signals import Signal


class RunFrame(msgspec.Struct, frozen=True):
    """`event` is `start`, `delta`, `usage`, `done` or `error`; ids rise by one from 0, and `delta` n is the n-th."""

    id: int
    event: str
    data: dict[str, Any]


class RunFrames(Signal, frozen=True, kw_only=True):
    """Of one run, in order and without a gap among themselves."""

    name: ClassVar[str] = "conversation.run_frames"
    tenant_id: UUID
    topic: str
    run_id: UUID
    frames: list[RunFrame]


class RunStopWanted(Signal, frozen=True, kw_only=True):
    """For the node that writes the answer."""

    name: ClassVar[str] = "conversation.run_stop_wanted"
    run_id: UUID
