"""The names of authors, read in the statement that reads what they wrote."""

# ruff: noqa: S608 - made of names of columns and of a constant

from shared.events.authors import FORMER_MEMBER


def author_column(user_id: str, tenant_id: str) -> str:
    """SQL for the column `author`, an `Author` as JSON; null where `user_id` is. Both name columns of the row."""
    return f"""case when {user_id} is not null then jsonb_build_object(
        'id', {user_id}, 'display_name', ({display_name(user_id, tenant_id)})
    ) end as author"""


def display_name(user_id: str, tenant_id: str) -> str:
    """A query for one name: the member's, `Former member` for who has left, null for who is not known yet."""
    return f"""
        select case when known.is_member then known.display_name else '{FORMER_MEMBER}' end
        from tenant_members known where known.tenant_id = {tenant_id} and known.user_id = {user_id}
    """
