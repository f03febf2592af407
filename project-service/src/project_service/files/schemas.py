"""The wire types of files. A file is answered as the `FileState` that its events carry, with its content if asked."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.files import FileState
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

MAX_FILES = 2_000  # in one batch; a whole project comes as a ZIP archive
MAX_FOLDERS = 10_000  # distinct ones that the files of one batch or archive stand in: each is looked up
MAX_PROJECT_FILES = 20_000  # a listing of all of them is 6 MB, which is what a live client begins with
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_BASE64 = 4 * -(-MAX_FILE_BYTES // 3)  # characters for that many bytes
MAX_BATCH_BYTES = 32 * 1024 * 1024

RawPath = Annotated[str, msgspec.Meta(max_length=4096)]
"""As it was given; `paths.parse_path` decides."""
Language = Annotated[str, msgspec.Meta(max_length=50, pattern=r"^[a-z0-9][a-z0-9+#._-]*\Z")]
Message = Annotated[str, msgspec.Meta(max_length=500)]


class WriteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: RawPath
    content: Annotated[str, msgspec.Meta(max_length=MAX_FILE_BYTES)] | UnsetType = UNSET
    """Text, whose UTF-8 is what counts; this or `content_base64`."""
    content_base64: Annotated[str, msgspec.Meta(max_length=MAX_BASE64)] | UnsetType = UNSET
    language: Language | None = None
    """Absent: what it was, or what the path's ending says."""
    if_version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    """The file's version that this is made from; 0: there is no such file."""

    def __post_init__(self) -> None:
        """Lets other threads run between two files of a batch: the parser holds the interpreter otherwise."""


class WriteFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    files: Annotated[list[WriteFile], msgspec.Meta(max_length=MAX_FILES)] = []
    delete: Annotated[list[RawPath], msgspec.Meta(max_length=MAX_FILES)] = []
    """Paths; one that is not there is fine."""
    message: Message | None = None


class FilesWritten(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    """The newest version of the project's files; a batch that changes nothing makes none."""
    files: list[FileState]
    """Those that were written, in the order of the request."""
    deleted: list[str]


class FileView(FileState, frozen=True, kw_only=True):
    content: str | UnsetType = UNSET
    """Of a file that is UTF-8 text."""
    content_base64: str | UnsetType = UNSET


class FileInclude(WireEnum):
    CONTENT = "content"


class FileQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    include: FileInclude | None = None
    """`content`: files come with it until a page has 8 MiB; read the others one by one."""
    prefix: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    """What the paths begin with."""
    sort: SortText = "path"
    """`path` or `updated_at`; with `-` in front, descending."""
