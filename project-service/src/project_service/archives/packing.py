"""Writes ZIP archives in parts, as fast as they are taken: the same files make the same bytes."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from project_service.threads import LongWork

REGULAR_FILE = 0o100644 << 16
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of the format; a real one would make equal files differ


class Member(NamedTuple):
    path: str
    data: bytes


class _Sink:
    """What zipfile writes to. It cannot seek, so sizes follow the contents."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


async def pack(groups: AsyncIterator[Sequence[Member]], threads: LongWork) -> AsyncIterator[bytes]:
    """Compresses one group after the other, in a thread; holds no more than one."""
    sink = _Sink()
    archive = ZipFile(sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload] # a file that can only be written
    async for group in groups:
        await threads.run(_add, archive, group)
        if part := sink.take():
            yield part
    archive.close()
    yield sink.take()


def _add(archive: ZipFile, group: Sequence[Member]) -> None:
    for member in group:
        info = ZipInfo(member.path, EPOCH)
        info.external_attr = REGULAR_FILE
        info.compress_type = ZIP_DEFLATED
        archive.writestr(info, member.data)
