"""What waited in the tables of mail and of forgotten passwords is a job after the migration, and is done as before."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from auth_builders import KEY_ENCRYPTION_SECRET
from auth_client import RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer
from queued import LETTER, RESET_REQUEST, is_done

from auth_service.mail.letters import Letter, invitation, password_reset
from auth_service.mail.mail_queue import SEAL_PURPOSE, Addressed
from auth_service.migrations import models
from shared.db.bootstrap import DatabaseUrls
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.ids import new_id
from shared.sealing import Seal
from shared.testing.eventually import eventually
from shared.testing.migrations import migrate_again, migration_client

NAME = "20_mail_jobs"


@pytest.fixture
def urls(fresh_urls: Callable[[str], DatabaseUrls]) -> DatabaseUrls:
    return fresh_urls("auth")


@pytest.fixture
async def database(urls: DatabaseUrls) -> AsyncIterator[Database]:
    """As it was before the migration."""
    await migrate_back(urls)
    async with open_databases(DatabaseConfig("auth", urls.app, urls.system, ())) as opened:
        yield opened["auth"]


async def test_what_waits_is_sent_and_answered_after_the_migration(
    urls: DatabaseUrls, database: Database, run_auth: RunAuth, mail: MailServer, clock: SettableClock
) -> None:
    letter = await add_mail(
        database, clock, "guest@example.com", invitation("Ada", "Engines" * 20, "http://x/?token=a")
    )
    async with database.system_work() as work:
        await work.execute(_USER, new_id(), "ada@example.com")
        for email in ("ada@example.com", "nobody@example.com"):
            await work.execute("insert into reset_requests values ($1, $2)", email, clock.now())

    await migrate_again("auth", urls, f"{NAME}.py")

    async with run_auth(database, smtp_url=mail.url):
        sent = await mail.letter_to("guest@example.com")
        await mail.letter_to("ada@example.com", "new password")
        await eventually(lambda: is_done(database, LETTER))
        await eventually(lambda: is_done(database, RESET_REQUEST))
    assert str(letter) in str(sent["Message-ID"])
    assert len(mail.messages) == 2


async def test_attempts_and_times_stay_and_resets_go_first(
    urls: DatabaseUrls, database: Database, clock: SettableClock
) -> None:
    due_at, reset = clock.now() + timedelta(minutes=10), password_reset("Ada", "http://x")
    tried = await add_mail(database, clock, "ada@example.com", reset, attempts=3, due_at=due_at)
    last = await add_mail(database, clock, "ben@example.com", invitation("Ada", "Engines", "http://x"), attempts=8)
    async with database.system_work() as work:
        await work.execute("insert into reset_requests values ('ada@example.com', $1)", clock.now())
    before = await rows_of(database, "mails")

    await migrate_again("auth", urls, f"{NAME}.py")

    rows = await database.system_rows(_JOBS)
    assert [tuple(row.values()) for row in rows] == [
        (LETTER, str(tried), "scheduled", 1, 3, due_at, None),
        (LETTER, str(last), "scheduled", 0, 7, clock.now(), None),
        (RESET_REQUEST, None, "queued", 0, 0, clock.now(), "ada@example.com"),
    ]
    await migrate_back(urls)
    assert await rows_of(database, "mails") == [row | {"attempts": min(row["attempts"], 7)} for row in before]
    assert await rows_of(database, "reset_requests") == [
        {"email_identity": "ada@example.com", "created_at": clock.now()}
    ]


async def migrate_back(urls: DatabaseUrls) -> None:
    module: ModuleType = import_module(f"{models.__name__}.{NAME}")
    connection = await asyncpg.connect(urls.owner)
    try:
        async with connection.transaction():
            await connection.execute(await module.downgrade(migration_client(connection)))
    finally:
        await connection.close()


async def add_mail(database: Database, clock: SettableClock, recipient: str, letter: Letter, **changes: Any) -> UUID:
    mail_id, seal = new_id(), Seal(KEY_ENCRYPTION_SECRET, SEAL_PURPOSE)
    sealed = seal.close(msgspec.json.encode(Addressed(recipient, letter)), place=str(mail_id))
    row = {"attempts": 0, "due_at": clock.now()} | changes
    async with database.system_work() as work:
        await work.execute(_MAIL, mail_id, letter.template, sealed, row["attempts"], row["due_at"], clock.now())
    return mail_id


async def rows_of(database: Database, table: str) -> list[dict[str, Any]]:
    return await database.system_rows(f"select * from {table} order by created_at, 1")


_MAIL = "insert into mails (id, template, sealed, attempts, due_at, created_at) values ($1, $2, $3, $4, $5, $6)"

_USER = """
insert into users (id, email, email_identity, password_hash, password_changed_at, first_name, last_name, created_at,
                   updated_at)
values ($1, $2, $2, '', now(), 'Ada', 'Lovelace', now(), now())
"""

_JOBS = """
select kind, payload ->> 'mail_id' as mail_id, status, priority, attempts, due_at, unique_key from jobs order by seq
"""
