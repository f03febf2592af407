"""Stored answers of keyed requests: a key is claimed when the unit of work begins, its answer stored when it ends.

The claim is an advisory lock that lives exactly as long as the transaction: a crashed request claims nothing.
"""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from shared.db.schema import NO_TENANT
from shared.errors import IdempotencyInProgress, IdempotencyMismatch
from shared.idempotency import IdempotencyScope, ReplayAnswer, StoredAnswer

if TYPE_CHECKING:
    from shared.db.unit_of_work import Work

KEPT_FOR = timedelta(hours=24)

_SELECT = """
select fingerprint, status, headers, body from idempotency_keys
where tenant_id = $1 and user_id = $2 and key = $3 and created_at > now() - $4::interval
"""
# Whoever holds the lock and found no living row may overwrite: a row that is there has expired.
_STORE = """
insert into idempotency_keys as k (tenant_id, user_id, key, fingerprint, status, headers, body)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, user_id, key) do update
set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = now()
"""


async def claim(work: "Work", scope: IdempotencyScope) -> None:
    """Raises IdempotencyInProgress, IdempotencyMismatch or ReplayAnswer; returns when the request is the first."""
    lock = await work.row("select pg_try_advisory_xact_lock($1) as is_held", _lock_of(work.tenant_id, scope))
    if lock is None or not lock["is_held"]:
        raise IdempotencyInProgress
    # A statement of its own: its snapshot is younger than the lock and sees whatever the former holder stored.
    known = await work.row(_SELECT, *_key_of(work.tenant_id, scope), KEPT_FOR)
    if known is None:
        return
    if known["fingerprint"] != scope.fingerprint:
        raise IdempotencyMismatch
    raise ReplayAnswer(
        StoredAnswer(known["status"], msgspec.json.decode(known["headers"], type=dict[str, str]), known["body"])
    )


async def store(work: "Work", scope: IdempotencyScope, value: Any) -> None:
    answer = scope.kept(value)
    headers = msgspec.json.encode(answer.headers).decode()
    await work.execute(_STORE, *_key_of(work.tenant_id, scope), scope.fingerprint, answer.status, headers, answer.body)


def _key_of(tenant_id: UUID | None, scope: IdempotencyScope) -> tuple[UUID, UUID, str]:
    return tenant_id or UUID(NO_TENANT), scope.user_id, scope.key


def _lock_of(tenant_id: UUID | None, scope: IdempotencyScope) -> int:
    text = ":".join(("idempotency", *map(str, _key_of(tenant_id, scope))))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
