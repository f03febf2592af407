"""What a bulk request asks for, read and checked as far as that needs no database."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from project_service.tasks.domain import require_plausible
from project_service.tasks.errors import BulkConflict, BulkInvalid
from project_service.tasks.schemas import MAX_DATA_BYTES, BulkAction, BulkOperation, CreateTask, PatchTask
from shared.errors import MAX_REPORT_BYTES, FieldError, TesseraError, ValidationFailed
from shared.http.patch import changes
from shared.http.validation import read_body
from shared.ids import new_id
from shared.json_value import require_small_json

Data = TypeVar("Data", CreateTask, PatchTask)

_AGAINST_THE_STATE = (409, 412)


@dataclass(frozen=True)
class Creation:
    index: int
    id: UUID
    new: CreateTask


@dataclass(frozen=True)
class Alteration:
    index: int
    id: UUID
    if_version: int | None
    wanted: dict[str, Any]


@dataclass(frozen=True)
class Removal:
    index: int
    id: UUID
    if_version: int | None


class Plan(NamedTuple):
    """The operations by kind, each list in the order of the request."""

    creations: list[Creation]
    alterations: list[Alteration]
    removals: list[Removal]

    @property
    def existing(self) -> list[Alteration | Removal]:
        return [*self.alterations, *self.removals]

    @property
    def needs_structure(self) -> bool:
        """Somebody asks for a certain place."""
        return any(creation.new.position is not None for creation in self.creations) or any(
            "position" in alteration.wanted for alteration in self.alterations
        )


class Refusals:
    """What cannot be done, by operation, and the one error that tells all of it."""

    def __init__(self) -> None:
        self._found: list[tuple[int, TesseraError]] = []

    def add(self, index: int, error: TesseraError) -> None:
        self._found.append((index, error))

    def raise_any(self) -> None:
        """Raises BulkInvalid, or BulkConflict where the state of the tasks is all that is wrong."""
        if not self._found:
            return
        is_conflict = all(error.status in _AGAINST_THE_STATE for _, error in self._found)
        told = list(_described(sorted(self._found, key=lambda found: found[0])))
        raise (BulkConflict if is_conflict else BulkInvalid)(details={"operations": told})


def _described(found: Sequence[tuple[int, TesseraError]]) -> Iterator[dict[str, Any]]:
    """Every operation is named; the fields of the last ones are left out where a report would get too long."""
    left = MAX_REPORT_BYTES
    for index, error in found:
        details = error.details
        if isinstance(error, ValidationFailed):
            left -= len(msgspec.json.encode(details))
            details = details if left >= 0 else {}
        yield {"index": index, "code": error.code, "message": error.message, **details}


def read_plan(operations: Sequence[BulkOperation]) -> Plan:
    """Raises BulkInvalid."""
    plan, refusals = Plan([], [], []), Refusals()
    times = Counter(operation.id for operation in operations if operation.id is not None)
    for index, operation in enumerate(operations):
        try:
            _require_form(operation, times)
            _read(index, operation, plan)
        except ValidationFailed as error:
            refusals.add(index, error)
    refusals.raise_any()
    return plan


def _require_form(operation: BulkOperation, times: Counter[UUID]) -> None:
    creates, deletes = operation.op is BulkAction.CREATE, operation.op is BulkAction.DELETE
    wrong: list[FieldError] = []
    for name, is_wanted in (("id", not creates), ("data", not deletes)):
        if is_wanted and getattr(operation, name) is None:
            wrong.append(FieldError(name, "required", "This is required."))
        if not is_wanted and getattr(operation, name) is not None:
            wrong.append(FieldError(name, "unknown", "This operation takes none."))
    if creates and operation.if_version is not None:
        wrong.append(FieldError("if_version", "unknown", "This operation takes none."))
    if operation.id is not None and times[operation.id] > 1:
        wrong.append(FieldError("id", "repeated", "Name each task once."))
    if wrong:
        raise ValidationFailed(wrong)


def _read(index: int, operation: BulkOperation, plan: Plan) -> None:
    if operation.op is BulkAction.CREATE:
        new = _read_data(operation, CreateTask)
        plan.creations.append(Creation(index, new_id(), new))
        return
    assert operation.id is not None  # the form is checked
    if operation.op is BulkAction.DELETE:
        plan.removals.append(Removal(index, operation.id, operation.if_version))
    else:
        wanted = changes(_read_data(operation, PatchTask))
        plan.alterations.append(Alteration(index, operation.id, operation.if_version, wanted))


def _read_data(operation: BulkOperation, shape: type[Data]) -> Data:
    encoded = require_small_json(operation.data, MAX_DATA_BYTES, "data")
    try:
        data = read_body(encoded, shape)
        require_plausible("due_at", data.due_at)
    except ValidationFailed as error:
        raise ValidationFailed([field._replace(path=f"data.{field.path}") for field in error.fields]) from None
    return data
