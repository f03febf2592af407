"""Every query about mailed tokens. All are system work: a token says nothing about tenants."""

from datetime import datetime, timedelta
from uuid import UUID

from auth_service.accounts.repository import lock_account
from auth_service.mail_tokens.domain import MOST_ALIVE, Purpose, digest_of, new_token
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from shared.db.unit_of_work import Work


async def issue(work: Work, user_id: UUID, purpose: Purpose, now: datetime, life: timedelta) -> str | None:
    """A fresh token as it is mailed; None while the user has enough of them."""
    token = new_token()
    is_added = await work.execute(_ADD, token.digest, user_id, purpose.value, now + life, now, MOST_ALIVE)
    return token.text if is_added else None


async def withdraw(work: Work, token: str) -> None:
    """One that was issued and reaches nobody: it does not count as one that the user has."""
    await work.execute(_USE, digest_of(token))


async def find(work: Work, token: str, purpose: Purpose, now: datetime) -> UUID:
    """Whose token this is. Raises TokenUsedOrExpired."""
    row = await work.row(_FIND, digest_of(token), purpose.value, now)
    if row is None:
        raise TokenUsedOrExpired
    user_id: UUID = row["user_id"]
    return user_id


async def redeem(work: Work, token: str, purpose: Purpose, now: datetime) -> UUID:
    """Whose token this was: of any number of parallel uses one is told. Raises TokenUsedOrExpired.

    The user's other tokens of this purpose end with it. The user is locked before any of them: somebody who opens two
    links at once uses the first, and the second is over.
    """
    user_id = await find(work, token, purpose, now)
    if not await lock_account(work, user_id) or not await work.execute(_USE, digest_of(token)):
        raise TokenUsedOrExpired
    await forget(work, user_id, purpose)
    return user_id


async def forget(work: Work, user_id: UUID, purpose: Purpose) -> None:
    await work.execute("delete from mail_tokens where user_id = $1 and purpose = $2", user_id, purpose.value)


async def delete_of(work: Work, user_id: UUID) -> None:
    """Of all purposes."""
    await work.execute("delete from mail_tokens where user_id = $1", user_id)


_ADD = """
insert into mail_tokens (digest, user_id, purpose, expires_at, created_at)
select $1::varchar, $2::uuid, $3::varchar, $4::timestamptz, $5::timestamptz
where (select count(*) from mail_tokens where user_id = $2 and purpose = $3 and expires_at > $5) < $6
"""

_FIND = """
select t.user_id from mail_tokens t join users u on u.id = t.user_id and u.is_active
where t.digest = $1 and t.purpose = $2 and t.expires_at > $3
"""

_USE = "delete from mail_tokens where digest = $1"
