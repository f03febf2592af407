"""How changes of lists and their items are told, to everybody as far as they may know."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from project_service.gifting.secrecy import (
    HIDDEN_FIELDS,
    StoredItem,
    StoredList,
    shows_item,
    shows_list,
    state_of,
    subject_of,
    veiled,
    whole,
)
from project_service.gifting.streams import Linked, streams, tell, tell_only
from shared.db.unit_of_work import Work
from shared.events.changes import Removed
from shared.events.gifting import (
    GiftListAdded,
    GiftListDeleted,
    GiftListUpdated,
    GiftListWithdrawn,
    ListItemAdded,
    ListItemAssigned,
    ListItemDeleted,
    ListItemStatusChanged,
    ListItemUpdated,
    RemovedListItem,
)
from shared.events.projects import Visibility
from shared.events.topics import LIST_ITEMS_TOPIC, list_topic, occasion_topic, person_topic
from shared.messaging.redaction import redact_topics

ListEvent = TypeVar("ListEvent", GiftListAdded, GiftListUpdated)


def tell_of_list(
    work: Work,
    links: Sequence[Linked],
    after: StoredList,
    contract: type[ListEvent],
    now: datetime,
    *,
    changed_fields: tuple[str, ...] = (),
    before: StoredList | None = None,
) -> None:
    """The topics that it leaves are told as well, unless it becomes private. Whoever it is revealed to is told later:
    that there is a list, before they hear of its changes.
    """
    event = contract(entity_id=after.id, version=after.version, changed_fields=changed_fields, payload=state_of(after))
    was: StoredList = before or after
    others: list[str] = _topics_of_all(after) if "visibility" in changed_fields else topics_of(was)
    topics = list(dict.fromkeys((*topics_of(after), *others)))
    hidden_from = _kept_from(after, now) or (_kept_from(was, now) if "reveal_at" in changed_fields else None)
    tell(work, links, topics, event, hidden_from=hidden_from, only_for=owner_of(after))


def tell_list_is_gone(work: Work, links: Sequence[Linked], before: StoredList, now: datetime) -> None:
    event = GiftListDeleted(entity_id=before.id, version=before.version + 1, payload=Removed(before.id))
    topics = [list_topic(before.id), *_topics_of_all(before)]
    _redact_items(work, links, before)
    tell(work, links, topics, event, hidden_from=_kept_from(before, now), only_for=owner_of(before))


def _redact_items(work: Work, links: Sequence[Linked], gift_list: StoredList) -> None:
    """With the list, they are gone from wherever they were told of."""
    redact_topics(work, gift_list.tenant_id, streams([list_topic(gift_list.id)], links))


def tell_list_is_withdrawn(
    work: Work, links: Sequence[Linked], before: StoredList, after: StoredList, now: datetime
) -> None:
    """Its owner reads it anew, who is told of its visibility."""
    _redact_items(work, links, before)
    event = GiftListWithdrawn(entity_id=after.id, version=after.version, payload=Removed(after.id))
    tell(work, links, _topics_of_all(before), event, hidden_from=_kept_from(before, now))


def tell_of_item(
    work: Work,
    links: Sequence[Linked],
    gift_list: StoredList,
    after: StoredItem,
    now: datetime,
    changed_fields: tuple[str, ...] | None,
) -> None:
    """None: the item is new. Whom the list is for hears of public changes only, and only what is public."""
    subject = subject_of(gift_list, now)
    theirs: ListItemAdded | ListItemUpdated | None = None
    if subject is not None and shows_item(gift_list, after, subject, now):
        theirs = _public_event(after, changed_fields)
    event = _item_event(after, changed_fields)
    topics = _item_topics(gift_list, is_about_people="assigned_to" in (changed_fields or ()))
    tell(work, links, topics, event, hidden_from=subject, as_they_see_it=theirs, only_for=owner_of(gift_list))


def tell_item_is_gone(
    work: Work, links: Sequence[Linked], gift_list: StoredList, before: StoredItem, now: datetime
) -> None:
    subject, gone = subject_of(gift_list, now), RemovedListItem(id=before.id, list_id=gift_list.id)
    is_shown = subject is not None and shows_item(gift_list, before, subject, now)
    theirs = ListItemDeleted(entity_id=before.id, version=before.public_version + 1, payload=gone) if is_shown else None
    event = ListItemDeleted(entity_id=before.id, version=before.version + 1, payload=gone)
    topics = _item_topics(gift_list, is_about_people=False)
    tell(work, links, topics, event, hidden_from=subject, as_they_see_it=theirs, only_for=owner_of(gift_list))


def tell_of_reveal(work: Work, link: Linked, gift_list: StoredList, items: Sequence[StoredItem]) -> None:
    """To its subject, who sees it now: list and items that they did not see, and what they did not see of other items.

    An item that nobody has claimed keeps the version under which they know it.
    """
    assert gift_list.reveal_at is not None  # or there would be nothing to tell
    just_before = gift_list.reveal_at - datetime.resolution
    if not shows_list(gift_list, link.user_id, just_before):
        added = GiftListAdded(entity_id=gift_list.id, version=gift_list.version, payload=state_of(gift_list))
        tell_only(work, link, topics_of(gift_list), added)
    for item in items:
        was_seen = shows_item(gift_list, item, link.user_id, just_before)
        event = _item_event(item, tuple(sorted(HIDDEN_FIELDS)) if was_seen else None)
        tell_only(work, link, _item_topics(gift_list, is_about_people=False), event)


def topics_of(gift_list: StoredList) -> list[str]:
    """What is private is told to nobody beside those who follow the list itself."""
    topics = [list_topic(gift_list.id)]
    if gift_list.visibility is Visibility.TENANT:
        topics += [occasion_topic(gift_list.occasion_id)] if gift_list.occasion_id else []
        topics += [person_topic(gift_list.person_id)] if gift_list.person_id else []
    return topics


def owner_of(gift_list: StoredList) -> UUID | None:
    """The only one who sees it; None where others do."""
    return gift_list.created_by if gift_list.visibility is Visibility.PRIVATE else None


def _kept_from(gift_list: StoredList, now: datetime) -> UUID | None:
    subject = gift_list.subject_id
    return subject if subject is not None and not shows_list(gift_list, subject, now) else None


def _topics_of_all(gift_list: StoredList) -> list[str]:
    """Those on which everybody hears of the list, or of its items."""
    return [*topics_of(gift_list)[1:], LIST_ITEMS_TOPIC] if gift_list.visibility is Visibility.TENANT else []


def _item_topics(gift_list: StoredList, *, is_about_people: bool) -> list[str]:
    if gift_list.visibility is Visibility.PRIVATE:
        return [list_topic(gift_list.id)]
    of_people = topics_of(gift_list)[1:] if is_about_people else []
    return [list_topic(gift_list.id), LIST_ITEMS_TOPIC, *of_people]


def _item_event(
    item: StoredItem, changed_fields: tuple[str, ...] | None
) -> ListItemAdded | ListItemUpdated | ListItemStatusChanged | ListItemAssigned:
    """One write is one event: of its changes, the one that says most gives the name."""
    if changed_fields is None:
        return ListItemAdded(entity_id=item.id, version=item.version, payload=whole(item))
    contract: type[ListItemUpdated | ListItemStatusChanged | ListItemAssigned] = ListItemUpdated
    if "status" in changed_fields:
        contract = ListItemStatusChanged
    elif "assigned_to" in changed_fields or "shares" in changed_fields:
        contract = ListItemAssigned
    return contract(entity_id=item.id, version=item.version, changed_fields=changed_fields, payload=whole(item))


def _public_event(item: StoredItem, changed_fields: tuple[str, ...] | None) -> ListItemAdded | ListItemUpdated | None:
    if changed_fields is None:
        return ListItemAdded(entity_id=item.id, version=item.public_version, payload=veiled(item))
    public = tuple(name for name in changed_fields if name not in HIDDEN_FIELDS)
    if not public:
        return None
    return ListItemUpdated(entity_id=item.id, version=item.public_version, changed_fields=public, payload=veiled(item))
