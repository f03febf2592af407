"""Use case of the gateway: whose is this API key, session cookie or ticket, and is it still good?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from auth_service.introspection import repository
from auth_service.introspection.repository import NOTED_EVERY, Known
from auth_service.live_tickets.repository import use_ticket
from auth_service.opaque_tokens import OpaqueToken
from auth_service.sessions.domain import GRACE
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.introspection import CredentialKind, Introspect, Introspected, Refusal


class Reader(Protocol):
    def read(self, text: str) -> OpaqueToken | None: ...


class Introspection:
    """`tokens` reads each kind; a text of another kind is a text like any other, and not good.

    `life` is that of a session cookie since it was set.
    """

    def __init__(
        self, database: Database, tokens: Mapping[CredentialKind, Reader], life: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._life = life
        self._tokens = tokens
        self._clock = clock

    async def answer(self, question: Introspect) -> Introspected:
        token = self._tokens[question.kind].read(question.credential)
        if token is None:
            return Introspected(refusal=Refusal.INVALID)
        now = self._clock.now()
        async with self._database.system_work() as work:
            known = await self._find(work, question.kind, token, now)
            refusal = _refusal(known, now)
            if known is None or refusal is not None:
                return Introspected(refusal=refusal)
            if known.used_at is None or known.used_at <= now - NOTED_EVERY:
                await repository.note_use(work, question.kind, token.id, now)
        expires_at = None if known.expires_at is None else int(known.expires_at.timestamp())
        return Introspected(principal=known.principal, expires_at=expires_at)

    async def _find(self, work: Work, kind: CredentialKind, token: OpaqueToken, now: datetime) -> Known | None:
        if kind is CredentialKind.LIVE_TICKET:
            return await use_ticket(work, token, now)
        if kind is CredentialKind.SESSION_COOKIE:
            return await repository.find_session(work, token, replaced_since=now - GRACE, life=self._life)
        return await repository.find_key(work, token)


def _refusal(known: Known | None, now: datetime) -> Refusal | None:
    if known is None:
        return Refusal.INVALID
    if known.revoked_at is not None:
        return Refusal.INVALID if known.principal.scopes is not None else Refusal.REVOKED
    is_over = known.expires_at is not None and known.expires_at <= now
    return Refusal.EXPIRED if is_over else None
