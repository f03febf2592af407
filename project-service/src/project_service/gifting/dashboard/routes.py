"""HTTP for the dashboard."""

from project_service.gifting.dashboard.schemas import Dashboard
from project_service.gifting.dashboard.service import DashboardService
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("gift dashboard", resource="gifting")


@routes.get("/api/v1/dashboard", summary="See everything that is planned at a glance")
async def get_dashboard(principal: Principal, dashboard: DashboardService) -> Dashboard:
    return await dashboard.get(principal)
