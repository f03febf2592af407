"""Every operation of every service has a name in the audit log."""

import re

import pytest

import auth_service.app
import conversation_service.app
import project_service.app
from gateway.audit.actions import COLLECTIONS, SINGLES, VERBS, action_of

ROUTES = (*auth_service.app.ROUTES, *project_service.app.ROUTES, *conversation_service.app.ROUTES)
OPERATIONS = sorted(
    {(op.method, op.path) for group in ROUTES for op in group.operations if op.path.startswith("/api/v1/")}
)
ID = "0198c7f0-0000-7000-8000-000000000001"
NAMES_ONE = {"me", "current"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_has_an_action_of_its_own_words(method: str, path: str) -> None:
    words = {word for word in path.removeprefix("/api/v1/").split("/") if not word.startswith("{")}
    known = {word.rpartition("/")[2] for word in (*COLLECTIONS, *SINGLES, *VERBS)} | NAMES_ONE

    action = action_of(method, re.sub(r"\{\w+\}", ID, path).encode())

    assert words <= known, "name the new word in gateway/audit/actions.py"
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action)
    assert not action.startswith("unknown.")
