"""Stored answers of keyed requests: a key is claimed when the unit of work begins, its answer stored when it ends.

The claim is an advisory lock that lives exactly as long as the transaction: a crashed request claims nothing.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from shared.db.schema import NO_TENANT
from shared.errors import IdempotencyInProgress, IdempotencyMismatch, IdempotentAnswerGone
from shared.idempotency import IdempotencyScope, ReplayAnswer, StoredAnswer
from shared.messaging.redaction import ANY, is_redacted

if TYPE_CHECKING:
    from shared.db.unit_of_work import Work

KEPT_FOR = timedelta(hours=24)

# Events are kept at least as long as answers.
_SELECT = f"""
select fingerprint, status, headers, body,
       exists (select from outbox e where e.id = any(event_ids) and {is_redacted("e", ANY)}) as is_gone
from idempotency_keys
where tenant_id = $1 and user_id = $2 and key = $3 and created_at > now() - $4::interval
"""  # noqa: S608 - made of constants
# Whoever holds the lock and found no living row may overwrite: a row that is there has expired.
_STORE = """
insert into idempotency_keys as k (tenant_id, user_id, key, fingerprint, status, headers, body, event_ids)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant_id, user_id, key) do update
set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, event_ids = excluded.event_ids, created_at = now()
"""


async def claim(work: "Work", scope: IdempotencyScope) -> None:
    """Raises IdempotencyInProgress, IdempotencyMismatch, IdempotentAnswerGone or ReplayAnswer.

    Returns when the request is the first.
    """
    lock = await work.row("select pg_try_advisory_xact_lock($1) as is_held", _lock_of(work.tenant_id, scope))
    if lock is None or not lock["is_held"]:
        raise IdempotencyInProgress
    # A statement of its own: its snapshot is younger than the lock and sees whatever the former holder stored.
    known = await work.row(_SELECT, *_key_of(work.tenant_id, scope), KEPT_FOR)
    if known is None:
        return
    if known["fingerprint"] != scope.fingerprint:
        raise IdempotencyMismatch
    if known["is_gone"]:
        raise IdempotentAnswerGone
    raise ReplayAnswer(
        StoredAnswer(known["status"], msgspec.json.decode(known["headers"], type=dict[str, str]), known["body"])
    )


async def store(work: "Work", scope: IdempotencyScope, value: Any, event_ids: Sequence[UUID] = ()) -> None:
    """`event_ids` are what the request publishes: with their content, the answer is gone."""
    answer = scope.kept(value)
    headers = msgspec.json.encode(answer.headers).decode()
    kept = scope.fingerprint, answer.status, headers, answer.body, list(event_ids)
    await work.execute(_STORE, *_key_of(work.tenant_id, scope), *kept)


def _key_of(tenant_id: UUID | None, scope: IdempotencyScope) -> tuple[UUID, UUID, str]:
    return tenant_id or UUID(NO_TENANT), scope.user_id, scope.key


def _lock_of(tenant_id: UUID | None, scope: IdempotencyScope) -> int:
    text = ":".join(("idempotency", *map(str, _key_of(tenant_id, scope))))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
