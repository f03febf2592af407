"""The shape that all changes of a resource share, so that live delivery needs to know only one."""

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.envelope import Event, LiveEvent


class Change(Event, frozen=True, kw_only=True):
    """A resource changed. Concrete contracts add `payload`: the resource as its readers see it."""

    redacting_fields: ClassVar[frozenset[str]] = frozenset()
    """A change of one of these fields redacts the earlier events of the resource: its former text is gone."""
    author_field: ClassVar[str | None] = None
    """The field of `payload` with the id of whoever wrote its text: the event is redacted when they are erased."""

    entity_id: UUID
    version: int
    changed_fields: tuple[str, ...] = ()

    @classmethod
    def redacts_earlier(cls, changed_fields: Iterable[str]) -> bool:
        """Whether, with such an event, earlier ones about the same subject must not be read any more."""
        return cls.live is LiveEvent.DELETED or not cls.redacting_fields.isdisjoint(changed_fields)


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
