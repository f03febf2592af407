"""Every query about second factors. They are of a user, whatever tenant: all are system work."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work


class Enrolment(NamedTuple):
    sealed_secret: bytes
    confirmed_at: datetime | None
    last_used_step: int | None


async def begin(work: Work, user_id: UUID, sealed_secret: bytes, now: datetime) -> bool:
    """Replaces an unconfirmed secret. False when there is a confirmed one."""
    return await work.execute(_BEGIN, user_id, sealed_secret, now) == 1


async def lock_enrolment(work: Work, user_id: UUID) -> Enrolment | None:
    """With the account locked. Until the end of the transaction nobody else shows a code of this user's."""
    row = await work.row(
        "select sealed_secret, confirmed_at, last_used_step from mfa_enrolments where user_id = $1 for update", user_id
    )
    return None if row is None else Enrolment(**row)


async def is_enrolled(work: Work, user_id: UUID) -> bool:
    sql = "select 1 from mfa_enrolments where user_id = $1 and confirmed_at is not null"
    return await work.row(sql, user_id) is not None


async def confirm(work: Work, user_id: UUID, digests: Sequence[bytes], now: datetime) -> None:
    await work.execute("update mfa_enrolments set confirmed_at = $2 where user_id = $1", user_id, now)
    await work.execute(
        "insert into mfa_recovery_codes (user_id, digest) select $1, unnest($2::bytea[])", user_id, list(digests)
    )


async def mark_step_used(work: Work, user_id: UUID, step: int) -> None:
    await work.execute("update mfa_enrolments set last_used_step = $2 where user_id = $1", user_id, step)


async def use_recovery_code(work: Work, user_id: UUID, digest: bytes, now: datetime) -> bool:
    """False when there is no such code, or it was used before."""
    sql = "update mfa_recovery_codes set used_at = $3 where user_id = $1 and digest = $2 and used_at is null"
    return await work.execute(sql, user_id, digest, now) == 1


async def count_recovery_codes(work: Work, user_id: UUID) -> int:
    """Those that are still good."""
    sql = "select count(*) as number from mfa_recovery_codes where user_id = $1 and used_at is null"
    return int((await work.rows(sql, user_id))[0]["number"])


async def remove(work: Work, user_id: UUID) -> None:
    """With its recovery codes and whatever sign-in waits for a code."""
    await work.execute("delete from mfa_challenges where user_id = $1", user_id)
    await work.execute("delete from mfa_enrolments where user_id = $1", user_id)


_BEGIN = """
insert into mfa_enrolments as e (user_id, sealed_secret, created_at) values ($1, $2, $3)
on conflict (user_id) do update set sealed_secret = $2, last_used_step = null, created_at = $3
where e.confirmed_at is null
"""
