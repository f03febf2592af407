"""Decisions about projects that need no database."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from project_service.projects.schemas import ProjectView
from shared.events.projects import ProjectRole, ProjectState

RESTORABLE_FOR = timedelta(days=30)
_OWNERS_DECIDE = frozenset({"visibility", "archived"})


def role_needed_for(changes: Mapping[str, Any]) -> ProjectRole:
    """Editors change what a project says; who sees it and whether it is put away is up to its owners."""
    return ProjectRole.OWNER if _OWNERS_DECIDE & changes.keys() else ProjectRole.EDITOR


def differences(current: msgspec.Struct, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already."""
    return {name: value for name, value in wanted.items() if getattr(current, name) != value}


def state_of(view: ProjectView) -> ProjectState:
    """What all readers see alike, without what is only the caller's."""
    return msgspec.convert(view, ProjectState, from_attributes=True)
