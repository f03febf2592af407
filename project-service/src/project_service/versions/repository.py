"""Every query on versions. Whether the caller may see the project is asked of `projects` first."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.listing import Arguments, Int, SortKey, converted, page_of, window
from project_service.versions.errors import VersionNotFound
from project_service.versions.schemas import FileChange, FileThen, VersionListQuery
from shared.db.unit_of_work import Work
from shared.events.files import VersionState
from shared.members.authors import author_column
from shared.pagination import PageOf

SORT_KEYS = {"version": SortKey("version", Int)}
_COLUMNS = f"""
    v.id, v.tenant_id, v.project_id, v.version, v.kind, v.message, v.author_id, v.added, v.updated, v.deleted,
    v.file_count, v.total_size, v.created_at, v.created_at as updated_at,
    {author_column("v.author_id", "v.tenant_id", "v.created_at")}
"""


class Difference(NamedTuple):
    """One path in two versions; None where it is not there."""

    path: str
    old_sha256: str | None
    old_size: int | None
    new_sha256: str | None
    new_size: int | None
    new_language: str | None


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: VersionListQuery) -> PageOf[VersionState]:
    """Versions have no holes: the numbers of the first and the newest one say how many there are."""
    arguments = Arguments([tenant_id, project_id])
    tree = "from file_trees where tenant_id = $1 and project_id = $2"
    counted = f"(select version - first_version + 1 {tree} and version > 0)"
    page = window(query, query.sort, SORT_KEYS, "v", arguments)
    rows = await work.rows(
        f"""
        select {_COLUMNS}, v.version as sort_key from versions v
        where v.tenant_id = $1 and v.project_id = $2 and v.version >= (select first_version {tree})
            {page.condition} {page.order}
        """,
        *arguments,
    )
    total = None
    if query.include_total:
        [row] = await work.rows(f"select coalesce({counted}, 0) as total", tenant_id, project_id)
        total = row["total"]
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[VersionState]), total)


async def get(work: Work, tenant_id: UUID, project_id: UUID, version: int) -> VersionState:
    """Raises VersionNotFound, also for one that is kept no longer."""
    row = await work.row(_GET, tenant_id, project_id, version)
    if row is None:
        raise VersionNotFound
    return msgspec.convert(row, VersionState)


async def is_first(work: Work, tenant_id: UUID, project_id: UUID, version: int) -> bool:
    """Whether none is kept that is older."""
    sql = "select from file_trees where tenant_id = $1 and project_id = $2 and first_version = $3"
    return await work.row(sql, tenant_id, project_id, version) is not None


async def find_changes(work: Work, tenant_id: UUID, project_id: UUID, version: int) -> list[FileChange]:
    rows = await work.rows(
        """
        select path, op, file_id, size, sha256, language from file_changes
        where tenant_id = $1 and project_id = $2 and version = $3 order by path
        """,
        tenant_id,
        project_id,
        version,
    )
    return await converted(rows, FileChange)


async def find_files(work: Work, tenant_id: UUID, project_id: UUID, version: int) -> list[FileThen]:
    """All files of the project as they were, by path."""
    rows = await work.rows(_FILES_THEN, tenant_id, project_id, version)
    return await converted(rows, FileThen)


async def find_differences(work: Work, tenant_id: UUID, project_id: UUID, old: int, new: int) -> list[Difference]:
    """Paths that are not the same in both, by path. Costs what changed between them, not what there is."""
    rows = await work.rows(_DIFFERENCES, tenant_id, project_id, old, new, min(old, new), max(old, new))
    return [Difference(**row) for row in rows]


_GET = f"""
select {_COLUMNS} from versions v join file_trees t on t.project_id = v.project_id and v.version >= t.first_version
where v.tenant_id = $1 and v.project_id = $2 and v.version = $3
"""
_FILES_THEN = """
select path, size, sha256, language from (
    select distinct on (path) path, size, sha256, language from file_changes
    where tenant_id = $1 and project_id = $2 and version <= $3
    order by path, version desc
) last_changes where sha256 is not null order by path
"""
_LAST_CHANGE = """
    select sha256, size, language from file_changes c
    where c.tenant_id = $1 and c.project_id = $2 and c.path = touched.path and c.version <= {version}
    order by c.version desc limit 1
"""
_DIFFERENCES = f"""
select touched.path, old.sha256 as old_sha256, old.size as old_size, new.sha256 as new_sha256, new.size as new_size,
       new.language as new_language
from (
    select distinct path from file_changes
    where tenant_id = $1 and project_id = $2 and version > $5 and version <= $6
) touched
left join lateral ({_LAST_CHANGE.format(version="$3")}) old on true
left join lateral ({_LAST_CHANGE.format(version="$4")}) new on true
where (old.sha256, old.language) is distinct from (new.sha256, new.language)
  and (old.sha256 is not null or new.sha256 is not null) order by touched.path
"""
