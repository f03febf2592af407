"""The shape that all changes of a resource share, so that live delivery needs to know only one."""

from uuid import UUID

import msgspec

from shared.events.envelope import Event


class Change(Event, frozen=True, kw_only=True):
    """A resource changed. Concrete contracts add `payload`: the resource as its readers see it."""

    entity_id: UUID
    version: int
    changed_fields: tuple[str, ...] = ()


class Removed(msgspec.Struct, frozen=True):
    """What is left to say of a resource that is gone."""

    id: UUID
