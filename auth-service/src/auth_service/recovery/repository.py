"""Every query about requests for a new password. All are system work: an address says nothing about tenants."""

from datetime import datetime

from shared.db.unit_of_work import Work


async def add_request(work: Work, email_identity: str, now: datetime) -> None:
    await work.execute(
        "insert into reset_requests (email_identity, created_at) values ($1, $2) on conflict do nothing",
        email_identity, now,
    )  # fmt: skip


async def take_requests(work: Work, limit: int) -> list[str]:
    """Addresses, as identities; they are gone when the transaction is committed."""
    return [row["email_identity"] for row in await work.rows(_TAKE, limit)]


_TAKE = """
delete from reset_requests where email_identity in (
    select email_identity from reset_requests order by created_at limit $1 for update skip locked
) returning email_identity
"""
