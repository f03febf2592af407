"""The one rule of secrecy: what a list shows to whom. As decisions, and as the same conditions of queries.

A list of a person who is a member of the tenant keeps from that member, until it is revealed, what others do on it:
which items they added, how far an item is, who takes it. A list that others made, unless it is a wish list, is kept
from them altogether. Whatever shows something of a list to somebody asks here.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.events.gifting import GiftListState, ListItemState, ListType
from shared.events.projects import Visibility


class StoredList(GiftListState, frozen=True, kw_only=True):
    """A list as it is kept; `subject_id` is the member of the tenant whom it is for."""

    subject_id: UUID | None


class StoredItem(ListItemState, frozen=True, kw_only=True):
    """An item as it is kept. The public version and time are those of the last change that everybody may see."""

    public_version: int
    public_updated_at: datetime


HIDDEN_FIELDS = frozenset({"status", "assigned_to", "shares"})
"""Of an item, from whom its list is for. A change of nothing else is no public change."""


def keeps_secrets_from(gift_list: StoredList, viewer: UUID, now: datetime) -> bool:
    is_revealed = gift_list.reveal_at is not None and gift_list.reveal_at <= now
    return gift_list.subject_id == viewer and not is_revealed


def shows_list(gift_list: StoredList, viewer: UUID, now: datetime) -> bool:
    if gift_list.created_by == viewer:
        return True
    is_wishlist = gift_list.type is ListType.WISHLIST
    return gift_list.visibility is Visibility.TENANT and (is_wishlist or not keeps_secrets_from(gift_list, viewer, now))


def shows_item(gift_list: StoredList, item: StoredItem, viewer: UUID, now: datetime) -> bool:
    if not shows_list(gift_list, viewer, now):
        return False
    return item.added_by == viewer or not keeps_secrets_from(gift_list, viewer, now)


def subject_of(gift_list: StoredList, now: datetime) -> UUID | None:
    """From whom the list keeps secrets."""
    subject = gift_list.subject_id
    return subject if subject is not None and keeps_secrets_from(gift_list, subject, now) else None


def state_of(gift_list: StoredList) -> GiftListState:
    return msgspec.convert(gift_list, GiftListState, from_attributes=True)


def whole(item: StoredItem) -> ListItemState:
    """As everybody sees it who nothing is kept from."""
    return msgspec.convert(item, ListItemState, from_attributes=True)


def veiled(item: StoredItem) -> ListItemState:
    """As its list's subject sees it: nothing that claims change, its version and time included."""
    return msgspec.structs.replace(
        whole(item),
        status=None,
        assigned_to=None,
        shares=(),
        version=item.public_version,
        updated_at=item.public_updated_at,
    )


def seen_by(gift_list: StoredList, item: StoredItem, viewer: UUID, now: datetime) -> ListItemState:
    """Of an item that is shown to them."""
    return veiled(item) if keeps_secrets_from(gift_list, viewer, now) else whole(item)


class Viewer(NamedTuple):
    """The placeholders of one who looks, and when, in a statement over lists `l`, their persons `p` and items `i`."""

    user: str
    now: str

    @property
    def is_subject(self) -> str:
        return f"coalesce(p.user_id = {self.user} and (l.reveal_at is null or l.reveal_at > {self.now}), false)"

    @property
    def sees_list(self) -> str:
        is_shown = f"l.visibility = 'tenant' and (l.type = 'wishlist' or not {self.is_subject})"
        return f"(l.created_by = {self.user} or ({is_shown}))"

    @property
    def sees_item(self) -> str:
        return f"({self.sees_list} and (i.added_by = {self.user} or not {self.is_subject}))"

    @property
    def sees_all_of_item(self) -> str:
        """Status and claims included: what may be counted, added up or sorted by them."""
        return f"({self.sees_list} and not {self.is_subject})"

    @property
    def sees_gift(self) -> str:
        """Of gifts `g`. Who is a person here sees, of others' gifts, those on items that they see.

        A gift that vanished from sight when it was put on one's list would tell of it.
        """
        on_visible_item = f"""
            select from list_items i join gift_lists l on l.id = i.list_id
            left join gift_persons p on p.id = l.person_id
            where i.gift_id = g.id and {self.sees_item}
        """
        is_person = f"select from gift_persons me where me.tenant_id = g.tenant_id and me.user_id = {self.user}"
        return f"(g.created_by = {self.user} or not exists ({is_person}) or exists ({on_visible_item}))"
