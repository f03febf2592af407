"""System work passes the wall between tenants, so its callers are one list that a reviewer reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import auth_service

REVIEWED = {
    "registration.service.Registrar.register": "makes the tenant that it then belongs to",
    "sessions.service.SignIn.with_password": "an e-mail address says nothing about tenants",
    "sessions.service.Sessions.refresh": "neither does a refresh token",
    "sessions.service.Revocations.since": "the gateway's deny-list is about all tenants",
    "signing_keys.service.KeyRing.open": "the keys belong to the whole installation",
}


def test_system_work_is_done_by_the_reviewed_callers_only() -> None:
    root = Path(auth_service.__path__[0])

    callers = {caller for file in root.rglob("*.py") for caller in _callers_in(file, root)}

    assert callers == REVIEWED.keys()


def _callers_in(file: Path, root: Path) -> Iterator[str]:
    module = ".".join(file.relative_to(root).with_suffix("").parts)
    yield from _calls(ast.parse(file.read_text(encoding="utf-8")), module)


def _calls(node: ast.AST, place: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute) and child.attr in {"system_work", "system_rows"}:
            yield place
        named = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _calls(child, f"{place}.{child.name}" if named else place)
