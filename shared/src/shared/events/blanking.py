"""What is left of an event whose content must not be read any more: the shape of its contract, with ids and numbers.

The blank form still fits the contract, so that consumers of every version read it, and so do read models that need
ids. Texts are empty, optional values and free JSON are null, lists hold nothing but ids. Live clients and webhooks
are shown less than that: `payload: null`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from shared.events.changes import Change
from shared.events.envelope import Event
from shared.events.registry import UnknownEvent, default_registry

_NO_DATE = "1970-01-01"
"""Stands in where a contract requires a date."""

_PLAIN = (
    inspect.UUIDType,
    inspect.EnumType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DateTimeType,
    inspect.LiteralType,
)
_PLAIN_IF_OPTIONAL = (inspect.UUIDType, inspect.EnumType, inspect.BoolType)
"""An optional number or time is content: a price, a due date."""

_KEPT_FIELDS = frozenset({"changed_fields"})
"""Names of fields, which services decide by; live clients are not told them either."""

Blank = Callable[[Any], Any]

_registry = cache(default_registry)


def is_blankable(type_name: str) -> bool:
    """Changes carry content; other events are facts between services, of which nothing is taken away."""
    try:
        return issubclass(_registry().contract(type_name), Change)
    except UnknownEvent:
        return True


def blank_data(type_name: str, data: str) -> str:
    """The event's `data` without its content. Of an event that no contract here describes, its ids are left."""
    try:
        contract = _registry().contract(type_name)
    except UnknownEvent:
        return _ids_only(data)
    return msgspec.json.encode(_blank_of(contract)(msgspec.json.decode(data))).decode()


class _Ids(msgspec.Struct, frozen=True):
    entity_id: Any = None
    version: Any = None
    payload: None = None


def _ids_only(data: str) -> str:
    ids = msgspec.json.decode(data, type=dict[str, Any])
    return msgspec.json.encode(_Ids(ids.get("entity_id"), ids.get("version"))).decode()


@cache
def _blank_of(contract: type[Event]) -> Blank:
    return _blank(inspect.type_info(contract))


def _blank(kind: inspect.Type) -> Blank:
    if isinstance(kind, inspect.Metadata):
        return _blank(kind.type)
    if isinstance(kind, inspect.StructType):
        return _blank_struct(kind)
    if isinstance(kind, inspect.UnionType):
        return _blank_union(kind)
    if isinstance(kind, _PLAIN):
        return _itself
    if isinstance(kind, inspect.CollectionType | inspect.VarTupleType):
        return _itself if isinstance(kind.item_type, inspect.UUIDType) else lambda _value: []
    if isinstance(kind, inspect.DictType):
        return lambda _value: {}
    if isinstance(kind, inspect.StrType):
        return lambda _value: ""
    if isinstance(kind, inspect.DateType):
        return lambda _value: _NO_DATE
    return lambda _value: None


def _blank_struct(kind: inspect.StructType) -> Blank:
    fields = {
        field.encode_name: _itself if field.encode_name in _KEPT_FIELDS else _blank(field.type) for field in kind.fields
    }
    return lambda value: {name: blank(value[name]) for name, blank in fields.items() if name in value}


def _blank_union(kind: inspect.UnionType) -> Blank:
    """Of fields that may be null, or absent."""
    given = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    [only] = given if len(given) == 1 else [None]
    if not kind.includes_none:
        return _itself if only is None else _blank(only)
    if isinstance(only, inspect.StructType):
        blank = _blank_struct(only)
        return lambda value: None if value is None else blank(value)
    return _itself if isinstance(only, _PLAIN_IF_OPTIONAL) else lambda _value: None


def _itself(value: Any) -> Any:
    return value
