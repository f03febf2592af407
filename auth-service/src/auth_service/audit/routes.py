"""HTTP for the audit log; closed to API keys, so the group names no resource."""

from auth_service.audit.schemas import AuditQuery, AuditRecordView
from auth_service.audit.service import AuditLogs
from shared.errors import Forbidden
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

routes = Routes("audit log")


@routes.get("/api/v1/audit-logs", summary="List what was done in the tenant, as its owner or admin", errors=[Forbidden])
async def list_audit_logs(principal: Principal, logs: AuditLogs, query: AuditQuery) -> PageOf[AuditRecordView]:
    return await logs.find(principal, query)
