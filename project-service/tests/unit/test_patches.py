"""Patches: what `patch` makes of the old text with them is the new one, and none takes long."""

import time

from hypothesis import given, strategies as st

from project_service.versions.patches import unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "é\x0c\u2028\n"]), max_size=40)
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, st.sampled_from(["", "end"]))


def made(old: str, new: str, seconds: float = 5.0) -> str:
    return unified(old, new, "a/x", "b/x", time.monotonic() + seconds)


def applied(old: str, patch: str) -> str:
    """A patch program in small: reads hunks as their headers say and checks that the old lines are there."""
    lines, result, place = old.split("\n"), [], 0
    old_lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    patch_lines = [line + "\n" for line in patch.split("\n")[2:-1]]
    for number, line in enumerate(patch_lines):
        cut = number + 1 < len(patch_lines) and patch_lines[number + 1].startswith("\\")
        text = line[1:-1] if cut else line[1:]
        if line.startswith("@@"):
            first, _, length = line.split()[1][1:].partition(",")
            start = int(first) - (length != "0")
            result += old_lines[place:start]
            place = start
        elif line[0] in " -":
            assert old_lines[place] == text
            place += 1
            if line[0] == " ":
                result.append(text)
        elif line[0] == "+":
            result.append(text)
    return "".join(result + old_lines[place:])


@given(TEXTS, TEXTS)
def test_the_old_text_and_the_patch_make_the_new_text(old: str, new: str) -> None:
    assert applied(old, made(old, new)) == new


@given(TEXTS, TEXTS)
def test_without_time_the_patch_is_longer_and_still_right(old: str, new: str) -> None:
    assert applied(old, made(old, new, seconds=-1)) == new


def test_a_patch_looks_as_everybody_knows_it() -> None:
    patch = made("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nsix\n7\n8\n9")

    assert patch == (
        "--- a/x\n+++ b/x\n@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n-9\n+9\n\\ No newline at end of file\n"
    )


def test_equal_texts_have_an_empty_patch() -> None:
    assert made("a\n", "a\n") == ""


def test_texts_made_to_be_slow_are_answered_in_time() -> None:
    hostile = [
        ("".join(f"{n % 150}\n" for n in range(60_000)), "".join(f"{n * 7 % 150}\n" for n in range(60_000))),
        ("\n" * 250_000, "\n" * 250_001),
        ("".join(f"{n}\n" for n in range(40_000)), "".join(f"{n}\n" for n in reversed(range(40_000)))),
        ("ab" * 250_000, "ba" * 250_000),
    ]
    started = time.monotonic()

    for old, new in hostile:
        assert made(old, new, seconds=0.5)

    assert time.monotonic() - started < 10
