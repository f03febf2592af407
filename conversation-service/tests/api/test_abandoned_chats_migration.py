"""The migration finds chats whose project was deleted before deletions were remembered, and no others."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

import asyncpg

from shared.db.bootstrap import DatabaseUrls
from shared.ids import new_id
from shared.testing.callers import ACME
from shared.testing.migrations import migration_client

THEN = datetime(2026, 1, 2, tzinfo=UTC)
CHAT = """
insert into chats (id, tenant_id, kind, title, project_id, created_by, created_at, updated_at)
values ($2, $1, 'project', $3, $2, $1, now(), now())
"""
VIEWER = """
insert into project_viewers (tenant_id, project_id, user_id, can_see, is_on_team, as_of) values ($1, $2, $3, $4, $5, $6)
"""
CAN_SEE, ON_TEAM, NEITHER = (True, True), (False, True), (False, False)
PROJECTS = {
    "deleted": [ON_TEAM, NEITHER],
    "seen": [ON_TEAM, CAN_SEE],
    "left by all": [NEITHER],
    "unknown": [],
}


async def test_a_deletion_of_before_is_known_by_the_team_that_does_not_see_the_project(
    fresh_urls: Callable[[str], DatabaseUrls],
) -> None:
    urls = fresh_urls("conversation")
    migration = import_module("conversation_service.migrations.models.11_indexes")
    owner, system = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.system)
    try:
        for title, viewers in PROJECTS.items():
            project_id = new_id()
            await system.execute(CHAT, ACME, project_id, title)
            for can_see, is_on_team in viewers:
                await system.execute(VIEWER, ACME, project_id, new_id(), can_see, is_on_team, THEN)

        for _ in range(2):
            await owner.execute(await migration.upgrade(migration_client(owner)))

        rows = await system.fetch("select title, project_deleted_at from chats where project_deleted_at is not null")
        assert [tuple(row) for row in rows] == [("deleted", THEN)]
        assert await owner.fetch("select from chats") == []
    finally:
        await owner.close()
        await system.close()
