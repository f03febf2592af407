"""AMQP topic patterns: words between dots, `*` stands for one word, `#` for any number of them, none included."""

from collections.abc import Sequence


def matches(pattern: str, name: str) -> bool:
    return _matches(pattern.split("."), name.split("."))


def _matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(pattern[1:], words[taken:]) for taken in range(len(words) + 1))
    if not words or pattern[0] not in ("*", words[0]):
        return False
    return _matches(pattern[1:], words[1:])
