"""What a batch of writes does to a project's files, decided without a database."""

import base64
import binascii
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.blobs.domain import Content
from project_service.files.errors import FileVersionConflict, InvalidPath
from project_service.files.languages import language_of
from project_service.files.paths import MAX_LENGTH, UnfitPath, parse_path, path_key
from project_service.files.schemas import (
    MAX_FILE_BYTES,
    MAX_FOLDERS,
    MAX_PROJECT_FILES,
    FileView,
    WriteFile,
    WriteFiles,
)
from shared.errors import FieldError, LimitReached, ValidationFailed
from shared.events.files import FileState, VersionKind
from shared.ids import new_id

MAX_REPORTED = 100


class Draft(NamedTuple):
    """A file as it is to be. `field` is where it stands in the request."""

    path: str
    sha256: str
    size: int
    language: str | None = None
    if_version: int | None = None
    field: str = "path"

    @property
    def key(self) -> str:
        return path_key(self.path)


class Batch(NamedTuple):
    """One future version. Its paths are canonical, and no two of them clash."""

    drafts: Sequence[Draft]
    deletes: Sequence[str] = ()
    kind: VersionKind = VersionKind.WRITE
    message: str | None = None


class BatchKeys(NamedTuple):
    """What a batch asks of the database, by key."""

    drafts: set[str]
    deletes: set[str]
    folders: set[str]
    """Where the drafts are: each must not be a file."""

    @property
    def all(self) -> set[str]:
        return self.drafts | self.deletes | self.folders


class Tree(msgspec.Struct, frozen=True):
    """All files of a project together."""

    version: int = 0
    file_count: int = 0
    total_size: int = 0


class Plan(NamedTuple):
    """`files` are the drafts as they will be, those that change nothing included; `replaced` what is updated."""

    files: list[FileState]
    added: list[FileState]
    updated: list[FileState]
    deleted: list[FileState]
    replaced: list[FileState]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.updated or self.deleted)

    @property
    def written(self) -> list[FileState]:
        return self.added + self.updated

    def grown(self, tree: Tree) -> Tree:
        size = sum(file.size for file in self.written) - sum(file.size for file in self.deleted + self.replaced)
        count = len(self.added) - len(self.deleted)
        return Tree(tree.version + 1, tree.file_count + count, tree.total_size + size)


def read_batch(body: WriteFiles) -> tuple[Batch, list[Content]]:
    """Raises ValidationFailed, or InvalidPath when a path is among what is wrong. Takes a while for large ones."""
    wrong: list[FieldError] = []
    contents = [_read_content(file, f"files.{place}", wrong) for place, file in enumerate(body.files)]
    given = [(f"files.{place}.path", file.path) for place, file in enumerate(body.files)]
    given += [(f"delete.{place}", path) for place, path in enumerate(body.delete)]
    has_unfit_path, paths = _read_paths(given, wrong)
    if wrong:
        raise (InvalidPath if has_unfit_path else ValidationFailed)(wrong[:MAX_REPORTED])
    drafts = [
        Draft(path, content.sha256, len(content.data), file.language, file.if_version, field)
        for (field, _), path, file, content in zip(given, paths, body.files, contents, strict=False)
    ]
    return Batch(drafts, paths[len(drafts) :], message=body.message), contents


def keys_of(batch: Batch) -> BatchKeys:
    drafts = {draft.key for draft in batch.drafts}
    folders = {folder for key in drafts for folder in folders_of(key)}
    return BatchKeys(drafts, {path_key(path) for path in batch.deletes}, folders)


def has_too_many_folders(paths: Iterable[str]) -> bool:
    """Stops counting at the limit: paths of strangers may have very many."""
    found: set[str] = set()
    for path in paths:
        found.update(folders_of(path))
        if len(found) > MAX_FOLDERS:
            return True
    return False


def clashes(paths: Iterable[tuple[str, str]]) -> Iterator[FieldError]:
    """Paths that differ in letter case only, and files that others need as a folder. Pairs of place and path."""
    given = list(paths)
    known: dict[str, str] = {}
    for field, path in given:
        key = path_key(path)
        if key in known:
            is_same = known[key] == path
            text = "This path is given twice." if is_same else f"Differs from {known[key]!r} in letter case only."
            yield FieldError(field, "duplicate" if is_same else "case_clash", text)
        known.setdefault(key, path)
    for field, path in given:
        if any(folder in known for folder in folders_of(path_key(path))):
            yield FieldError(field, "folder_clash", "A file has the name of a folder of this path.")


def folders_of(path: str) -> Iterator[str]:
    end = path.find("/")
    while end > 0:
        yield path[:end]
        end = path.find("/", end + 1)


def deleted_files(batch: Batch, current: Mapping[str, FileState]) -> dict[str, FileState]:
    """By key. A path in another letter case than the file's deletes nothing."""
    found = ((path_key(path), path) for path in batch.deletes)
    return {key: current[key] for key, path in found if key in current and current[key].path == path}


def folder_probes(keys: BatchKeys, current: Collection[str], deleted: Collection[str]) -> dict[str, int]:
    """For each draft that is new: how many files below its path have to be read to know whether one of them stays."""
    probes = dict.fromkeys(keys.drafts - set(current), 1)
    for folder in (folder for key in deleted for folder in folders_of(key)):
        if folder in probes:
            probes[folder] += 1
    return probes


def plan(
    batch: Batch,
    current: Mapping[str, FileState],
    deleted: Mapping[str, FileState],
    folders: Collection[str],
    tenant_id: UUID,
    project_id: UUID,
    now: datetime,
) -> Plan:
    """`current` are by key the files that the batch names and those that stand where it needs folders; `deleted` those
    of them that go; `folders` the keys of drafts that will still be folders. Raises InvalidPath or FileVersionConflict.
    """
    remaining = {key: file for key, file in current.items() if key not in deleted}
    _refuse_taken(batch.drafts, remaining, folders)
    _refuse_conflicts(batch.drafts, current)
    made = Plan([], [], [], list(deleted.values()), [])
    for draft in batch.drafts:
        before = remaining.get(draft.key)
        file = _added(draft, tenant_id, project_id, now) if before is None else _updated(draft, before, now)
        made.files.append(file)
        if before is None:
            made.added.append(file)
        elif file is not before:
            made.updated.append(file)
            made.replaced.append(before)
    return made


def require_file_room(before: Tree, after: Tree) -> None:
    """Raises LimitReached. A project that has more already may change, but not grow."""
    if after.file_count > max(MAX_PROJECT_FILES, before.file_count):
        raise LimitReached("files of a project", MAX_PROJECT_FILES)


def with_content(file: FileState, content: bytes | None) -> FileView:
    view = FileView(**{name: getattr(file, name) for name in FileState.__struct_fields__})
    if content is None:
        return view
    text = as_text(content)
    if text is None:
        return msgspec.structs.replace(view, content_base64=base64.b64encode(content).decode())
    return msgspec.structs.replace(view, content=text)


def as_text(content: bytes) -> str | None:
    """None for what is not UTF-8, or has a NUL, which is as good as never text."""
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None


def _read_content(file: WriteFile, field: str, wrong: list[FieldError]) -> Content:
    data = b""
    if (file.content is msgspec.UNSET) == (file.content_base64 is msgspec.UNSET):
        wrong.append(FieldError(f"{field}.content", "required", "Give either content or content_base64."))
    elif isinstance(file.content, str):
        data = file.content.encode()
    elif isinstance(file.content_base64, str):
        try:
            data = base64.b64decode(file.content_base64, validate=True)
        except (binascii.Error, ValueError):
            wrong.append(FieldError(f"{field}.content_base64", "invalid_format", "This is not base64."))
    if len(data) > MAX_FILE_BYTES:
        wrong.append(FieldError(f"{field}.content", "too_long", f"A file has at most {MAX_FILE_BYTES} bytes."))
    return Content.of(data)


def _read_paths(given: Sequence[tuple[str, str]], wrong: list[FieldError]) -> tuple[bool, list[str]]:
    """Whether one is unfit, and all that are fit."""
    fit: list[tuple[str, str]] = []
    unfit: list[FieldError] = []
    for field, text in given:
        try:
            fit.append((field, _read_path(field, text)))
        except UnfitPath as reason:
            unfit.append(FieldError(field, "invalid_path", str(reason)))
    if has_too_many_folders(path for field, path in fit if _is_written(field)):
        unfit.append(FieldError("files", "too_many_folders", f"A batch has at most {MAX_FOLDERS} different folders."))
    else:
        unfit += _clashes_in_batch(fit)
    wrong += unfit
    return bool(unfit), [path for _, path in fit]


def _read_path(field: str, text: str) -> str:
    return parse_path(text) if _is_written(field) else parse_path(text, max_depth=MAX_LENGTH)


def _is_written(field: str) -> bool:
    return field.startswith("files.")


def _clashes_in_batch(given: Sequence[tuple[str, str]]) -> Iterator[FieldError]:
    """A path may be deleted to make room for another spelling of it; the same one is not both."""
    written = [pair for pair in given if _is_written(pair[0])]
    deleted = [pair for pair in given if not _is_written(pair[0])]
    yield from clashes(written)
    seen = {path for _, path in written}
    for field, path in deleted:
        if path in seen:
            yield FieldError(field, "duplicate", "This path is given twice.")
        seen.add(path)


def _refuse_taken(drafts: Sequence[Draft], remaining: Mapping[str, FileState], folders: Collection[str]) -> None:
    wrong: list[FieldError] = []
    for draft in drafts:
        other = remaining.get(draft.key)
        if other is not None and other.path != draft.path:
            text = f"Differs from the file {other.path!r} in letter case only."
            wrong.append(FieldError(draft.field, "case_clash", text))
        elif draft.key in folders:
            wrong.append(FieldError(draft.field, "folder_clash", "A folder has this name."))
        elif any(folder in remaining for folder in folders_of(draft.key)):
            text = "A file has the name of a folder of this path."
            wrong.append(FieldError(draft.field, "folder_clash", text))
    if wrong:
        raise InvalidPath(wrong[:MAX_REPORTED])


def _refuse_conflicts(drafts: Sequence[Draft], current: Mapping[str, FileState]) -> None:
    conflicts = []
    for draft in drafts:
        file = current.get(draft.key)
        version = file.version if file is not None else 0
        if draft.if_version is not None and draft.if_version != version:
            found = {"version": version or None, "sha256": file.sha256 if file else None}
            conflicts.append({"path": draft.path, "if_version": draft.if_version, **found})
    if conflicts:
        raise FileVersionConflict(details={"files": conflicts[:MAX_REPORTED]})


def _added(draft: Draft, tenant_id: UUID, project_id: UUID, now: datetime) -> FileState:
    return FileState(
        id=new_id(),
        tenant_id=tenant_id,
        project_id=project_id,
        path=draft.path,
        size=draft.size,
        sha256=draft.sha256,
        language=draft.language or language_of(draft.path),
        version=1,
        created_at=now,
        updated_at=now,
    )


def _updated(draft: Draft, before: FileState, now: datetime) -> FileState:
    """The same object where nothing changes."""
    language = draft.language or before.language
    if (draft.sha256, language) == (before.sha256, before.language):
        return before
    return msgspec.structs.replace(
        before, size=draft.size, sha256=draft.sha256, language=language, version=before.version + 1, updated_at=now
    )
