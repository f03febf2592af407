"""The epoch of a database's event log: another one after every restore of the database, by whatever way.

An offset only means something in the history in which it was given out. Restored data hand out the same offsets again
for other events, so positions from before must not be comparable. The epoch is made of what no way of restoring leaves
as it was, and so needs nobody who remembers to change it:

- The start of the server: files, volumes and base backups are put back under a server that is then started, and a
  standby that is promoted has a start of its own.
- The database's own number: a dump that is restored into a new database, or a copy of one.
- The row that holds the random part, its table and the transaction that wrote it: a dump that is restored in place.

The price: after a restart of the server every live topic is read anew once.
"""

from typing import ClassVar

from shared.db.databases import Database
from shared.messaging.signals import Signal

EPOCH = """
left(encode(sha256(convert_to(concat_ws(' ',
    epoch, tableoid, xmin, extract(epoch from pg_postmaster_start_time()),
    (select oid from pg_database where datname = current_database())
), 'UTF8')), 'hex'), 12)
"""
"""Of the one row of `event_log_epoch`. Cheap enough to be read with each position: nothing may remember it."""


class LogEpoch(Signal, frozen=True, kw_only=True):
    """Sent now and then by each owner of topics, for those who follow one in another epoch where nothing happens."""

    name: ClassVar[str] = "log.epoch"
    service: str
    epoch: str


async def read_epoch(database: Database) -> str:
    [row] = await database.system_rows(f"select {EPOCH} as epoch from event_log_epoch")  # noqa: S608 - a constant
    epoch: str = row["epoch"]
    return epoch
