"""A chain of audit entries shows whatever was done to it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from audit_records import a_record, stored

from auth_service.audit.chain import EMPTY, Entry, Form, Link, Stored, chained, first_fault as fault_with, hash_of
from auth_service.audit.signing import AuditSigner

TENANT = uuid4()
SIGNER = AuditSigner("a secret of the tests, long enough to seal with")
PLAIN = {"ip": "203.0.113.7", "user_agent": "a browser", "request_body": '{"b":1.50}', "form": Form.PLAIN}
SEALED = {"personal": b"sealed", "aggregate": '{"count":2}', "form": Form.SEALED}


def a_row(**changes: Any) -> Stored:
    return stored(a_record(TENANT), **(SEALED | changes))


def a_chain(length: int, **changes: Any) -> list[Entry]:
    return list(chained(EMPTY, TENANT, [a_row(**changes) for _ in range(length)]))


def a_plain_chain(length: int) -> list[Entry]:
    return a_chain(length, **PLAIN, personal=None, aggregate=None)


def first_fault(end: Link, tenant_id: UUID, entries: Iterable[Entry]) -> str | None:
    return fault_with(end, tenant_id, entries, SIGNER)


def erased(entry: Entry, **changes: Any) -> Entry:
    """As retention leaves an entry whose person was erased."""
    gone = dict.fromkeys(("ip", "user_agent", "request_body"))
    attestation = SIGNER.sign_erased(TENANT, entry)
    fields = gone | {"form": Form.ERASED, "attestation": attestation} | changes
    return entry._replace(record=msgspec.structs.replace(entry.record, **fields))


def test_a_chain_that_nobody_touched_is_sound() -> None:
    entries = a_chain(5)

    assert first_fault(EMPTY, TENANT, entries) is None
    assert first_fault(Link(2, entries[1].hash), TENANT, entries[2:]) is None


def test_a_chain_goes_on_where_it_ended() -> None:
    entries = a_chain(2)

    entries += chained(Link(2, entries[1].hash), TENANT, [a_row()])

    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert first_fault(EMPTY, TENANT, entries) is None


OTHERS = {"form": Form.ERASED, "api_key_id": uuid4(), "ip": "192.0.2.1", "user_agent": "x", "request_body": "{}"}


@pytest.mark.parametrize("field", sorted(set(Stored.__struct_fields__) - {"attestation"}))
@pytest.mark.parametrize("make", [a_chain, a_plain_chain])
def test_a_change_of_any_field_is_found(make: Callable[[int], list[Entry]], field: str) -> None:
    entries = make(3)
    now = getattr(entries[1].record, field)
    other: Any = OTHERS.get(field, "another" if isinstance(now, str) else None)
    entries[1] = entries[1]._replace(record=msgspec.structs.replace(entries[1].record, **{field: other}))

    fault = first_fault(EMPTY, TENANT, entries)

    is_of_another_form = make is a_plain_chain and field in ("recorded_at", "personal", "aggregate")
    assert fault == (None if is_of_another_form else "entry 2 was changed")


def test_an_entry_whose_person_was_erased_is_sound_as_the_service_has_signed_it() -> None:
    entries = a_plain_chain(3)
    whole = list(entries)
    entries[1] = erased(entries[1])

    assert first_fault(EMPTY, TENANT, entries) is None
    for changes in ({"action": "x.y"}, {"attestation": None}, {"attestation": bytes(64)}, {"ip": "192.0.2.1"}):
        entries[1] = erased(whole[1], **changes)
        assert first_fault(EMPTY, TENANT, entries) == "entry 2 was changed", changes


def test_a_checkpoint_counts_only_with_the_signature_of_this_service() -> None:
    end = Link(7, bytes(32))
    signature = SIGNER.sign_checkpoint(TENANT, end)
    other = AuditSigner("another secret of the tests, long enough too")

    assert SIGNER.has_signed_checkpoint(TENANT, end, signature)
    assert not SIGNER.has_signed_checkpoint(uuid4(), end, signature)
    assert not SIGNER.has_signed_checkpoint(TENANT, end._replace(seq=8), signature)
    assert not other.has_signed_checkpoint(TENANT, end, signature)


def test_an_entry_that_was_taken_out_put_in_or_moved_is_found() -> None:
    entries = a_chain(4)
    made_up = entries[1]._replace(record=a_row())
    renumbered = entries[2]._replace(seq=2)

    assert first_fault(EMPTY, TENANT, [entries[0], *entries[2:]]) == "entry 2 is missing"
    assert first_fault(EMPTY, TENANT, [entries[0], made_up, *entries[2:]]) == "entry 2 was changed"
    assert first_fault(EMPTY, TENANT, [entries[0], renumbered]) == "entry 2 does not follow the entry before it"


def test_the_chain_of_one_tenant_is_not_that_of_another() -> None:
    assert first_fault(EMPTY, uuid4(), a_chain(1)) == "entry 1 was changed"


def test_an_entry_of_version_0_1_has_the_hash_that_it_had_then() -> None:
    record = a_record(
        None,
        id=UUID(int=1),
        user_id=UUID(int=2),
        session_id=UUID(int=3),
        request_body='{"b":1.50}',
        request_bytes=10,
        trace_id="0" * 32,
        created_at=datetime(2026, 11, 1, 12, 30, 0, 250_000, tzinfo=UTC),
    )
    row = stored(record, **(PLAIN | {"request_body": record.request_body}))

    digest = hash_of(UUID("0198c7f0-0000-7000-8000-000000000001"), 7, bytes(32), row)

    assert digest.hex() == "a5f17019de32d36d296ac1a5289b3fc647d056bff9f5bdd618c39701a8e2a723"
