"""Imports the packages that share their name with a folder here, before pytest takes the folders for them."""

import gc
from pathlib import Path

import pytest
import structlog

import gateway  # noqa: F401
import shared  # noqa: F401
from shared.testing.same_starts import remember_starts

_TOGETHER = Path(__file__).parent / "deploy" / "e2e"


def pytest_configure() -> None:
    """Plain tracebacks in what is logged: with `rich` at hand one takes long enough to let short deadlines pass."""
    structlog.configure([structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
    remember_starts()


def pytest_collection_finish() -> None:
    """What exists before the first test stays to the end: no collection of garbage has to look through it again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file stay together when several processes share the work; so do all that need the whole stacks."""
    for item in items:
        group = "e2e" if item.path.is_relative_to(_TOGETHER) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
