"""Whether auth-service is still heard: a line may look connected and bring nothing."""

import time
from collections.abc import Callable

from shared.events.auth import Heartbeat
from shared.events.envelope import Envelope

SILENCE_SECONDS = 5.0  # auth-service is heard every two
LOOK_SECONDS = 0.5  # ended sessions are asked for as often: one must be known everywhere within a second


class SilenceWatch:
    """Begins with the first heartbeat."""

    def __init__(
        self,
        on_change: Callable[[bool], None],
        meanwhile: Callable[[], None],
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        """`on_change` is told whether there is silence; `meanwhile` is called at every look that finds it."""
        self._on_change = on_change
        self._meanwhile = meanwhile
        self._silence_seconds = silence_seconds
        self._complete_until: float | None = None
        self.is_silent = False

    def heard(self, event: Heartbeat, _envelope: Envelope) -> None:
        self._complete_until = time.monotonic() - event.unsent_seconds
        self.look()

    async def run(self) -> None:
        """Looks once."""
        self.look()

    def look(self) -> None:
        if self._complete_until is None:
            return
        is_silent = time.monotonic() - self._complete_until > self._silence_seconds
        if is_silent is not self.is_silent:
            self.is_silent = is_silent
            self._on_change(is_silent)
        if is_silent:
            self._meanwhile()
