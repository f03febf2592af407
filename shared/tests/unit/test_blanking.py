"""A blank event has the shape of its contract and none of its texts, whatever the contract."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec import inspect

from shared.events.blanking import blank_data, is_blankable
from shared.events.changes import Change
from shared.events.envelope import Event
from shared.events.registry import default_registry

CHANGES = [contract for contract in default_registry() if issubclass(contract, Change)]
SECRET = "canary"


def _example(kind: inspect.Type) -> Any:
    """With a secret wherever a text may be, and every optional field given."""
    if isinstance(kind, inspect.Metadata):
        return _example(kind.type)
    if isinstance(kind, inspect.StructType):
        return {field.encode_name: _example(field.type) for field in kind.fields}
    if isinstance(kind, inspect.UnionType):
        return next(_example(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.CollectionType):
        return [_example(kind.item_type)]
    if isinstance(kind, inspect.DictType):
        return {SECRET: _example(kind.value_type)}
    if isinstance(kind, inspect.EnumType):
        return next(iter(kind.cls)).value
    return _PLAIN.get(type(kind), {"deep": [SECRET]})


_PLAIN: dict[type[inspect.Type], Any] = {
    inspect.UUIDType: "0199f2a4-6c00-7000-8000-000000000001",
    inspect.StrType: SECRET,
    inspect.BoolType: True,
    inspect.IntType: 271828,
    inspect.FloatType: 1.5,
    inspect.DateTimeType: "2026-03-14T09:26:53Z",
    inspect.DateType: "1815-12-10",
}


@pytest.mark.parametrize("contract", CHANGES, ids=lambda contract: contract.type)
def test_a_blank_event_still_fits_its_contract_without_any_text(contract: type[Event]) -> None:
    data = msgspec.json.encode(_example(inspect.type_info(contract)) | {"changed_fields": ["title"]}).decode()

    blank = blank_data(contract.type, data)

    event = msgspec.json.decode(blank, type=contract)
    assert SECRET not in blank
    assert "1815" not in blank
    assert isinstance(event, Change)
    assert (str(event.entity_id), event.version) == (_PLAIN[inspect.UUIDType], 271828)
    assert event.changed_fields == ("title",)


@pytest.mark.parametrize("contract", CHANGES, ids=lambda contract: contract.type)
def test_blanking_a_blank_event_changes_nothing(contract: type[Event]) -> None:
    once = blank_data(contract.type, msgspec.json.encode(_example(inspect.type_info(contract))).decode())

    assert blank_data(contract.type, once) == once


def test_facts_between_services_are_never_blanked() -> None:
    facts = [contract.type for contract in default_registry() if not issubclass(contract, Change)]

    assert facts
    assert not any(map(is_blankable, facts))


@settings(max_examples=50)
@given(st.dictionaries(st.text(), st.text() | st.integers() | st.dictionaries(st.text(), st.text())))
def test_of_an_unknown_event_only_ids_are_left(data: dict[str, Any]) -> None:
    stored = msgspec.json.encode({**data, "entity_id": "0199", "version": 3}).decode()

    assert msgspec.json.decode(blank_data("future.thing.added", stored)) == {
        "entity_id": "0199",
        "version": 3,
        "payload": None,
    }
