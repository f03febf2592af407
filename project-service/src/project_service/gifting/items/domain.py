"""How an item gets from an idea to a gift, and who takes it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from project_service.gifting.items.errors import ListItemClaimed, ListItemInvalidTransition
from shared.events.gifting import ItemStatus, ListItemState, Share

WHOLE = 100  # percent

FORWARD: Mapping[ItemStatus, ItemStatus] = MappingProxyType(
    {
        ItemStatus.IDEA: ItemStatus.SELECTED,
        ItemStatus.SELECTED: ItemStatus.PURCHASED,
        ItemStatus.PURCHASED: ItemStatus.RECEIVED,
    }
)
_BACK: Mapping[ItemStatus, frozenset[ItemStatus]] = MappingProxyType(
    {status: frozenset(tuple(ItemStatus)[:place]) for place, status in enumerate(ItemStatus)}
)


def moved(item: ListItemState, to: ItemStatus, mover: UUID, *, is_admin: bool) -> dict[str, Any]:
    """What changes. Who selects what nobody has taken, takes it. Raises ListItemInvalidTransition."""
    assert item.status is not None  # of an item as it is kept
    claimers = {share.user_id for share in item.shares}
    if to is item.status and (not claimers or mover in claimers):
        return {}
    if FORWARD.get(item.status) is to:
        is_claim = to is ItemStatus.SELECTED and not claimers
        return {"status": to, **(_shared((Share(user_id=mover, share=WHOLE),)) if is_claim else {})}
    if to in _BACK[item.status] and (mover in claimers or is_admin):
        return {"status": to}
    raise ListItemInvalidTransition(details={"from": item.status, "to": to, "current": msgspec.to_builtins(item)})


def claimed(item: ListItemState, user_id: UUID, share: int | None) -> dict[str, Any]:
    """What changes when somebody takes it, or another share of it. Raises ListItemClaimed."""
    others = tuple(taken for taken in item.shares if taken.user_id != user_id)
    own = next((taken.share for taken in item.shares if taken.user_id == user_id), None)
    wanted = share or own or WHOLE
    if wanted + sum(taken.share for taken in others) > WHOLE:
        raise ListItemClaimed(details={"current": msgspec.to_builtins(item)})
    return {} if wanted == own else _shared(_with(item.shares, Share(user_id=user_id, share=wanted)))


def released(item: ListItemState, user_id: UUID, *, is_admin: bool) -> dict[str, Any]:
    """What changes when they give back their share, or an admin everybody's. Raises ListItemClaimed."""
    left = tuple(taken for taken in item.shares if taken.user_id != user_id)
    if left != item.shares:
        return _shared(left)
    if not item.shares:
        return {}
    if is_admin:
        return _shared(())
    raise ListItemClaimed(details={"current": msgspec.to_builtins(item)})


def _with(shares: tuple[Share, ...], share: Share) -> tuple[Share, ...]:
    """In the order in which they took it."""
    if any(taken.user_id == share.user_id for taken in shares):
        return tuple(share if taken.user_id == share.user_id else taken for taken in shares)
    return (*shares, share)


def _shared(shares: tuple[Share, ...]) -> dict[str, Any]:
    return {"assigned_to": shares[0].user_id if shares else None, "shares": shares}
