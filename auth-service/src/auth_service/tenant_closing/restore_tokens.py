"""Tokens with which an owner whose only tenant is closed restores it: who can sign in nowhere has no session.

A sign-in with the right password, and code, is answered with one. It is sealed and stored nowhere: it is good for ten
minutes, for that closure of that tenant, and until the password changes; using it twice restores nothing twice.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

import msgspec

from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.tenant_closing import repository
from auth_service.tenant_closing.domain import TOKEN_LIFE, Closure, RestoreGrant
from auth_service.tenants.errors import TenantIsClosed
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.sealing import Seal, SealError

_PLACE = "restore token"


class RestoreTokens:
    def __init__(self, secret: str, clock: Clock) -> None:
        self._seal = Seal(secret, "restore tokens")
        self._clock = clock

    async def refuse_closed(
        self, work: Work, user_id: UUID, tenant_id: UUID | None, password_changed_at: datetime
    ) -> None:
        """Raises TenantIsClosed where a sign-in, to the given tenant or to any, meets a closed one."""
        closure = await repository.find_closure(work, user_id, tenant_id)
        if closure is None:
            return
        details = told_of(closure)
        if closure.is_owner:
            details["restore_token"] = self._issue(closure, user_id, password_changed_at)
        raise TenantIsClosed(details=details)

    def read(self, text: str) -> RestoreGrant:
        """Raises TokenUsedOrExpired."""
        try:
            plain = self._seal.open(urlsafe_b64decode(text + "=" * (-len(text) % 4)), _PLACE)
            grant = msgspec.json.decode(plain, type=RestoreGrant)
        except (SealError, ValueError) as error:
            raise TokenUsedOrExpired from error
        if grant.expires_at <= self._clock.now():
            raise TokenUsedOrExpired
        return grant

    def _issue(self, closure: Closure, user_id: UUID, password_changed_at: datetime) -> str:
        grant = RestoreGrant(
            user_id=user_id,
            tenant_id=closure.tenant_id,
            closed_at=closure.closed_at,
            password_changed_at=password_changed_at,
            expires_at=self._clock.now() + TOKEN_LIFE,
        )
        sealed = self._seal.close(msgspec.json.encode(grant), _PLACE)
        return urlsafe_b64encode(sealed).decode().rstrip("=")


def told_of(closure: Closure) -> dict[str, object]:
    """Details of TENANT_CLOSED."""
    return {"tenant_id": str(closure.tenant_id), "restorable_until": closure.restorable_until}
