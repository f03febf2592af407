"""`python -m shared.personal_data_page --update`: writes what the services' lists say about people as a page."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from shared.personal_data import Table, as_markdown

SERVICES = ("auth", "project", "conversation")
PAGE = Path(__file__).parents[2] / "docs" / "personal-data.md"


def tables_of(service: str) -> Sequence[Table]:
    tables: Sequence[Table] = import_module(f"{service}_service.personal_data").TABLES
    return tables


def page() -> str:
    return as_markdown({service: tables_of(service) for service in SERVICES})


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit(__doc__)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
