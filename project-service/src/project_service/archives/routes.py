"""HTTP for archives."""

from urllib.parse import quote
from uuid import UUID

from project_service.archives.errors import InvalidArchive
from project_service.archives.schemas import ImportQuery
from project_service.archives.service import ArchiveService
from project_service.archives.unpacking import MAX_ARCHIVE_BYTES
from project_service.projects.access import require_creator
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT, PROJECTS
from project_service.projects.schemas import ProjectView
from project_service.uploads import IncomingBody, Uploads
from shared.errors import BadRequest, Forbidden, TooLarge, TooManyRequests, Unavailable, UnsupportedMediaType
from shared.http.answers import Created, HttpAnswer, streamed
from shared.http.app import Request
from shared.http.routes import FORM, Raw, Routes
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

ZIP = "application/zip"
ZIP_ON_WINDOWS = "application/x-zip-compressed"  # what browsers there call it
_IMPORT_ERRORS = [Forbidden, InvalidArchive, TierLimitExceeded, TooLarge, UnsupportedMediaType, BadRequest, Unavailable]

routes = Routes("archives", resource="files")
import_routes = Routes("archives", resource="projects")


@routes.get(
    PROJECT + "/archive",
    summary="Download all files of a project as ZIP",
    errors=[ProjectNotFound, TooManyRequests],
    gives=Raw(ZIP),
)
async def get_archive(principal: Principal, archives: ArchiveService, project_id: UUID) -> HttpAnswer:
    name, parts = await archives.pack(principal, project_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip",
        "X-Content-Type-Options": "nosniff",
    }
    return streamed(parts, headers, ZIP)


async def require_creator_of_projects(principal: Principal) -> None:
    require_creator(principal)


@import_routes.post(
    PROJECTS + "/import",
    summary="Make a project of a ZIP archive: the body, or the part `file` of a form",
    errors=_IMPORT_ERRORS,
    location=PROJECT,
    streams_body=True,
    takes={ZIP: None, ZIP_ON_WINDOWS: None, FORM: None},
    authorize=require_creator_of_projects,
)
async def import_project(
    request: Request, principal: Principal, archives: ArchiveService, uploads: Uploads, query: ImportQuery
) -> Created[ProjectView]:
    body = IncomingBody(request, ZIP, ZIP_ON_WINDOWS, limit=MAX_ARCHIVE_BYTES)
    async with uploads.spooled(body, principal.tenant_id) as upload:
        return Created(await archives.unpack(principal, upload, query.name))
