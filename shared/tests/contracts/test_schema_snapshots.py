"""Contracts change only together with their version: `python -m shared.events.snapshots --update` after raising it."""

from pathlib import Path
from uuid import UUID

from shared.events.envelope import Event
from shared.events.registry import default_registry
from shared.events.snapshots import differences, update

SNAPSHOTS = Path(__file__).parent / "snapshots"


class NoteAdded(Event, frozen=True, kw_only=True):
    """A note."""

    type = "sample.note.added"
    note_id: UUID
    title: str


class NoteAddedWithMore(NoteAdded, frozen=True, kw_only=True):
    body: str


class NoteAddedAgain(NoteAddedWithMore, frozen=True, kw_only=True):
    schema_version = 2


class NoteAddedExplained(Event, frozen=True, kw_only=True):
    """A note was written, and here is much more about it."""

    type = "sample.note.added"
    note_id: UUID
    title: str


def test_every_contract_is_as_its_snapshot_says() -> None:
    assert list(differences(default_registry(), SNAPSHOTS)) == []


def test_a_changed_contract_has_to_raise_its_version(tmp_path: Path) -> None:
    update([NoteAdded], tmp_path)

    (difference,) = differences([NoteAddedWithMore], tmp_path)

    assert difference.file == "sample.note.added.v1.json"
    assert difference.sentence == "NoteAddedWithMore changed: raise its schema_version"


def test_updating_never_overwrites_a_version(tmp_path: Path) -> None:
    update([NoteAdded], tmp_path)
    before = (tmp_path / "sample.note.added.v1.json").read_text()

    update([NoteAddedWithMore], tmp_path)

    assert (tmp_path / "sample.note.added.v1.json").read_text() == before


def test_a_raised_version_is_new_until_it_has_a_snapshot(tmp_path: Path) -> None:
    update([NoteAdded], tmp_path)

    (difference,) = differences([NoteAddedAgain], tmp_path)
    update([NoteAddedAgain], tmp_path)

    assert difference.is_new
    assert list(differences([NoteAddedAgain], tmp_path)) == []


def test_a_contract_that_is_gone_is_noticed(tmp_path: Path) -> None:
    update([NoteAdded], tmp_path)

    (difference,) = differences([], tmp_path)

    assert difference.sentence.startswith("the contract is gone")


def test_words_about_a_contract_are_not_part_of_it(tmp_path: Path) -> None:
    update([NoteAdded], tmp_path)

    found = [difference.sentence for difference in differences([NoteAddedExplained], tmp_path)]

    assert found == []
