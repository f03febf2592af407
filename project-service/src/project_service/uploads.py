"""Large bodies: taken off the wire into a nameless file as they come, counted, never held in memory."""

import asyncio
import hashlib
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import IO, NamedTuple
from uuid import UUID

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from shared.errors import BadRequest, FieldError, TooLarge, Unavailable, UnsupportedMediaType, ValidationFailed
from shared.http.app import Request
from shared.http.routes import FORM, FORM_FIELD
from shared.idempotency import fingerprint_body

WRITE_BYTES = 1024 * 1024  # that much is worth a change of threads
MIB = 1024 * 1024
SPOOLED_OF_TENANT = 512 * MIB  # bytes at one time, per replica: five of the largest archives, twenty attachments
SPOOLED_IN_ALL = 2048 * MIB  # the same for all tenants: what a small disk for temporary files has
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


class Uploads:
    """Takes bodies in; what is on the disk at one time is bounded for a tenant and in all."""

    def __init__(self, of_tenant: int = SPOOLED_OF_TENANT, in_all: int = SPOOLED_IN_ALL) -> None:
        self._of_tenant = of_tenant
        self._in_all = in_all
        self._bytes: Counter[UUID] = Counter()

    @asynccontextmanager
    async def spooled(self, body: "IncomingBody", tenant_id: UUID) -> AsyncIterator[Upload]:
        """Raises TooLarge, BadRequest, ValidationFailed, and Unavailable where too much is being uploaded."""
        size, digest = 0, hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            try:
                async for part in _in_large_parts(body.parts()):
                    self._take_room(tenant_id, len(part))
                    size += len(part)
                    digest.update(part)
                    await asyncio.to_thread(file.write, part)
                file.seek(0)
                fingerprint_body(digest.digest())
                yield Upload(file, size, body.name)
            finally:
                self._bytes -= Counter({tenant_id: size})

    def _take_room(self, tenant_id: UUID, size: int) -> None:
        """A tenant takes half of what the others leave at most, so that another tenant always finds room."""
        own = self._bytes[tenant_id]
        left_by_others = self._in_all - (self._bytes.total() - own)
        if own + size > min(self._of_tenant, left_by_others // 2):
            raise Unavailable("Too much is being uploaded at one time: try again when other uploads have ended.")
        self._bytes[tenant_id] += size


async def _in_large_parts(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    pending = bytearray()
    async for part in parts:
        pending += part
        if len(pending) >= WRITE_BYTES:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending)


class IncomingBody:
    """The body of a request, of one of these types (the first, if it names none), or the part `file` of a form.

    Nothing is read yet: whether the caller may send it can be asked first. At most `limit` bytes are ever read. Raises
    UnsupportedMediaType and BadRequest.
    """

    def __init__(self, request: Request, *media_types: str, limit: int) -> None:
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
