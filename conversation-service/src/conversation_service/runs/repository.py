"""Every query on runs and on the text they have written so far. A run is seen by the user of its conversation."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from conversation_service.conversations.domain import Owner
from conversation_service.conversations.repository import MINE
from conversation_service.runs.errors import RunNotFound
from conversation_service.runs.schemas import RunState, RunStatus, RunUsage
from shared.db.unit_of_work import Work

_COLUMNS = """
    r.id, r.tenant_id, r.conversation_id, r.user_id, r.prompt_id, r.message_id, r.provider, r.model, r.status,
    r.error_code, r.usage, r.delta_count, r.created_at, r.finished_at
"""
ABANDONED = f"""
    select {_COLUMNS} from runs r where r.status = 'running' and r.beat_at < clock_timestamp() - $1::interval limit 100
"""
"""For system work: runs of all tenants whose node has been silent for so long."""


class NewRun(NamedTuple):
    id: UUID
    message_id: UUID
    conversation_id: UUID
    prompt_id: UUID
    provider: str
    model: str


class Ending(NamedTuple):
    status: RunStatus
    error_code: str | None
    usage: RunUsage | None
    delta_count: int


async def add(work: Work, owner: Owner, new: NewRun, now: datetime) -> RunState | None:
    """None when another run is not over."""
    row = await work.row(
        f"""
        insert into runs as r (tenant_id, user_id, id, message_id, conversation_id, prompt_id, provider, model,
                               created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (conversation_id) where status = 'running' do nothing returning {_COLUMNS}
        """,
        owner.tenant_id,
        owner.user_id,
        *new,
        now,
    )
    return None if row is None else msgspec.convert(row, RunState)


async def running_id(work: Work, owner: Owner, conversation_id: UUID) -> UUID | None:
    row = await work.row(
        "select id from runs where tenant_id = $1 and conversation_id = $2 and status = 'running'",
        owner.tenant_id,
        conversation_id,
    )
    return None if row is None else row["id"]


async def get(work: Work, owner: Owner, conversation_id: UUID, run_id: UUID) -> RunState:
    """Raises RunNotFound."""
    row = await work.row(
        f"""
        select {_COLUMNS} from runs r join conversations c on c.tenant_id = r.tenant_id and c.id = r.conversation_id
        where {MINE} and r.tenant_id = $1 and r.conversation_id = $3 and r.id = $4
        """,
        owner.tenant_id,
        owner.user_id,
        conversation_id,
        run_id,
    )
    if row is None:
        raise RunNotFound
    return msgspec.convert(row, RunState)


def run_of(row: Mapping[str, Any]) -> RunState:
    """Of a row of ABANDONED."""
    return msgspec.convert(row, RunState)


async def deltas_after(work: Work, run: RunState, number: int) -> list[str]:
    """Those that are stored, without a gap. The batch that holds the next one begins at it or before."""
    rows = await work.rows(
        """
        select first_delta, deltas from run_chunks
        where tenant_id = $1 and run_id = $2 and first_delta >= coalesce((
            select max(first_delta) from run_chunks where tenant_id = $1 and run_id = $2 and first_delta <= $3
        ), 0)
        order by first_delta
        """,
        run.tenant_id,
        run.id,
        number + 1,
    )
    return [text for row in rows for text in row["deltas"][max(0, number + 1 - row["first_delta"]) :]]


async def keep(work: Work, run: RunState, first_delta: int, deltas: Sequence[str]) -> bool | None:
    """Stores what was written and says that its node is alive. Whether a stop is wanted; None when the run is over."""
    row = await work.row(
        """
        with beat as (
            update runs set beat_at = clock_timestamp() where tenant_id = $1 and id = $2 and status = 'running'
            returning is_stop_wanted
        ), kept as (
            insert into run_chunks as k (tenant_id, run_id, first_delta, deltas)
            select $1, $2, $3, $4::text[] from beat where cardinality($4::text[]) > 0
            on conflict (run_id, first_delta) do update set deltas = excluded.deltas
        )
        select is_stop_wanted from beat
        """,
        run.tenant_id,
        run.id,
        first_delta,
        list(deltas),
    )
    return None if row is None else row["is_stop_wanted"]


async def want_stop(work: Work, owner: Owner, run_id: UUID) -> None:
    await work.execute(
        "update runs set is_stop_wanted = true where tenant_id = $1 and id = $2 and status = 'running'",
        owner.tenant_id,
        run_id,
    )


async def want_all_stopped(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
    """Of those begun by then, their nodes end them with what they have as soon as they next store something, or say
    that they live."""
    await work.execute(_WANT_ALL_STOPPED, tenant_id, user_id, until)


async def stop_all(work: Work, tenant_id: UUID) -> None:
    """Of a tenant that is closed: their nodes stop them at the next beat."""
    await work.execute("update runs set is_stop_wanted = true where tenant_id = $1 and status = 'running'", tenant_id)


async def finish(work: Work, run: RunState, ending: Ending, now: datetime) -> RunState | None:
    """None when somebody else has finished it."""
    row = await work.row(
        f"""
        update runs r set status = $3, error_code = $4, usage = $5, delta_count = $6, finished_at = $7
        where r.tenant_id = $1 and r.id = $2 and r.status = 'running' returning {_COLUMNS}
        """,
        run.tenant_id,
        run.id,
        ending.status,
        ending.error_code,
        None if ending.usage is None else msgspec.json.encode(ending.usage).decode(),
        ending.delta_count,
        now,
    )
    return None if row is None else msgspec.convert(row, RunState)


async def lock_conversation(work: Work, run: RunState) -> None:
    """Before the run, as those do who begin one: otherwise the two would wait for each other."""
    await work.execute(
        "select from conversations where tenant_id = $1 and id = $2 for no key update",
        run.tenant_id,
        run.conversation_id,
    )


async def lock_abandoned(work: Work, run: RunState, silent_for: Any) -> bool:
    """Whether its node is still silent; nobody else writes it until this transaction ends."""
    row = await work.row(
        """
        select from runs where tenant_id = $1 and id = $2 and status = 'running'
          and beat_at < clock_timestamp() - $3::interval for update skip locked
        """,
        run.tenant_id,
        run.id,
        silent_for,
    )
    return row is not None


_WANT_ALL_STOPPED = """
update runs set is_stop_wanted = true
where tenant_id = $1 and user_id = $2 and status = 'running' and created_at <= $3
"""
