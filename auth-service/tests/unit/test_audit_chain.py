"""A chain of audit entries shows whatever was done to it."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from audit_records import a_record

from auth_service.audit.chain import EMPTY, Entry, Link, chained, first_fault
from shared.events.gateway import AuditRecord

TENANT = uuid4()


def a_chain(length: int) -> list[Entry]:
    return list(chained(EMPTY, TENANT, [a_record(TENANT) for _ in range(length)]))


def test_a_chain_that_nobody_touched_is_sound() -> None:
    entries = a_chain(5)

    assert first_fault(EMPTY, TENANT, entries) is None
    assert first_fault(Link(2, entries[1].hash), TENANT, entries[2:]) is None


def test_a_chain_goes_on_where_it_ended() -> None:
    entries = a_chain(2)

    entries += chained(Link(2, entries[1].hash), TENANT, [a_record(TENANT)])

    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert first_fault(EMPTY, TENANT, entries) is None


@pytest.mark.parametrize("field", [name for name in AuditRecord.__struct_fields__ if name != "tenant_id"])
def test_a_change_of_any_field_is_found(field: str) -> None:
    entries = a_chain(3)
    other: Any = "another" if isinstance(getattr(entries[1].record, field), str) else None
    changed = msgspec.structs.replace(entries[1].record, **{field: other})
    entries[1] = entries[1]._replace(record=changed)
    if field == "api_key_id":
        entries[1] = entries[1]._replace(record=msgspec.structs.replace(changed, api_key_id=uuid4()))

    assert first_fault(EMPTY, TENANT, entries) == "entry 2 was changed"


def test_an_entry_that_was_taken_out_put_in_or_moved_is_found() -> None:
    entries = a_chain(4)
    made_up = entries[1]._replace(record=a_record(TENANT))
    renumbered = entries[2]._replace(seq=2)

    assert first_fault(EMPTY, TENANT, [entries[0], *entries[2:]]) == "entry 2 is missing"
    assert first_fault(EMPTY, TENANT, [entries[0], made_up, *entries[2:]]) == "entry 2 was changed"
    assert first_fault(EMPTY, TENANT, [entries[0], renumbered]) == "entry 2 does not follow the entry before it"


def test_the_chain_of_one_tenant_is_not_that_of_another() -> None:
    assert first_fault(EMPTY, uuid4(), a_chain(1)) == "entry 1 was changed"
