"""Archives of strangers: read whole, or refused for what they are."""

import warnings
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings, strategies as st
from zip_attacks import ATTACKS, nested_bomb, with_uncounted_entries, zip_of

from project_service.archives import unpacking
from project_service.archives.errors import InvalidArchive
from project_service.archives.packing import Member, pack
from project_service.archives.unpacking import Archive
from project_service.files.paths import MAX_DEPTH
from project_service.files.schemas import MAX_FOLDERS
from project_service.threads import LongWork

HONEST = zip_of({"README.md": b"# Hi\n", "src/é.py": b"print()\n" * 1000, "empty": b""})


def unpacked(data: bytes) -> dict[str, bytes]:
    archive, files = Archive(BytesIO(data)), {}
    while group := archive.next_group():
        files.update({entry.path: entry.content.data for entry in group})
    return files


def test_an_honest_archive_is_read() -> None:
    assert unpacked(HONEST) == {"README.md": b"# Hi\n", "src/é.py": b"print()\n" * 1000, "empty": b""}
    assert unpacked(zip_of({"folder/": b"", "folder/a": b"1"})) == {"folder/a": b"1"}
    assert unpacked(zip_of({})) == {}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_for_what_it_is(attack: str) -> None:
    data, code = ATTACKS[attack]

    with pytest.raises(InvalidArchive) as refused:
        unpacked(data)

    assert refused.value.details["entries"][0]["code"] == code


def test_entries_are_counted_before_zipfile_makes_objects_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ZipFile", None)

    with pytest.raises(InvalidArchive):
        Archive(BytesIO(with_uncounted_entries()))


def test_a_name_given_twice_is_refused() -> None:
    out = BytesIO()
    with ZipFile(out, "w") as archive, warnings.catch_warnings(action="ignore"):
        archive.writestr("a", "1")
        archive.writestr("a", "2")

    with pytest.raises(InvalidArchive) as refused:
        unpacked(out.getvalue())

    assert [entry["code"] for entry in refused.value.details["entries"]] == ["duplicate"]


def test_deep_and_wide_archives_are_refused() -> None:
    for files, code in (
        ({"a/" * MAX_DEPTH + "a/f": b""}, "invalid_path"),
        (
            {f"{n}/" + "a/" * (MAX_DEPTH - 1) + "f": b"" for n in range(MAX_FOLDERS // MAX_DEPTH + 1)},
            "too_many_folders",
        ),
    ):
        with pytest.raises(InvalidArchive) as refused:
            unpacked(zip_of(files))

        assert [entry["code"] for entry in refused.value.details["entries"]] == [code]


def test_archives_inside_are_files_like_others() -> None:
    files = unpacked(nested_bomb())

    assert sum(len(data) for data in files.values()) < 1024 * 1024


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(HONEST) - 1), st.binary(max_size=6), st.integers(0, 12))
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(place: int, noise: bytes, dropped: int) -> None:
    damaged = HONEST[:place] + noise + HONEST[place + dropped :]

    try:
        unpacked(damaged)
    except InvalidArchive:
        return


async def test_what_is_packed_is_unpacked_the_same() -> None:
    files = {"b": b"1" * 100_000, "a/é": b"", "c": bytes(range(256))}

    async def groups():  # type: ignore[no-untyped-def]
        for path, data in files.items():
            yield [Member(path, data)]

    threads = LongWork("tests")
    first = b"".join([part async for part in pack(groups(), threads)])
    second = b"".join([part async for part in pack(groups(), threads)])

    assert unpacked(first) == files
    assert first == second
