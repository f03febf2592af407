"""An example of any contract, with a given text wherever a text may be and every optional field given."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

from shared.events.blanking import blank_data
from shared.events.changes import Change
from shared.events.envelope import Envelope, Event, encode
from shared.ids import new_id
from shared.messaging.bus import OutgoingMessage
from shared.messaging.consumer import publisher_of
from shared.messaging.memory import MemoryBus

TEXT = "canary"


def example_data(contract: type[Event], tenant_id: UUID | None = None) -> dict[str, Any]:
    data: dict[str, Any] = _example(inspect.type_info(contract), str(tenant_id or new_id()))
    return data


async def send_redacted(bus: MemoryBus, contract: type[Change], tenant_id: UUID) -> UUID:
    """As the relay sends an event whose thing was deleted meanwhile; returns its id."""
    data = blank_data(contract.type, msgspec.json.encode(example_data(contract, tenant_id)).decode())
    event = msgspec.json.decode(data, type=contract)
    envelope = Envelope(
        id=new_id(),
        source=publisher_of(contract.type),
        type=contract.type,
        subject=str(event.entity_id),
        time=datetime.now(UTC),
        data=msgspec.Raw(data.encode()),
        tenantid=tenant_id,
        redacted=True,
    )
    await bus.publish([OutgoingMessage(envelope.source, envelope.type, envelope.id, encode(envelope))])
    return envelope.id


def _example(kind: inspect.Type, tenant_id: str) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _example(kind.type, tenant_id)
    if isinstance(kind, inspect.StructType):
        fields = {field.encode_name: _example(field.type, tenant_id) for field in kind.fields}
        return fields | ({"tenant_id": tenant_id} if "tenant_id" in fields else {})
    if isinstance(kind, inspect.UnionType):
        return next(_example(one, tenant_id) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.CollectionType):
        return [_example(kind.item_type, tenant_id)]
    if isinstance(kind, inspect.DictType):
        return {TEXT: _example(kind.value_type, tenant_id)}
    if isinstance(kind, inspect.EnumType):
        return next(iter(kind.cls)).value
    return str(new_id()) if isinstance(kind, inspect.UUIDType) else _PLAIN.get(type(kind), {"deep": [TEXT]})


_PLAIN: dict[type[inspect.Type], Any] = {
    inspect.StrType: TEXT,
    inspect.BoolType: True,
    inspect.IntType: 271828,
    inspect.FloatType: 1.5,
    inspect.DateTimeType: "2026-03-14T09:26:53Z",
    inspect.DateType: "1815-12-10",
}
