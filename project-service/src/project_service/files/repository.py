"""Every query on the files of projects. Whether the caller may see the project is asked of `projects` first."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from project_service import limits
from project_service.files.domain import Plan, Tree
from project_service.files.errors import FileNotFound
from project_service.files.paths import path_key
from project_service.files.schemas import FileQuery
from project_service.listing import Arguments, SortKey, converted, page_of, window
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.events.authors import Author
from shared.events.files import FileState, VersionState
from shared.members.authors import author_column
from shared.pagination import PageOf
from shared.principal import Tier

SORT_KEYS = {"path": SortKey("path", str), "updated_at": SortKey("updated_at", datetime)}
_COLUMNS = """
    f.id, f.tenant_id, f.project_id, f.path, f.size, f.sha256, f.language, f.version, f.created_at, f.updated_at
"""
ROWS_AT_ONCE = 1000
"""Of a statement that writes or looks up: what the loop packs without a pause."""
T = TypeVar("T")
_LAST_CHARACTER = "\U0010ffff"  # of no path: it is not assigned


class Listing(NamedTuple):
    """`offset` is the last one of the topic that these files show."""

    files: list[FileState]
    offset: int


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: FileQuery) -> PageOf[FileState]:
    arguments = Arguments([tenant_id, project_id])
    where = "f.tenant_id = $1 and f.project_id = $2" + _prefix(query, arguments)
    tree = await get_tree(work, tenant_id, project_id)
    total = await _total(work, where, arguments, query, tree)
    page = window(query, query.sort, SORT_KEYS, "f", arguments)
    rows = await work.rows(
        f"select {_COLUMNS}, {page.sort_column} as sort_key from files f where {where} {page.condition} {page.order}",
        *arguments,
    )
    found = page_of(query, query.sort, rows, msgspec.convert(rows, list[FileState]), total)
    return msgspec.structs.replace(found, meta={"version": tree.version})


async def get(work: Work, tenant_id: UUID, project_id: UUID, file_id: UUID) -> FileState:
    """Raises FileNotFound."""
    row = await work.row(
        f"select {_COLUMNS} from files f where f.tenant_id = $1 and f.project_id = $2 and f.id = $3",
        tenant_id,
        project_id,
        file_id,
    )
    if row is None:
        raise FileNotFound
    return msgspec.convert(row, FileState)


async def find_all(work: Work, tenant_id: UUID, project_id: UUID) -> list[FileState]:
    """In the order of their paths."""
    select = f"select {_COLUMNS} from files f where f.tenant_id = $1 and f.project_id = $2 order by f.path"
    return await converted(await work.rows(select, tenant_id, project_id), FileState)


async def read_listing(work: Work, tenant_id: UUID, project_id: UUID, topic: str) -> Listing:
    """One statement, so that the offset belongs to exactly these files."""
    rows = await work.rows(_LISTING, tenant_id, project_id, topic)
    offset = rows[0]["offset"]
    return Listing(await converted([row for row in rows if row["id"] is not None], FileState), offset)


async def get_tree(work: Work, tenant_id: UUID, project_id: UUID) -> Tree:
    select = "select version, file_count, total_size from file_trees where tenant_id = $1 and project_id = $2"
    row = await work.row(select, tenant_id, project_id)
    return msgspec.convert(row, Tree) if row else Tree()


async def lock_tree(work: Work, tenant_id: UUID, project_id: UUID) -> Tree:
    """Nobody else writes files of the project until this transaction ends."""
    row = await work.row(_LOCK_TREE, tenant_id, project_id)
    return msgspec.convert(row, Tree)


async def find_by_key(work: Work, tenant_id: UUID, project_id: UUID, keys: Collection[str]) -> dict[str, FileState]:
    """Those of `keys` that are files."""
    found: dict[str, FileState] = {}
    for portion in _portions(list(keys)):
        rows = await work.rows(_FIND_BY_KEY, tenant_id, project_id, portion)
        found.update((row["path_key"], msgspec.convert(row, FileState)) for row in rows)
    return found


async def find_below(work: Work, tenant_id: UUID, project_id: UUID, probes: Mapping[str, int]) -> list[tuple[str, str]]:
    """The first files that have a key of `probes` for a folder, at most so many for each: pairs of it and their key."""
    found: list[tuple[str, str]] = []
    for portion in _portions(list(probes)):
        most = [probes[key] for key in portion]
        rows = await work.rows(_FIND_BELOW, tenant_id, project_id, portion, most)
        found += [(row["folder"], row["path_key"]) for row in rows]
    return found


async def remove(work: Work, tenant_id: UUID, project_id: UUID, files: Sequence[FileState]) -> None:
    delete = "delete from files where tenant_id = $1 and project_id = $2 and id = any($3::uuid[])"
    for portion in _portions(files):
        await work.execute(delete, tenant_id, project_id, [file.id for file in portion])


async def put(work: Work, tenant_id: UUID, project_id: UUID, files: Sequence[FileState]) -> None:
    """Adds, or replaces what has the same path."""
    for portion in _portions(files):
        await work.execute(_PUT, tenant_id, project_id, *_columns_of(portion))


async def add_version(work: Work, version: VersionState, made: Plan, tier: Tier) -> VersionState:
    """The version, what it changed, and the tree as it is now. `tier` says how long the version will be kept.

    Answers the version with the name of its author.
    """
    values: dict[str, Any] = {name: getattr(version, name) for name in _VERSION_FIELDS}
    row = await work.row(_ADD_VERSION, *values.values())
    changes = [
        *(("added", file) for file in made.added),
        *(("updated", file) for file in made.updated),
        *(("deleted", file) for file in made.deleted),
    ]
    for portion in _portions(changes):
        columns = _change_columns(portion)
        await work.execute(_ADD_CHANGES, version.tenant_id, version.project_id, version.version, *columns)
    project = (version.tenant_id, version.project_id)
    tree = (version.version, version.file_count, version.total_size)
    await work.execute(_MOVE_TREE, *project, *tree, tier.value, version.created_at)
    await require_within(work, limits.CHANGES_OF_FILES, _COUNT_CHANGES, version.project_id, added=len(changes))
    assert row is not None  # what is inserted is returned
    return msgspec.structs.replace(version, author=msgspec.convert(row["author"], Author))


def _columns_of(files: Sequence[FileState]) -> list[list[Any]]:
    return [
        [file.id for file in files],
        [file.path for file in files],
        [path_key(file.path) for file in files],
        [file.size for file in files],
        [file.sha256 for file in files],
        [file.language for file in files],
        [file.version for file in files],
        [file.created_at for file in files],
        [file.updated_at for file in files],
    ]


def _change_columns(changes: Sequence[tuple[str, FileState]]) -> list[list[Any]]:
    return [
        [file.path for _, file in changes],
        [op for op, _ in changes],
        [file.id for _, file in changes],
        [None if op == "deleted" else file.size for op, file in changes],
        [None if op == "deleted" else file.sha256 for op, file in changes],
        [file.language for _, file in changes],
    ]


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]


def _prefix(query: FileQuery, arguments: Arguments) -> str:
    if not query.prefix:
        return ""
    prefix = unicodedata.normalize("NFC", query.prefix)
    return f" and f.path >= {arguments.add(prefix)} and f.path < {arguments.add(prefix + _LAST_CHARACTER)}"


async def _total(work: Work, where: str, arguments: Arguments, query: FileQuery, tree: Tree) -> int | None:
    """All files of a project are counted already."""
    if not query.include_total:
        return None
    if not query.prefix:
        return tree.file_count
    [row] = await work.rows(f"select count(*) as total from files f where {where}", *arguments)
    total: int = row["total"]
    return total


_LOCK_TREE = """
insert into file_trees as t (tenant_id, project_id) values ($1, $2)
on conflict (project_id) do update set version = t.version
returning version, file_count, total_size
"""
_LISTING = f"""
select {_COLUMNS}, at."offset" from (
    select coalesce(max(last_offset), 0) as "offset" from topic_offsets where tenant_id = $1 and topic = $3
) at left join files f on f.tenant_id = $1 and f.project_id = $2 order by f.path
"""
_FIND_BY_KEY = f"select {_COLUMNS}, f.path_key from files_by_key($2, $3::text[]) f where f.tenant_id = $1"
_FIND_BELOW = "select folder, path_key from files_below($1, $2, $3::text[], $4::int[])"
_PUT = """
insert into files (tenant_id, project_id, id, path, path_key, size, sha256, language, version, created_at, updated_at)
select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::int[],
                             $10::timestamptz[], $11::timestamptz[])
on conflict (project_id, path_key) do update
set size = excluded.size, sha256 = excluded.sha256, language = excluded.language, version = excluded.version,
    updated_at = excluded.updated_at
"""
_VERSION_FIELDS = (
    "id", "tenant_id", "project_id", "version", "kind", "message", "author_id", "added", "updated", "deleted",
    "file_count", "total_size", "created_at",
)  # fmt: skip
_ADD_VERSION = f"""
insert into versions as v ({", ".join(_VERSION_FIELDS)})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
returning {author_column("v.author_id", "v.tenant_id", "v.created_at")}
"""
_ADD_CHANGES = """
insert into file_changes (tenant_id, project_id, version, path, op, file_id, size, sha256, language)
select $1, $2, $3, * from unnest($4::text[], $5::text[], $6::uuid[], $7::int[], $8::text[], $9::text[])
"""
_COUNT_CHANGES = "select coalesce(sum(added + updated + deleted), 0)::bigint from versions where project_id = $1"
_MOVE_TREE = """
update file_trees
set version = $3, file_count = $4, total_size = $5, tier = $6,
    tier_since = case when tier is distinct from $6 then $7 else tier_since end
where tenant_id = $1 and project_id = $2
"""
