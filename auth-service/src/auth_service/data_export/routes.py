"""HTTP for data exports."""

from uuid import UUID

from sanic.response import ResponseStream

from auth_service.data_export.errors import ExportNotFound
from auth_service.data_export.schemas import ExportAnswer
from auth_service.data_export.service import EXPORTS, DataExports
from shared.errors import TooManyRequests, Unavailable
from shared.http.answers import Accepted, streamed
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("data export")
EXPORT = EXPORTS + "/{export_id}"


@routes.post(EXPORTS, summary="Collect everything held about oneself", errors=[TooManyRequests])
async def request_export(principal: Principal, exports: DataExports) -> Accepted[ExportAnswer]:
    return await exports.request(principal)


@routes.get(EXPORT, summary="Watch an export", errors=[ExportNotFound])
async def read_export(principal: Principal, exports: DataExports, export_id: UUID) -> ExportAnswer:
    return await exports.find(principal, export_id)


@routes.get(EXPORT + "/content", summary="Download an export", errors=[ExportNotFound, TooManyRequests, Unavailable])
async def download_export(principal: Principal, exports: DataExports, export_id: UUID) -> ResponseStream:
    headers = {
        "Content-Disposition": 'attachment; filename="tessera-account.json"',
        "Cache-Control": "private, no-store",
    }
    return streamed(await exports.read(principal, export_id), headers, "application/json")
