"""Every table of every service is decided about: what it holds about people, and what becomes of it."""

import re
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import asyncpg
import pytest

from auth_service.data_export.repository import SECTIONS as OF_AUTH
from conversation_service.held import SECTIONS as OF_CONVERSATION
from project_service.held import SECTIONS as OF_PROJECT
from shared.db.bootstrap import DatabaseUrls
from shared.personal_data import JOBS, Table
from shared.personal_data_page import PAGE, SERVICES, page, tables_of

SECTIONS = {
    "auth": set(OF_AUTH),
    "project": {section.name for section in OF_PROJECT},
    "conversation": {section.name for section in OF_CONVERSATION},
}
THINGS = frozenset(
    {
        "id", "tenant_id", "project_id", "task_id", "label_id", "depends_on_id", "entity_id", "comment_id", "parent_id",
        "file_id", "webhook_id", "event_id", "list_id", "gift_id", "person_id", "occasion_id", "conversation_id",
        "workspace_session_id", "parent_session_id", "message_id", "content_of", "prompt_id", "run_id", "chat_id",
        "reply_to", "related_conversations", "kept_by", "credential_id", "event_ids",
    }
)  # fmt: skip
"""Ids that are of no person. A new name is either one of these or in `people` of its table."""
TELLING = re.compile(
    r"name|email|avatar|address|agent|^ip$|birthday|handle|body|notes|content$|question|answer$|preferences|feedback"
    r"|^title|description|summary|message$|relationship|sizes|sealed"
)
"""Names of columns that can describe somebody, where they hold text or JSON."""


class Column(NamedTuple):
    table: str
    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@pytest.fixture(params=SERVICES)
async def schema(
    request: pytest.FixtureRequest, fresh_urls: Callable[[str], DatabaseUrls]
) -> tuple[str, DatabaseUrls, list[Column]]:
    urls = fresh_urls(request.param)
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(_COLUMNS)
    finally:
        await connection.close()
    return request.param, urls, [Column(*row) for row in rows]


async def test_every_table_is_in_the_list(schema: tuple[str, DatabaseUrls, list[Column]]) -> None:
    service, _, columns = schema
    listed = [table.name for table in tables_of(service)]

    assert sorted(listed) == sorted({column.table for column in columns})


async def test_every_column_about_somebody_is_decided(schema: tuple[str, DatabaseUrls, list[Column]]) -> None:
    service, _, columns = schema
    decided = {table.name: _decided(table) for table in tables_of(service)}

    undecided = [
        str(column) for column in columns if _is_about_somebody(column) and column.name not in decided[column.table]
    ]

    assert undecided == [], "name it in `people`, or in `impersonal` if it tells nothing about anybody"


async def test_the_list_names_no_column_that_is_not_there(schema: tuple[str, DatabaseUrls, list[Column]]) -> None:
    service, _, columns = schema
    known = {(column.table, column.name) for column in columns}

    named = {(table.name, name) for table in tables_of(service) for name in _decided(table)}

    assert named - known == set()


async def test_every_row_of_a_tenant_goes_with_it(schema: tuple[str, DatabaseUrls, list[Column]]) -> None:
    service, _, columns = schema
    of_tenants = {column.table for column in columns if column.name == "tenant_id"}
    without = {
        table.name
        for table in tables_of(service)
        if table.name in of_tenants and not (table.ends.statements or table.ends.step)
    }

    assert without == _GOES_OTHERWISE[service]


async def test_rows_of_a_tenant_are_found_by_an_index(schema: tuple[str, DatabaseUrls, list[Column]]) -> None:
    """A walk over a table that others fill would take as long as all of them are large."""
    service, urls, _ = schema
    connection = await asyncpg.connect(urls.system)
    try:
        await connection.execute("set enable_seqscan = off")
        for table in tables_of(service):
            for statement in table.ends.statements:
                plan = "\n".join(row[0] for row in await connection.fetch(f"explain {_filled(statement)}"))
                assert "Seq Scan" not in plan, f"{table.name}\n{plan}"
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_held_about_somebody_is_exported_or_there_is_a_reason(service: str) -> None:
    named: set[str] = set()
    for table in tables_of(service):
        assert bool(table.people) == bool(table.exported or table.not_exported), table.name
        assert not (table.exported and table.not_exported), table.name
        named |= set(table.exported)

    assert named == SECTIONS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_jobs_of_a_deleted_tenant_go_before_what_they_work_on(service: str) -> None:
    """None runs on what is half erased, and what one does that runs is not committed any more."""
    first, *others = tables_of(service)

    assert (first.name, first.ends) == (JOBS.name, JOBS.ends)
    assert JOBS.name not in {table.name for table in others}


def test_the_page_says_what_the_lists_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make snapshots`"


def _filled(statement: str) -> str:
    return statement.replace("$1", f"'{uuid4()}'::uuid").replace("$2", "2000")


def _decided(table: Table) -> set[str]:
    return {name for person in table.people for name in person.columns} | set(table.impersonal)


def _is_about_somebody(column: Column) -> bool:
    if column.type in ("uuid", "uuid[]"):
        return column.name not in THINGS
    return column.type.startswith(("text", "character", "json", "bytea", "date")) and bool(TELLING.search(column.name))


_GOES_OTHERWISE = {
    "auth": {
        "live_tickets", "session_tokens", "mfa_challenges", "outbox", "inbox", "tenant_closures", "audit_logs",
        "audit_chains", "audit_checkpoints", "audit_keys",
    },
    "project": {
        "comment_edits", "comment_stars", "task_label_uses", "task_dependencies", "task_attachments", "outbox", "inbox",
        "tenant_closures",
    },
    "conversation": {"run_chunks", "chat_reactions", "outbox", "inbox", "tenant_closures"},
}  # fmt: skip
"""With rows that they belong to, by age, or with what they are the record of."""

_COLUMNS = """
select c.relname::text, a.attname::text, format_type(a.atttypid, null)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
order by 1, a.attnum
"""
