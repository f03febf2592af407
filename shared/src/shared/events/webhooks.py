"""Which events leave for webhooks: the gateway documents them, project-service delivers them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from shared.events.auth import MembershipAdded, MembershipChanged, MembershipRemoved, TenantUpdated, UserUpdated
from shared.events.changes import Change
from shared.events.envelope import Event


class RedactedData(msgspec.Struct, frozen=True, kw_only=True):
    """`data` of an event whose thing was deleted since, or whose text was written anew: skip it."""

    entity_id: UUID
    version: int
    payload: None = None
    redacted: bool = True


_OF_THE_TENANT = (MembershipAdded, MembershipChanged, MembershipRemoved, TenantUpdated, UserUpdated)


def public_type(type_name: str) -> str:
    """The type without the service that publishes it: `task.updated`."""
    return type_name.partition(".")[2]


def webhook_catalogue(contracts: Iterable[type[Event]]) -> Mapping[str, type[Change]]:
    """The contracts by their public type. Whether one event may leave is decided by who may see it."""
    return {
        public_type(contract.type): contract
        for contract in contracts
        if issubclass(contract, Change) and contract.live is not None and _is_shared_by_many(contract)
    }


def _is_shared_by_many(contract: type[Change]) -> bool:
    """Conversations and settings are somebody's own."""
    return contract.type.startswith("project.") or contract in _OF_THE_TENANT
