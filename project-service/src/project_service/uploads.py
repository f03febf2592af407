"""Large bodies: taken off the wire into a nameless file as they come, counted, never held in memory."""

import asyncio
import hashlib
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import IO, NamedTuple

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from shared.errors import BadRequest, FieldError, TooLarge, UnsupportedMediaType, ValidationFailed
from shared.http.app import Request
from shared.http.routes import FORM, FORM_FIELD
from shared.idempotency import fingerprint_body

WRITE_BYTES = 1024 * 1024  # that much is worth a change of threads
_LONGEST_NAME = 255  # characters
_SEPARATORS = re.compile(r"[/\\]")
_FORM_OVERHEAD = 64 * 1024  # bytes for the other parts of a form and its headers


def file_name(given: str | None) -> str | None:
    """The last part of what may be a path, without what no name should have in it; None where nothing is left."""
    text = unicodedata.normalize("NFC", _SEPARATORS.split(given or "")[-1])
    kept = "".join(letter for letter in text if unicodedata.category(letter)[0] != "C").strip()
    return kept[:_LONGEST_NAME] or None


class Upload(NamedTuple):
    """`file` stands at its beginning; `name` is what the sender calls it, as far as it can be a name."""

    file: IO[bytes]
    size: int
    name: str | None


@asynccontextmanager
async def spooled(request: Request, *media_types: str, limit: int) -> AsyncIterator[Upload]:
    """The body of the request, of one of these types (the first, if it names none), or the part `file` of a form.

    At most `limit` bytes are ever read. Raises TooLarge, UnsupportedMediaType, BadRequest or ValidationFailed.
    """
    with tempfile.TemporaryFile() as file:
        body = _Body(request, media_types, limit)
        size, pending = 0, bytearray()
        digest = hashlib.sha256()
        async for part in body.parts():
            size += len(part)
            digest.update(part)
            pending += part
            if len(pending) >= WRITE_BYTES:
                await asyncio.to_thread(file.write, pending)
                pending = bytearray()
        await asyncio.to_thread(file.write, pending)
        file.seek(0)
        fingerprint_body(digest.digest())
        yield Upload(file, size, body.name)


class _Body:
    def __init__(self, request: Request, media_types: Sequence[str], limit: int) -> None:
        self.name: str | None = None
        self._request = request
        self._limit = limit
        given, options = parse_options_header(request.headers.get("content-type", media_types[0]))
        if given not in (*media_types, FORM):
            raise UnsupportedMediaType
        self._form = _Form(options.get("boundary", "")) if given not in media_types else None

    async def parts(self) -> AsyncIterator[bytes]:
        form = self._form
        if form is None:
            async for part in self._received(self._limit):
                yield part
            return
        async for part in self._received(self._limit + _FORM_OVERHEAD):
            for content in form.take(part):
                yield content
        form.finish()
        self.name = form.name

    async def _received(self, limit: int) -> AsyncIterator[bytes]:
        stream, left = self._request.stream, limit
        assert stream is not None
        if int(self._request.headers.get("content-length", 0)) > limit:
            raise TooLarge
        while (part := await stream.read()) is not None:  # type: ignore[attr-defined] # of the protocol's own type
            left -= len(part)
            if left < 0:
                raise TooLarge
            yield part


class _Form:
    """A multipart body in pieces; of its parts only one is passed on."""

    def __init__(self, boundary: str) -> None:
        if not boundary:
            raise BadRequest("A form names its boundary.")
        self.name: str | None = None
        self._parser = PushMultipartParser(boundary, max_segment_count=20)
        self._is_wanted = False
        self._is_found = False

    def take(self, piece: bytes) -> Iterator[bytes]:
        try:
            for event in self._parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is not None and self._is_wanted:
                    yield bytes(event)
        except MultipartError as error:
            raise BadRequest("The form is not understandable.") from error

    def finish(self) -> None:
        try:
            self._parser.close()
        except MultipartError as error:
            raise BadRequest("The form ends too early.") from error
        if not self._is_found:
            raise ValidationFailed([FieldError(FORM_FIELD, "required", "The form has no such part.")])

    def _begin(self, segment: MultipartSegment) -> None:
        self._is_wanted = segment.name == FORM_FIELD and not self._is_found
        if self._is_wanted:
            self._is_found, self.name = True, file_name(segment.filename)
