"""Answers that are being written right now, as far as this node has heard: what readers follow without the database."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from shared.errors import LimitReached

MAX_READERS = 32  # of one run on one node: its user's devices, not a crowd


class LiveRun:
    """A contiguous stretch of deltas, numbered from 1. `news` is set, and replaced, when there is more to read."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.is_over = False
        self.is_written_here = False
        """Then all of it is known, from the first delta on."""
        self.readers = 0
        self._first = 1
        self._deltas: list[str] = []

    @property
    def last(self) -> int:
        return self._first + len(self._deltas) - 1

    def accept(self, first: int, deltas: Sequence[str], *, is_over: bool = False) -> None:
        """What is known already is left out; behind a hole the stretch begins anew."""
        if first > self.last + 1:
            self._first, self._deltas = first, []
        self._deltas += deltas[max(0, self.last + 1 - first) :]
        self.is_over = self.is_over or is_over
        news, self.news = self.news, asyncio.Event()
        news.set()

    def after(self, number: int) -> Sequence[str] | None:
        """The deltas behind the `number`-th; None when the first of them is missing here."""
        if number + 1 < self._first:
            return None
        return self._deltas[number + 1 - self._first :]


class LiveRuns:
    def __init__(self) -> None:
        self._runs: dict[UUID, LiveRun] = {}

    @contextmanager
    def follow(self, run_id: UUID) -> Iterator[LiveRun]:
        """Known for as long as somebody reads or writes it. Raises LimitReached."""
        run = self._runs.setdefault(run_id, LiveRun())
        if run.readers - run.is_written_here >= MAX_READERS:
            raise LimitReached("readers of a run", MAX_READERS)
        run.readers += 1
        try:
            yield run
        finally:
            self._leave(run_id)

    def begin(self, run_id: UUID) -> LiveRun:
        """To be written on this node, until `end`."""
        run = self._runs.setdefault(run_id, LiveRun())
        run.readers += 1
        run.is_written_here = True
        return run

    def end(self, run_id: UUID) -> None:
        self._leave(run_id)

    def find(self, run_id: UUID) -> LiveRun | None:
        return self._runs.get(run_id)

    def _leave(self, run_id: UUID) -> None:
        run = self._runs[run_id]
        run.readers -= 1
        if not run.readers:
            del self._runs[run_id]
