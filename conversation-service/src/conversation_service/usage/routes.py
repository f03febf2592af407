"""HTTP for usage."""

from conversation_service.usage.schemas import UsageQuery, UsageView
from conversation_service.usage.service import UsageService
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

routes = Routes("usage", resource="conversations")


@routes.get("/api/v1/usage", summary="What answers have cost, by day and model")
async def list_usage(principal: Principal, usage: UsageService, query: UsageQuery) -> PageOf[UsageView]:
    return await usage.find(principal, query)
