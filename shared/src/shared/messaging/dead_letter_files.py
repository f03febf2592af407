"""Dead letters of the in-process bus: one file each, `<folder>/<queue>/<id>.json`; a marked one is to be replayed."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

MAX_LETTERS = 10_000
"""Of one queue. Far more than anybody reads one by one: what dies beyond them is tried again until there is room."""

LETTER_SUFFIX = ".json"
MARKED_SUFFIX = ".replay"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message nobody could handle. `attempt` is the last one made; times are UTC."""

    id: UUID
    queue: str
    type: str
    reason: str
    attempt: int
    first_failed: datetime
    died: datetime
    body: bytes


class DeadLetterFiles:
    """All methods touch the disk: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, letter: DeadLetter) -> bool:
        """False: MAX_LETTERS of its queue are here already, and this one is not."""
        target = self._path(letter.queue, letter.id)
        target.parent.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in os.scandir(target.parent)) >= MAX_LETTERS:
            return False
        draft = target.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(letter))
        draft.replace(target)
        return True

    def read(self, queue: str | None = None) -> list[DeadLetter]:
        """Oldest first."""
        letters = (_read(path) for path in self._paths(queue, LETTER_SUFFIX))
        return sorted(letters, key=lambda letter: letter.died)

    def mark(self, letter: DeadLetter) -> None:
        """Ask the running bus to deliver it again; it looks once a second."""
        path = self._path(letter.queue, letter.id)
        path.rename(path.with_suffix(MARKED_SUFFIX))

    def take_marked(self, queues: set[str]) -> list[DeadLetter]:
        """Those marked for one of these queues, oldest first; their files are gone afterwards."""
        taken = []
        for path in self._paths(None, MARKED_SUFFIX):
            if path.parent.name in queues:
                taken.append(_read(path))
                path.unlink()
        return sorted(taken, key=lambda letter: letter.died)

    def _path(self, queue: str, letter_id: UUID) -> Path:
        return self._folder / queue / f"{letter_id}{LETTER_SUFFIX}"

    def _paths(self, queue: str | None, suffix: str) -> Iterator[Path]:
        return self._folder.glob(f"{queue or '*'}/*{suffix}")


def _read(path: Path) -> DeadLetter:
    return msgspec.json.decode(path.read_bytes(), type=DeadLetter)
