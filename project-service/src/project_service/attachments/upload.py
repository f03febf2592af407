"""A multipart form with one file, read as it arrives: never more of it in memory than one piece."""

from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from project_service.attachments.domain import SNIFFED_BYTES, file_name
from shared.errors import BadRequest, FieldError, ValidationFailed

FORM = "multipart/form-data"
FIELD = "file"
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1


class Upload:
    """`head` is the beginning of the file, which `parts` give again with all that follows."""

    def __init__(self, name: str, head: bytes, rest: AsyncIterator[bytes]) -> None:
        self.name = name
        self.head = head
        self._rest = rest

    async def parts(self) -> AsyncIterator[bytes]:
        """Raises BadRequest or ValidationFailed where the form goes wrong behind the head."""
        yield self.head
        async for part in self._rest:
            yield part


async def read_upload(chunks: AsyncIterator[bytes], content_type: str) -> Upload:
    """Reads up to the first bytes of the file. Raises BadRequest, or ValidationFailed for a form of other fields."""
    form = _Form()
    parts = _file_parts(chunks, form, _boundary(content_type))
    head = b""
    async for part in parts:
        head += part
        if len(head) >= SNIFFED_BYTES:
            break
    return Upload(file_name(form.file_name), head, parts)


async def _file_parts(chunks: AsyncIterator[bytes], form: "_Form", boundary: bytes) -> AsyncIterator[bytes]:
    parser = MultipartParser(boundary, form.callbacks())  # bounds the number and the length of header lines itself
    try:
        async for chunk in chunks:
            parser.write(chunk)
            for part in form.taken():
                yield part
        parser.finalize()
    except MultipartParseError as error:
        raise BadRequest("The multipart body cannot be read.") from error
    if not form.is_complete:
        raise BadRequest("The multipart body ends too early.")
    if not form.has_file:
        raise ValidationFailed([FieldError(FIELD, "required", "Send one file in this field.")])


def _boundary(content_type: str) -> bytes:
    _, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
        raise BadRequest("The multipart body names no boundary.")
    return boundary


class _Form:
    """Hears what the parser finds."""

    def __init__(self) -> None:
        self.file_name = ""
        self.has_file = False
        self.is_complete = False
        self._found: list[bytes] = []
        self._header = b""
        self._value = b""
        self._disposition = b""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._more_header,
            "on_header_value": self._more_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._more_data,
            "on_end": self._end,
        }

    def taken(self) -> list[bytes]:
        found, self._found = self._found, []
        return found

    def _begin_part(self) -> None:
        self._disposition = b""

    def _more_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        name = parameters.get(b"name", b"").decode(errors="replace")
        if name != FIELD or b"filename" not in parameters:
            raise ValidationFailed([FieldError(file_name(name), "unknown", "Send one file in the field `file`.")])
        if self.has_file:
            raise ValidationFailed([FieldError(FIELD, "repeated", "Send one file at a time.")])
        self.has_file = True
        self.file_name = parameters[b"filename"].decode(errors="replace")

    def _more_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(data[start:end])

    def _end(self) -> None:
        self.is_complete = True
