"""The migration finds the tenants that stored something before, whose bytes are counted later, and counts tokens."""

from collections.abc import Callable
from importlib import import_module

import asyncpg

from shared.db.bootstrap import DatabaseUrls
from shared.testing.callers import ACME, GLOBEX

MIB = 1024 * 1024
BEFORE = """
insert into conversations (id, tenant_id, user_id, title, description, tags, created_at, updated_at)
values ($1, $1, $1, 'Moon', 'Far', '{a,bc}', now(), now());
"""
MESSAGE = """
insert into messages (id, tenant_id, conversation_id, number, depth, user_id, role, content, token_count,
                      token_count_source, created_at, updated_at)
values (gen_random_uuid(), $1, $1, $2, 1, $1, 'user', repeat('ä', $3), 1, 'estimate', now(), now())
"""
USAGE = """
insert into usage_days (tenant_id, user_id, day, provider, model, answers, prompt_tokens, completion_tokens)
values ($1, $1, $2, 'openai', 'm', 1, 10, 20)
"""


async def test_what_was_stored_before_is_found(fresh_urls: Callable[[str], DatabaseUrls]) -> None:
    urls = fresh_urls("conversation")
    migration = import_module("conversation_service.migrations.models.3_storage_and_answers")
    owner, system = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.system)
    try:
        await owner.execute(await migration.downgrade(None))
        await system.execute(BEFORE, ACME)
        for number, length in enumerate((1, 2 * MIB), start=1):
            await system.execute(MESSAGE, ACME, number, length)
        today = await system.fetchval("select (now() at time zone 'UTC')::date")
        await system.execute(USAGE, ACME, today)
        await system.execute(USAGE, ACME, today.replace(year=today.year - 1))

        await owner.execute(await migration.upgrade(None))

        [found] = await system.fetch(
            "select tenant_id, used, allotted, confirmed_at, counted_at from storage_allotments"
        )
        assert tuple(found) == (ACME, 0, 0, None, None)
        [allowance] = await system.fetch("select tenant_id, month, used_tokens from answer_allowances")
        assert tuple(allowance) == (ACME, today.replace(day=1), 30)

        await system.execute("delete from conversations where tenant_id = any($1)", [ACME, GLOBEX])
        freed = 1024 + len("MoonFarabc") + 2 * 512 + 2 + 4 * MIB
        assert await system.fetchval("select used from storage_allotments") == -freed
    finally:
        await owner.close()
        await system.close()
