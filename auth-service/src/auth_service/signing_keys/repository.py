"""Every query about signing keys. All are system work: the keys belong to the whole installation."""

from datetime import datetime
from typing import NamedTuple

from auth_service.signing_keys.domain import OVERLAP, SigningKey
from shared.db.unit_of_work import Work


class SealedKey(NamedTuple):
    id: str
    sealed_private_key: bytes
    signs_from: datetime


async def lock_keys(work: Work) -> None:
    """Until the end of the transaction nobody else adds a key: replicas that start together agree on one."""
    await work.execute("select pg_advisory_xact_lock(hashtextextended('signing_keys', 0))")


async def list_active(work: Work) -> list[SealedKey]:
    """The youngest first."""
    rows = await work.rows(
        "select id, sealed_private_key, signs_from from signing_keys"
        " where retired_at is null order by signs_from desc, id desc"
    )
    return [SealedKey(**row) for row in rows]


async def add_key(work: Work, key: SigningKey, sealed_private_key: bytes, now: datetime) -> None:
    await work.execute(
        "insert into signing_keys (id, sealed_private_key, public_key, created_at, signs_from)"
        " values ($1, $2, $3, $4, $5)",
        key.id, sealed_private_key, key.public_bytes, now, key.signs_from,
    )  # fmt: skip


async def retire_replaced(work: Work, now: datetime) -> int:
    """Those that another key replaced so long ago that nothing they signed is valid. Their private parts are erased."""
    return await work.execute(_RETIRE, now, now - OVERLAP)


_RETIRE = """
update signing_keys old set retired_at = $1, sealed_private_key = ''
where old.retired_at is null and exists (
    select from signing_keys young
    where young.retired_at is null and young.signs_from > old.signs_from and young.signs_from <= $2
)
"""
