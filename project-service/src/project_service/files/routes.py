"""HTTP for files. The paths below /project-files are aliases: the same handlers."""

from urllib.parse import quote
from uuid import UUID

from sanic.response import HTTPResponse

from project_service.files.errors import FileNotFound, FileVersionConflict, InvalidPath
from project_service.files.languages import media_type_of
from project_service.files.schemas import FileQuery, FilesWritten, FileView, WriteFiles
from project_service.files.service import FileService
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from shared.errors import Forbidden, LimitReached, PreconditionFailed, Unavailable
from shared.events.files import FileState
from shared.http.answers import HttpAnswer, streamed
from shared.http.app import Request
from shared.http.conditions import IfMatch, is_not_modified
from shared.http.routes import ANY_TYPE, Raw, Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

FILES = PROJECT + "/files"
FILE = FILES + "/{file_id}"
FILES_ALIAS = "/api/v1/project-files/{project_id}"
FILE_ALIAS = FILES_ALIAS + "/{file_id}"
_READ_ERRORS = [ProjectNotFound, FileNotFound, Unavailable]
_WRITE_ERRORS = [
    LimitReached,
    ProjectNotFound,
    Forbidden,
    TierLimitExceeded,
    FileVersionConflict,
    PreconditionFailed,
    InvalidPath,
    LimitReached,
    Unavailable,
]

routes = Routes("files", resource="files")


@routes.get(FILES_ALIAS, summary="List the files of a project (alias)", errors=[ProjectNotFound, Unavailable])
@routes.get(FILES, summary="List the files of a project", errors=[ProjectNotFound, Unavailable])
async def list_files(principal: Principal, files: FileService, project_id: UUID, query: FileQuery) -> PageOf[FileView]:
    return await files.find(principal, project_id, query)


async def require_editor(principal: Principal, files: FileService, project_id: UUID) -> None:
    await files.require_editor(principal, project_id)


@routes.put(
    FILES_ALIAS,
    summary="Write and delete files, all or nothing (alias)",
    errors=_WRITE_ERRORS,
    authorize=require_editor,
)
@routes.put(
    FILES,
    summary="Write and delete files, all or nothing: one version",
    errors=_WRITE_ERRORS,
    authorize=require_editor,
)
async def write_files(
    principal: Principal, files: FileService, project_id: UUID, body: WriteFiles, if_match: IfMatch
) -> FilesWritten:
    return await files.write(principal, project_id, body, if_match)


@routes.get(FILE_ALIAS, summary="Read a file with its content (alias)", errors=_READ_ERRORS)
@routes.get(FILE, summary="Read a file with its content", errors=_READ_ERRORS)
async def get_file(principal: Principal, files: FileService, project_id: UUID, file_id: UUID) -> FileView:
    return await files.get(principal, project_id, file_id)


@routes.get(
    FILE + "/content",
    summary="Download a file",
    errors=_READ_ERRORS,
    gives=Raw(ANY_TYPE, is_conditional=True),
)
async def get_content(
    request: Request, principal: Principal, files: FileService, project_id: UUID, file_id: UUID
) -> HttpAnswer:
    file, data, parts = await files.open(principal, project_id, file_id)
    headers = download_headers(file)
    if is_not_modified(request.headers.get("if-none-match"), headers["ETag"]):
        return HTTPResponse(status=304, headers=headers)
    if parts is not None:
        return streamed(parts, headers, media_type_of(file.path), size=file.size)
    return HTTPResponse(data, headers=headers, content_type=media_type_of(file.path))


@routes.delete(FILE, summary="Delete a file: a version without it", errors=[*_READ_ERRORS, *_WRITE_ERRORS])
async def remove_file(
    principal: Principal, files: FileService, project_id: UUID, file_id: UUID, if_match: IfMatch
) -> None:
    await files.remove(principal, project_id, file_id, if_match)


def download_headers(file: FileState) -> dict[str, str]:
    """Saved and not shown: a browser that shows it all the same runs nothing of it, with no rights of our origin."""
    name = quote(file.path.rpartition("/")[2], safe="")
    return {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
