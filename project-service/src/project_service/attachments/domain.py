"""Decisions about attachments that need neither database nor store."""

import hashlib
import hmac
import re
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID

import puremagic

from project_service.attachments.errors import AttachmentNotFound, DownloadExpired
from shared.errors import FieldError, ValidationFailed

MAX_FILE_BYTES = 25 * 1024 * 1024
DOWNLOADABLE_FOR = timedelta(minutes=5)
SNIFFED_BYTES = 8192
UNKNOWN_TYPE = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_SIGNATURE_BYTES = 32


def sniffed_type(head: bytes) -> str:
    """The media type that the first bytes speak for. It describes; what is served stays inert whatever it says."""
    try:
        found = str(puremagic.from_string(head, mime=True)).lower()
    except (puremagic.PureError, ValueError):
        found = ""
    if _MEDIA_TYPE.fullmatch(found):
        return found
    return "text/plain" if head and _is_text(head) else UNKNOWN_TYPE


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not just a letter cut in two
            return False
        text = head[: error.start].decode()
    return all(letter.isprintable() or letter.isspace() for letter in text)


def require_web_address(url: str) -> None:
    """Raises ValidationFailed."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise ValidationFailed([FieldError("url", "invalid_format", "Give an http or https address.")])


def inert_headers(name: str) -> dict[str, str]:
    """A browser saves what comes with these, and runs nothing of it."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-site",
        "Cache-Control": "private, no-store",
    }


class Grant(NamedTuple):
    """Whoever shows it may read this one attachment until then."""

    tenant_id: UUID
    attachment_id: UUID
    expires_at: datetime


class DownloadSigner:
    """Turns grants into tokens that go into an address, and back."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"attachment downloads", hashlib.sha256)

    def sign(self, grant: Grant) -> str:
        moment = int(grant.expires_at.timestamp()).to_bytes(8)
        said = grant.tenant_id.bytes + grant.attachment_id.bytes + moment
        return urlsafe_b64encode(said + self._signature(said)).decode()

    def read(self, token: str, now: datetime) -> Grant:
        """Raises AttachmentNotFound for what was never signed here, DownloadExpired."""
        try:
            raw = b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            raise AttachmentNotFound from None
        said, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(said)):
            raise AttachmentNotFound
        expires_at = datetime.fromtimestamp(int.from_bytes(said[32:]), UTC)
        if expires_at <= now:
            raise DownloadExpired
        return Grant(UUID(bytes=said[:16]), UUID(bytes=said[16:32]), expires_at)

    def _signature(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)
