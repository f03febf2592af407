"""Every query about sign-ins that wait for a code. Tokens are stored as digests."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from auth_service import limits
from auth_service.opaque_tokens import OpaqueToken
from shared.db.unit_of_work import Work


class Proof(NamedTuple):
    """Whose password was right. It was set at `password_changed_at`: a later one makes the proof worthless."""

    user_id: UUID
    password_changed_at: datetime
    tenant_id: UUID | None
    wants_cookie: bool


async def add(work: Work, token: OpaqueToken, proof: Proof, expires_at: datetime) -> None:
    """Of many that wait for one user the oldest are over."""
    await work.execute(
        "insert into mfa_challenges (id, digest, user_id, password_changed_at, tenant_id, wants_cookie, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        token.id, token.digest, *proof, expires_at,
    )  # fmt: skip
    await work.execute(_END_OLDEST, proof.user_id, limits.WAITING_SIGN_INS)


async def attempt(work: Work, token: OpaqueToken, allowed: int, now: datetime) -> Proof | None:
    """Counts one attempt. None when there is no such challenge, or it is too old, or was tried too often."""
    row = await work.row(_ATTEMPT, token.id, token.digest, allowed, now)
    return None if row is None else Proof(**row)


async def finish(work: Work, token: OpaqueToken) -> bool:
    """False when somebody else has finished it."""
    return await work.execute("delete from mfa_challenges where id = $1", token.id) == 1


_END_OLDEST = """
delete from mfa_challenges where id in (
    select id from mfa_challenges where user_id = $1 order by expires_at desc, id desc offset $2 for update skip locked
)
"""


_ATTEMPT = """
update mfa_challenges set attempts = attempts + 1
where id = $1 and digest = $2 and attempts < $3 and expires_at > $4
returning user_id, password_changed_at, tenant_id, wants_cookie
"""
