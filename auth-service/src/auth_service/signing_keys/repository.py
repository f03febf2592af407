"""Every query about signing keys. All are system work: the keys belong to the whole installation."""

from datetime import datetime
from typing import NamedTuple

from auth_service.signing_keys.domain import SigningKey
from shared.db.unit_of_work import Work


class SealedKey(NamedTuple):
    id: str
    sealed_private_key: bytes


async def lock_keys(work: Work) -> None:
    """Until the end of the transaction nobody else adds a key: replicas that start together agree on one."""
    await work.execute("select pg_advisory_xact_lock(hashtextextended('signing_keys', 0))")


async def list_active(work: Work) -> list[SealedKey]:
    """The newest first."""
    rows = await work.rows(
        "select id, sealed_private_key from signing_keys where retired_at is null order by created_at desc, id desc"
    )
    return [SealedKey(**row) for row in rows]


async def add_key(work: Work, key: SigningKey, sealed_private_key: bytes, now: datetime) -> None:
    await work.execute(
        "insert into signing_keys (id, sealed_private_key, public_key, created_at) values ($1, $2, $3, $4)",
        key.id, sealed_private_key, key.public_bytes, now,
    )  # fmt: skip
