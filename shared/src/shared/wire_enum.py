"""Enumerations on the wire: lower case when written, any case when read."""

from enum import StrEnum
from typing import Self


class WireEnum(StrEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        lowered = value.lower() if isinstance(value, str) else value
        return next((member for member in cls if member.value == lowered), None)
