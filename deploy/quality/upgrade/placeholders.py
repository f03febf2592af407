"""Names in braces, in paths and bodies, and what they stand for."""

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A copy with every name replaced, at any depth. Raises KeyError for an unknown one."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: names[found[1]], value)
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    if isinstance(value, dict):
        return {key: filled(each, names) for key, each in value.items()}
    return value
