"""Which passwords are refused. Their length is a matter of the wire type; there are no composition rules."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Self

from shared.errors import FieldError, ValidationFailed

_LISTS = ("common_passwords.txt", "recent_passwords.txt")
"""The 10,000 first of a ranked list, and what has become common since that was counted."""


class PasswordRules:
    def __init__(self, common: frozenset[str]) -> None:
        self._common = common

    @classmethod
    def load(cls) -> Self:
        """With the files beside this module: what attackers try first, one per line, in lower case."""
        texts = (files(__package__).joinpath(name).read_text(encoding="utf-8") for name in _LISTS)
        return cls(frozenset(line for text in texts for line in text.splitlines()))

    def check(self, path: str, password: str) -> None:
        """Raises ValidationFailed."""
        if wrong := list(self.problems(path, password)):
            raise ValidationFailed(wrong)

    def problems(self, path: str, password: str) -> Iterator[FieldError]:
        """`path` is the field's place in the body."""
        if password.lower() in self._common:
            yield FieldError(path, "too_common", "This is one of the passwords that are tried first.")
