"""How changes of gifts are told: on the lists that they are on, to whoever sees them there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from project_service.gifting.items import repository as items
from project_service.gifting.lists import repository as lists
from project_service.gifting.secrecy import StoredItem, StoredList, shows_item
from project_service.gifting.streams import Linked, streams
from shared.db.unit_of_work import Work
from shared.events.gifting import GiftAdded, GiftDeleted, GiftState, GiftUpdated
from shared.events.topics import list_topic

MOST_LISTS = 100
"""A gift on more of them is told of on the first."""


async def tell_of_gift(
    work: Work,
    links: Sequence[Linked],
    gift: GiftState,
    event: GiftAdded | GiftUpdated | GiftDeleted,
    now: datetime,
) -> None:
    holding = await items.holding(work, gift.tenant_id, gift.id)
    on = await lists.get_any(work, gift.tenant_id, list(dict.fromkeys(item.list_id for item in holding))[:MOST_LISTS])
    unseen = {list_id: _unseen_by(gift_list, holding, links, now) for list_id, gift_list in on.items()}
    told = [stream for list_id, users in unseen.items() for stream in streams([list_topic(list_id)], links, users)]
    hidden = _hidden_from(gift, links, unseen.values())
    guarded = msgspec.structs.replace(event, hidden_from=hidden or msgspec.UNSET)
    work.publish(guarded, topics=told, subject=str(gift.id))


def _unseen_by(
    gift_list: StoredList, holding: Sequence[StoredItem], links: Sequence[Linked], now: datetime
) -> set[UUID]:
    """Whose persons see no item of this list that is the gift."""
    of_list = [item for item in holding if item.list_id == gift_list.id]
    return {
        link.user_id for link in links if not any(shows_item(gift_list, item, link.user_id, now) for item in of_list)
    }


def _hidden_from(gift: GiftState, links: Sequence[Linked], unseen: Iterable[set[UUID]]) -> tuple[UUID, ...]:
    """As `Viewer.sees_gift` has it: who is a person here and neither made it nor sees it on any list."""
    everywhere = set.intersection({link.user_id for link in links}, *unseen)
    return tuple(sorted(everywhere - {gift.created_by}))
