"""The use cases of usage, each one transaction."""

from conversation_service.conversations.domain import Person
from conversation_service.usage import repository
from conversation_service.usage.schemas import UsageQuery, UsageView
from shared.db.databases import Database
from shared.errors import Forbidden
from shared.pagination import PageOf
from shared.principal import Principal, Role


class UsageService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, principal: Principal, query: UsageQuery) -> PageOf[UsageView]:
        """Raises Forbidden."""
        user_id = query.user_id or principal.user_id
        if user_id != principal.user_id and not principal.role.is_at_least(Role.ADMIN):
            raise Forbidden("Only owners and admins may see what others have used.")
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, Person(principal.tenant_id, user_id), query)
