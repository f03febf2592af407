"""A blank event has the shape of its contract and none of its texts, whatever the contract."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from shared.events.blanking import blank_data, is_blankable
from shared.events.changes import Change
from shared.events.envelope import Event
from shared.events.registry import default_registry
from shared.testing.example_events import TEXT, example_data

CHANGES = [contract for contract in default_registry() if issubclass(contract, Change)]


@pytest.mark.parametrize("contract", CHANGES, ids=lambda contract: contract.type)
def test_a_blank_event_still_fits_its_contract_without_any_text(contract: type[Event]) -> None:
    example = example_data(contract) | {"changed_fields": ["title"]}

    blank = blank_data(contract.type, msgspec.json.encode(example).decode())

    event = msgspec.json.decode(blank, type=contract)
    assert TEXT not in blank
    assert "1815-12-10" not in blank
    assert isinstance(event, Change)
    assert (str(event.entity_id), event.version) == (example["entity_id"], 271828)
    assert event.changed_fields == ("title",)


@pytest.mark.parametrize("contract", CHANGES, ids=lambda contract: contract.type)
def test_blanking_a_blank_event_changes_nothing(contract: type[Event]) -> None:
    once = blank_data(contract.type, msgspec.json.encode(example_data(contract)).decode())

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
