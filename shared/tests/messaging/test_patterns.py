"""Topic patterns, as RabbitMQ reads them."""

import pytest
from hypothesis import given, strategies as st

from shared.messaging.patterns import matches

names = st.lists(st.sampled_from(["a", "b", "task"]), min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("project.task.updated", "project.task.updated", True),
        ("project.task.updated", "project.task.added", False),
        ("project.*.updated", "project.task.updated", True),
        ("project.*", "project.task.updated", False),
        ("project.#", "project", True),
        ("#.updated", "project.task.updated", True),
        ("project.#.updated", "project.updated", True),
        ("*.#.*", "project", False),
        ("*.#.*", "project.task", True),
        ("project.task", "project.task.updated", False),
    ],
)
def test_a_star_is_one_word_and_a_hash_any_number(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(names)
def test_a_name_matches_itself_and_the_hash(name: str) -> None:
    assert matches(name, name)
    assert matches("#", name)


@given(names)
def test_stars_match_exactly_as_many_words(name: str) -> None:
    stars = ".".join("*" for _ in name.split("."))

    assert matches(stars, name)
    assert not matches(f"{stars}.*", name)
