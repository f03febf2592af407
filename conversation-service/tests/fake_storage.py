"""What project-service would allot of a tenant's storage."""

from uuid import UUID

from shared.errors import Unavailable
from shared.events.questions import StorageAllotment, StorageAllotmentAnswer
from shared.quotas import GIB


class FakeStorage:
    """`elsewhere` bytes are filled by other services; `asked` are the sizes in the order in which they were wanted."""

    def __init__(self) -> None:
        self.limit = GIB
        self.elsewhere = 0
        self.is_away = False
        self.asked: list[int] = []
        self.allotted: dict[UUID, int] = {}

    def leave(self, size: int) -> None:
        """So many bytes are left for this service; the others have filled the rest of what the tier includes."""
        self.elsewhere = self.limit - size

    async def allot(self, question: StorageAllotment) -> StorageAllotmentAnswer:
        if self.is_away:
            raise Unavailable
        self.asked.append(question.size)
        granted = min(question.size, max(self.limit - self.elsewhere, 0))
        self.allotted[question.tenant_id] = granted
        return StorageAllotmentAnswer(allotted=granted, used=self.elsewhere + granted, limit=self.limit)
