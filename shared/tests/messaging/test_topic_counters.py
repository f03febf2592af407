"""The counter of a topic goes when its thing is gone and the log has no event of it any more, and never before."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sample_service.notes import NoteAdded

from shared.db.databases import Database
from shared.ids import new_id
from shared.messaging import topic_counters
from shared.messaging.topic_counters import GoneTopics

TENANT = new_id()
TABLES = {"note": "notes", "comments:note": "notes"}


async def test_only_counters_of_what_is_gone_and_forgotten_are_deleted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_counters, "LOOKED_AT", 2)
    there, gone, remembered = new_id(), new_id(), new_id()
    kept = {
        f"note:{there}",
        f"comments:note:{there}",
        f"note:{remembered}",
        f"other:{gone}",
        "note:all",
        f"xnote:{gone}",
    }
    deleted = {f"note:{gone}", f"comments:note:{gone}", f"note:{gone}#{there}"}
    await _note(database, there)
    await _publish(database, kept | deleted)
    async with database.system_work() as work:
        await work.execute("delete from outbox_topics where topic <> $1", f"note:{remembered}")

    count = await _delete_all(database)

    assert {row["topic"] for row in await database.system_rows("select topic from topic_offsets")} == kept
    assert count == len(deleted)


async def _note(database: Database, note_id: UUID) -> None:
    async with database.unit_of_work(TENANT) as work:
        await work.execute("insert into notes (id, tenant_id, title) values ($1, $2, 'A')", note_id, TENANT)


async def _publish(database: Database, topics: set[str]) -> None:
    async with database.unit_of_work(TENANT) as work:
        work.publish(NoteAdded(note_id=new_id()), topics=sorted(topics), subject="note")


async def _delete_all(database: Database) -> int:
    walk, deleted, is_last = GoneTopics(TABLES), 0, False
    while not is_last:
        async with database.system_work() as work:
            portion = await walk.delete(work, datetime.now(UTC))
        deleted, is_last = deleted + portion.deleted, portion.is_last
    return deleted
