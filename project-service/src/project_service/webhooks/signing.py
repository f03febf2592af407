"""The secrets of webhooks, and what is signed with them (Standard Webhooks 1.0)."""

import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from standardwebhooks.webhooks import Webhook as Signer

from shared.sealing import Seal, SealError

SEAL_PURPOSE = "webhook secrets"
_SECRET_BYTES = 32


class Secrets:
    """Each is sealed for the webhook that it belongs to."""

    def __init__(self, key_encryption_secret: str) -> None:
        self._seal = Seal(key_encryption_secret, SEAL_PURPOSE)

    def new(self, webhook_id: UUID) -> tuple[str, bytes]:
        """A new one as it is shown, and as it is stored."""
        secret = secrets.token_bytes(_SECRET_BYTES)
        return f"whsec_{base64.b64encode(secret).decode()}", self._seal.close(secret, str(webhook_id))

    def headers(
        self, webhook_id: UUID, sealed: Sequence[bytes], message_id: UUID, body: str, now: datetime
    ) -> dict[str, str]:
        """Signed with each of the sealed secrets, the newest first. Raises SealError if that one cannot be opened."""
        signers = [Signer(key) for key in self._open(webhook_id, sealed)]
        return {
            "content-type": "application/json",
            "webhook-id": str(message_id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(str(message_id), now, body) for signer in signers),
        }

    def _open(self, webhook_id: UUID, sealed: Sequence[bytes]) -> Iterator[bytes]:
        newest, *older = sealed
        yield self._seal.open(newest, str(webhook_id))
        for each in older:
            with suppress(SealError):  # a new secret is the way out when the old one cannot be opened any more
                yield self._seal.open(each, str(webhook_id))
