"""HTTP for the audit log; closed to API keys, so the group names no resource."""

from sanic.response import ResponseStream

from auth_service.audit.schemas import AuditQuery, AuditRecordView, ExportFormat
from auth_service.audit.service import AuditLogs
from shared.errors import Forbidden, LimitReached, TooManyRequests
from shared.http.answers import streamed
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

_MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSON: "application/json"}

routes = Routes("audit log")


@routes.get(
    "/api/v1/audit-logs",
    summary="List what was done in the tenant, or download it, as its owner or admin",
    errors=[Forbidden, LimitReached, TooManyRequests],
    downloads=AuditRecordView,
)
async def list_audit_logs(
    principal: Principal, logs: AuditLogs, query: AuditQuery
) -> PageOf[AuditRecordView] | ResponseStream:
    if query.format is None:
        return await logs.find(principal, query)
    headers = {
        "Content-Disposition": f'attachment; filename="tessera-audit-log.{query.format.value}"',
        "Cache-Control": "private, no-store",
    }
    return streamed(await logs.export(principal, query, query.format), headers, _MEDIA_TYPES[query.format])
