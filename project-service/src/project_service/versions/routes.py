"""HTTP for versions."""

from uuid import UUID

from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from project_service.versions.errors import VersionNotFound
from project_service.versions.schemas import DiffQuery, VersionDetail, VersionDiff, VersionListQuery, VersionQuery
from project_service.versions.service import VersionService
from shared.errors import Forbidden, LimitReached, PreconditionFailed, Unavailable
from shared.events.files import VersionState
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

VERSIONS = PROJECT + "/versions"
VERSION = VERSIONS + "/{version}"
_READ_ERRORS = [ProjectNotFound, VersionNotFound]

routes = Routes("versions", resource="files")


@routes.get(
    VERSIONS,
    summary="List the versions of a project's files, newest first, as far back as the tier keeps them",
    errors=[ProjectNotFound],
)
async def list_versions(
    principal: Principal, versions: VersionService, project_id: UUID, query: VersionListQuery
) -> PageOf[VersionState]:
    return await versions.find(principal, project_id, query)


@routes.get(VERSION, summary="Read what a version changed", errors=_READ_ERRORS)
async def get_version(
    principal: Principal, versions: VersionService, project_id: UUID, version: int, query: VersionQuery
) -> VersionDetail:
    return await versions.get(principal, project_id, version, query)


@routes.get(VERSION + "/diff", summary="Compare two versions", errors=[*_READ_ERRORS, Unavailable])
async def diff_versions(
    principal: Principal, versions: VersionService, project_id: UUID, version: int, query: DiffQuery
) -> VersionDiff:
    return await versions.diff(principal, project_id, version, query)


@routes.post(
    VERSION + "/restore",
    summary="Go back to a version, by a new one; If-Match names the newest version",
    errors=[*_READ_ERRORS, Forbidden, PreconditionFailed, TierLimitExceeded, LimitReached],
)
async def restore_version(
    principal: Principal, versions: VersionService, project_id: UUID, version: int, if_match: IfMatch
) -> VersionState:
    return await versions.restore(principal, project_id, version, if_match)
