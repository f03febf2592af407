"""The audit log as a file: CSV for tables (RFC 4180), or JSON with exactly what the list shows."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from auth_service.audit.schemas import AuditRecordView, ExportFormat

EXPORTED = 100_000
"""Records of one export, at most: about 100 MB. Who needs more asks month by month."""
PORTION = 500
"""Records read at once: half a megabyte, at the worst 2 MB."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Without it spreadsheets take UTF-8 for something else."""
_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet computes a cell that begins so."""
_FIRST_PRINTABLE = " "
COLUMNS = AuditRecordView.__struct_fields__

_encode = msgspec.json.Encoder().encode


async def lines_of(portions: AsyncIterator[Sequence[AuditRecordView]], form: ExportFormat) -> AsyncIterator[bytes]:
    write = _csv if form is ExportFormat.CSV else _json
    async for part in write(portions):
        yield part


async def _csv(portions: AsyncIterator[Sequence[AuditRecordView]]) -> AsyncIterator[bytes]:
    yield BYTE_ORDER_MARK + _csv_lines([COLUMNS])
    async for records in portions:
        if records:
            yield _csv_lines([[cell_of(getattr(record, name)) for name in COLUMNS] for record in records])


async def _json(portions: AsyncIterator[Sequence[AuditRecordView]]) -> AsyncIterator[bytes]:
    before = b"["
    async for records in portions:
        if records:
            yield before + b",\n".join(map(_encode, records))
            before = b",\n"
    yield b"[]\n" if before == b"[" else b"]\n"


def cell_of(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value) if isinstance(value, str) or not _is_json(value) else _encode(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) or (text[:1] < _FIRST_PRINTABLE and text) else text


def _is_json(value: Any) -> bool:
    return isinstance(value, msgspec.Raw | msgspec.Struct | dict | list)


def _csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
