"""Time-based one-time passwords as authenticator apps make them (RFC 6238 over RFC 4226: SHA-1, 30 s, six digits)."""

import base64
import hmac
import os
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226, section 4: as long as the hash
DRIFT = 1  # steps: clocks of phones differ, and typing takes time (RFC 6238, section 5.2)
ISSUER = "Tessera"


def new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, now: datetime, last_used: int | None) -> int | None:
    """The step that the code is of: one of those around now, later than `last_used`. None when it is of none."""
    current, given = step_at(now), code.encode()
    for step in range(current - DRIFT, current + DRIFT + 1):
        is_fresh = last_used is None or step > last_used
        if hmac.compare_digest(code_of(secret, step).encode(), given) and is_fresh:
            return step
    return None


def as_text(secret: bytes) -> str:
    """For people who type it instead of scanning a picture."""
    return base64.b32encode(secret).decode().rstrip("=")


def otpauth_url(secret: bytes, email: str) -> str:
    """What authenticator apps read from a QR code (the "Key URI Format" of Google Authenticator)."""
    label = quote(f"{ISSUER}:{email}", safe="")
    return f"otpauth://totp/{label}?secret={as_text(secret)}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30"
