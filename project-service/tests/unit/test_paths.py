"""Which paths a file may have."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from project_service.files.paths import MAX_LENGTH, MAX_MARKS, UnfitPath, parse_path, path_key

SEGMENT = st.text(st.characters(exclude_characters="/"), max_size=12)


@pytest.mark.parametrize(
    "path",
    ["a", "src/main.py", ".env", "a..b", "...a", "名前/файл.txt", "a b/c-d_e.f", "console.log", "é", "x" * MAX_LENGTH],
)
def test_ordinary_paths_stay_as_they_are(path: str) -> None:
    assert parse_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "a//b", "a/", "./a", "a/./b", "..", "../a", "a/../b", "a\\b", "..\\a", "a\x00b", "a\nb",
        "a\x7f", "a\u202eb", "a\ud800", "a\uffff", "a.", "a ", " a", "a/b. /c", "nul", "NUL.txt", "a/Com1.py", "con ",
        "c:/x", "a?b", "a*", 'a"b', "a<b", "a|b", "x" * (MAX_LENGTH + 1),
    ],
)  # fmt: skip
def test_paths_that_some_system_reads_in_another_way_are_refused(path: str) -> None:
    with pytest.raises(UnfitPath):
        parse_path(path)


def test_a_path_is_composed_before_it_is_compared() -> None:
    assert parse_path("e\u0301.txt") == "é.txt"


def test_a_letter_has_as_many_marks_as_languages_need() -> None:
    marks = "\u05b0\u0315" * (MAX_MARKS // 2)

    assert len(parse_path(f"a{marks}b")) == MAX_MARKS + 2
    with pytest.raises(UnfitPath, match="marks"):
        parse_path(f"a{marks}\u05b0b")


@pytest.mark.parametrize(("one", "other"), [("README", "readme"), ("Straße", "STRASSE"), ("É", "e\u0301")])
def test_spellings_that_differ_in_case_only_have_one_key(one: str, other: str) -> None:
    assert path_key(parse_path(one)) == path_key(parse_path(other))


@given(st.lists(SEGMENT, max_size=5).map("/".join) | st.text(max_size=40))
def test_whatever_is_given_a_path_is_canonical_or_refused(text: str) -> None:
    try:
        path = parse_path(text)
    except UnfitPath:
        return

    segments = path.split("/")
    assert not {"", ".", ".."} & set(segments)
    assert parse_path(path) == path
    assert unicodedata.is_normalized("NFC", path)
    assert path == unicodedata.normalize("NFC", text)
    assert not any(unicodedata.category(letter) == "Cc" for letter in path)
    assert "\\" not in path
    assert len(path) <= MAX_LENGTH
