"""Who passes the wall between tenants: every function of a service that opens system work."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType


def callers_of_system_work(package: ModuleType) -> set[str]:
    """By module, class and function, as in `shares.service.ShareService.read`."""
    root = Path(package.__path__[0])
    return {caller for file in root.rglob("*.py") for caller in _callers_in(file, root)}


def _callers_in(file: Path, root: Path) -> Iterator[str]:
    module = ".".join(file.relative_to(root).with_suffix("").parts)
    yield from _calls(ast.parse(file.read_text(encoding="utf-8")), module)


def _calls(node: ast.AST, place: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute) and child.attr in {"system_work", "system_rows"}:
            yield place
        match child:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from _calls(child, f"{place}.{name}")
            case _:
                yield from _calls(child, place)
