"""The shape that all changes of a resource share, so that live delivery needs to know only one."""

from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.envelope import Event


class Change(Event, frozen=True, kw_only=True):
    """A resource changed. Concrete contracts add `payload`: the resource as its readers see it."""

    entity_id: UUID
    version: int
    changed_fields: tuple[str, ...] = ()


class Guarded(Change, frozen=True, kw_only=True):
    """A change that not everybody who may follow its things may be told. Live clients never see these two fields."""

    only_for: UUID | UnsetType = UNSET
    """Nobody but this user: the thing is private, or this is how it looks to whom something is kept from."""
    hidden_from: tuple[UUID, ...] | UnsetType = UNSET
    """These users are told nothing, or something else, in an event that is only for them."""


def may_be_told(event: Change, user_id: UUID) -> bool:
    """Whether an outlet of this user may show the event: a webhook, a list of activity, a notification."""
    if not isinstance(event, Guarded):
        return True
    return event.only_for in (UNSET, user_id) and (event.hidden_from is UNSET or user_id not in event.hidden_from)


class Removed(msgspec.Struct, frozen=True):
    """What is left to say of a resource that is gone."""

    id: UUID
