"""The names of authors, read in the statement that reads what they wrote."""

# ruff: noqa: S608 - made of names of columns and of a constant

from shared.events.authors import FORMER_MEMBER

KNOWN_WITHIN = "1 hour"
"""Far longer than it takes until a service has heard of a new member. Who left before it kept members is unknown."""


def author_column(user_id: str, tenant_id: str, written_at: str) -> str:
    """SQL for the column `author`, an `Author` as JSON; null where `user_id` is. All three name columns of the row."""
    return f"""case when {user_id} is not null then jsonb_build_object(
        'id', {user_id}, 'display_name', {display_name(user_id, tenant_id, written_at)}
    ) end as author"""


def display_name(user_id: str, tenant_id: str, as_of: str) -> str:
    """SQL for one name: the member's, `Former member` for who has left, null for who is not known yet.

    Who is not known and was seen long ago, `as_of`, has left.
    """
    return f"""coalesce((
        select case when known.is_member then known.display_name else '{FORMER_MEMBER}' end
        from tenant_members known where known.tenant_id = {tenant_id} and known.user_id = {user_id}
    ), case when {as_of} < now() - interval '{KNOWN_WITHIN}' then '{FORMER_MEMBER}' end)"""
