"""Reads ZIP archives of strangers: nothing an archive says of itself is believed, nothing is written to a disk.

Slow, for a thread.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from project_service.archives.errors import InvalidArchive
from project_service.blobs.domain import Content
from project_service.files.domain import MAX_REPORTED, clashes, has_too_many_folders
from project_service.files.paths import UnfitPath, parse_path
from project_service.files.schemas import MAX_FILE_BYTES, MAX_FOLDERS

MIB = 1024 * 1024
MAX_FILES = 10_000  # folders of the archive included
MAX_ARCHIVE_BYTES = 100 * MIB
MAX_TOTAL_BYTES = 256 * MIB
MAX_DIRECTORY_BYTES = 8 * MIB  # zipfile holds all of it in memory
MAX_RATIO = 100  # of what comes out to the archive; real source code stays below 20
ALWAYS_FINE_BYTES = 10 * MIB  # a ratio says nothing about little
GROUP_BYTES = 4 * MIB  # what is held in memory, besides one file
_PART_BYTES = 64 * 1024
_ENCRYPTED = 0x1
_END = struct.Struct("<4s4H2LH")
_ENTRY_MARK, _END_MARK, _LARGE_MARK = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 65535
_LOCAL_HEADER_BYTES = 30  # before the name and the extra field, whose lengths are its last four bytes
_LOCAL_LENGTHS = struct.Struct("<2H")


class Entry(NamedTuple):
    path: str
    content: Content


class Archive:
    """Raises InvalidArchive here and while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._size = _require_modest_directory(file)
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, OSError, ValueError, UnicodeDecodeError, NotImplementedError) as error:
            raise InvalidArchive.because("invalid", "This is not a ZIP archive.") from error
        self._members = _read_members(self._zip.infolist())
        _require_apart(file, self._zip.infolist(), self._zip.start_dir)
        self._contents = self._read_all()

    def next_group(self) -> list[Entry]:
        """The next files, some MiB of them; empty at the end."""
        group: list[Entry] = []
        size = 0
        for entry in self._contents:
            group.append(entry)
            size += len(entry.content.data)
            if size >= GROUP_BYTES:
                break
        return group

    def rewind(self) -> None:
        """`next_group` begins again."""
        self._contents = self._read_all()

    def _read_all(self) -> Iterator[Entry]:
        total = 0
        for path, member in self._members:
            data = self._read(member, path, total)
            total += len(data)
            yield Entry(path, Content.of(data))

    def _read(self, member: ZipInfo, path: str, total: int) -> bytes:
        """Counted as it is inflated: the sizes that the archive states are the attacker's."""
        data = bytearray()
        try:
            with self._zip.open(member) as source:
                while part := source.read(_PART_BYTES):
                    data += part
                    self._refuse_too_much(path, len(data), total + len(data))
        except (BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise InvalidArchive.because("damaged", "The content cannot be read.", path) from error
        return bytes(data)

    def _refuse_too_much(self, path: str, size: int, total: int) -> None:
        if size > MAX_FILE_BYTES:
            raise InvalidArchive.because("too_long", f"A file has at most {MAX_FILE_BYTES} bytes.", path)
        if total > MAX_TOTAL_BYTES:
            raise InvalidArchive.because("too_large", f"All files together have at most {MAX_TOTAL_BYTES} bytes.", path)
        if total > max(ALWAYS_FINE_BYTES, MAX_RATIO * self._size):
            raise InvalidArchive.because("bomb", "Far more comes out than such an archive can hold.", path)


def _require_modest_directory(file: IO[bytes]) -> int:
    """The size of the archive. Looks for the end record where zipfile does, before zipfile loads what it points at."""
    size = file.seek(0, 2)
    file.seek(max(size - _END.size - _LONGEST_COMMENT, 0))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(_END_MARK)
    if place < 0 or len(tail) - place < _END.size:
        raise InvalidArchive.because("invalid", "This is not a ZIP archive, or not all of one.")
    _, _, _, _, count, directory, _, _ = _END.unpack_from(tail, place)
    if tail[max(place - 20, 0) :].startswith(_LARGE_MARK):
        raise InvalidArchive.because("too_large", "Archives of more than 4 GiB or 65,535 files are not read.")
    if (
        count > MAX_FILES
        or directory > MAX_DIRECTORY_BYTES
        or _entries_before(file, size - len(tail) + place, directory) > MAX_FILES
    ):
        raise InvalidArchive.because("too_many", f"An archive has at most {MAX_FILES} files.")
    return size


def _entries_before(file: IO[bytes], end: int, directory: int) -> int:
    """At least as many as zipfile makes objects of: the count that the end record states is the attacker's."""
    file.seek(max(end - directory, 0))
    entries = file.read(directory).count(_ENTRY_MARK)
    file.seek(0)
    return entries


def _require_apart(file: IO[bytes], infos: list[ZipInfo], directory_start: int) -> None:
    """No two entries share bytes: one content under many names is a bomb. What zipfile does depends on the Python."""
    end = directory_start
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        if _end_of_data(file, info) > end:
            raise InvalidArchive.because("damaged", "Entries overlap.", info.orig_filename)
        end = info.header_offset


def _end_of_data(file: IO[bytes], info: ZipInfo) -> int:
    """Where the data of an entry end, by the lengths in the header before them."""
    lengths = info.header_offset + _LOCAL_HEADER_BYTES - _LOCAL_LENGTHS.size
    file.seek(max(lengths, 0))
    header = file.read(_LOCAL_LENGTHS.size)
    if info.header_offset < 0 or len(header) < _LOCAL_LENGTHS.size:
        raise InvalidArchive.because("damaged", "The content cannot be read.", info.orig_filename)
    name_bytes, extra_bytes = _LOCAL_LENGTHS.unpack(header)
    return info.header_offset + _LOCAL_HEADER_BYTES + int(name_bytes) + int(extra_bytes) + info.compress_size


def _read_members(infos: list[ZipInfo]) -> list[tuple[str, ZipInfo]]:
    """Every file with its canonical path; raises InvalidArchive naming all that are wrong."""
    if len(infos) > MAX_FILES:
        raise InvalidArchive.because("too_many", f"An archive has at most {MAX_FILES} files.")
    members: list[tuple[str, ZipInfo]] = []
    wrong: list[dict[str, str]] = []
    for info in infos:
        name = info.orig_filename  # `filename` ends at a NUL, which is one more way to hide something
        try:
            path = parse_path(name.removesuffix("/") if info.is_dir() else name)
            _require_plain(info)
        except UnfitPath as reason:
            wrong.append({"name": name, "code": "invalid_path", "message": str(reason)})
        except _Unsupported as reason:
            wrong.append({"name": name, "code": reason.code, "message": str(reason)})
        else:
            members += [] if info.is_dir() else [(path, info)]
    if has_too_many_folders(path for path, _ in members):
        raise InvalidArchive.because("too_many_folders", f"An archive has at most {MAX_FOLDERS} different folders.")
    found = clashes((path, path) for path, _ in members)
    wrong += [{"name": clash.path, "code": clash.code, "message": clash.message} for clash in found]
    if wrong:
        raise InvalidArchive(details={"entries": [_printable(each) for each in wrong[:MAX_REPORTED]]})
    return members


class _Unsupported(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def _require_plain(info: ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise _Unsupported("encrypted", "Encrypted files are not read.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _Unsupported("not_a_file", "Links and devices are not imported.")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _Unsupported("compression", "Files are stored or deflated.")


def _printable(wrong: dict[str, str]) -> dict[str, str]:
    """Names of strangers, cut and freed of what no JSON reader takes."""
    return {**wrong, "name": wrong["name"][:200].encode(errors="replace").decode()}
