"""What the members of a tenant are called: asked of auth-service, kept for a while."""

import time
from uuid import UUID

from shared.errors import TesseraError
from shared.events.questions import MemberDirectory
from shared.messaging.requests import Requests
from shared.principal import Principal

KEPT_SECONDS = 300.0
MAX_KEPT = 20_000
DEADLINE_SECONDS = 1.0


class Names:
    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._kept: dict[tuple[UUID, UUID], tuple[float, str | None]] = {}

    async def of(self, principal: Principal) -> str | None:
        """None when nobody can tell just now."""
        key = principal.tenant_id, principal.user_id
        until, name = self._kept.get(key, (0.0, None))
        if time.monotonic() < until:
            return name
        try:
            name = await self._ask(*key)
        except TesseraError:
            return None
        self._kept.pop(key, None)
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = time.monotonic() + KEPT_SECONDS, name
        return name

    async def _ask(self, tenant_id: UUID, user_id: UUID) -> str | None:
        """The directory is in order of ids: the first one behind the id before it."""
        before = UUID(int=max(0, user_id.int - 1))
        question = MemberDirectory(after_tenant=tenant_id, after_user=before, limit=1)
        members = (await self._requests.ask(question, deadline=DEADLINE_SECONDS)).members
        for user in members:
            if user.id == user_id and user.tenant_id == tenant_id:
                return user.display_name or user.full_name
        return None
