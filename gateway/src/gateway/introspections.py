"""What auth-service said about opaque credentials, kept for half a minute unless an event says otherwise.

Any number of requests that show one credential at once ask once. Revocations need no care here: the deny-list is looked
at on every request, and what is kept is younger than the list's entries are old when they leave it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from gateway.admission import Admission
from gateway.credentials import Credential
from gateway.refused_credentials import RefusedCredentials
from shared.errors import (
    InvalidToken,
    SessionRevoked,
    TesseraError,
    TokenExpired,
    Unauthorized,
    Unavailable,
    UpstreamError,
)
from shared.introspection import CredentialKind, Introspected, Refusal
from shared.supervision import TaskSet

KEPT_SECONDS = 30.0
KEPT_IN_GAP_SECONDS = 1.0
"""While events may be missing, only this much of what is known is believed."""
_REMEMBERED = 20_000  # good credentials

_ERRORS: dict[Refusal, type[TesseraError]] = {
    Refusal.INVALID: InvalidToken,
    Refusal.EXPIRED: TokenExpired,
    Refusal.REVOKED: SessionRevoked,
}

Ask = Callable[[CredentialKind, str], Awaitable[Introspected]]


class _Known(NamedTuple):
    """Times are by the monotonic clock."""

    admission: Admission
    heard_at: float
    good_until: float


class Introspections:
    """`ask` raises UpstreamError or Unavailable; `may_have_missed` tells whether events may be missing."""

    def __init__(self, ask: Ask, may_have_missed: Callable[[], bool], now: Callable[[], float]) -> None:
        self._ask = ask
        self._may_have_missed = may_have_missed
        self._now = now
        self._known: dict[Credential, _Known] = {}
        self._refused = RefusedCredentials()
        self._of_user: dict[UUID, set[Credential]] = {}
        self._asking: dict[Credential, asyncio.Task[Admission | TesseraError]] = {}
        self._changes = 0
        self._tasks = TaskSet("introspect a credential")

    def recall(self, credential: Credential) -> Admission | None:
        """Raises the remembered refusal."""
        now = time.monotonic()
        known = self._known.get(credential)
        if known is not None:
            if now < known.good_until and not (self._may_have_missed() and now - known.heard_at > KEPT_IN_GAP_SECONDS):
                return known.admission
            self._forget(credential)
            return None
        self._refused.check(credential)
        return None

    async def admit(self, credential: Credential) -> Admission:
        """Raises InvalidToken, TokenExpired, SessionRevoked, or Unavailable when nobody can tell just now."""
        if credential.kind is CredentialKind.LIVE_TICKET:
            return await self._use_up(credential)
        task = self._asking.get(credential)
        if task is None:
            task = self._asking[credential] = self._tasks.start(self._find_out(credential))
            task.add_done_callback(lambda _: self._asking.pop(credential, None))
        outcome = await asyncio.shield(task)  # the others go on waiting when this client leaves
        if isinstance(outcome, TesseraError):
            raise outcome
        return outcome

    async def _use_up(self, credential: Credential) -> Admission:
        """Each request asks for itself and nothing is kept: of all that show a ticket, auth-service admits one."""
        answer = await self._answer(credential)
        if isinstance(answer, TesseraError):
            raise answer
        return answer

    def forget_user(self, user_id: UUID) -> None:
        """Something about them has changed; an answer that is under way may be older than that and is not kept."""
        self._changes += 1
        for credential in tuple(self._of_user.get(user_id, ())):
            self._forget(credential)

    def forget_all(self) -> None:
        self._changes += 1
        self._known.clear()
        self._of_user.clear()

    async def _find_out(self, credential: Credential) -> Admission | TesseraError:
        changes = self._changes
        answer = await self._answer(credential)
        if isinstance(answer, Unauthorized):
            self._refused.remember(credential, type(answer))
        elif isinstance(answer, Admission) and changes == self._changes:
            self._remember(credential, answer)
        return answer

    async def _answer(self, credential: Credential) -> Admission | TesseraError:
        assert credential.kind is not None
        try:
            answer = await self._ask(credential.kind, credential.text)
        except (UpstreamError, Unavailable):
            return Unavailable("Credentials cannot be checked just now: try again shortly.")
        if answer.principal is None:
            return _ERRORS[answer.refusal or Refusal.INVALID]()
        return Admission(answer.principal, answer.expires_at)

    def _remember(self, credential: Credential, admission: Admission) -> None:
        self._forget(credential)
        if len(self._known) >= _REMEMBERED:
            self._forget(next(iter(self._known)))
        now = time.monotonic()
        life = float("inf") if admission.expires_at is None else admission.expires_at - self._now()
        self._known[credential] = _Known(admission, now, now + min(KEPT_SECONDS, life))
        self._of_user.setdefault(admission.principal.user_id, set()).add(credential)

    def _forget(self, credential: Credential) -> None:
        known = self._known.pop(credential, None)
        if known is None:
            return
        user_id = known.admission.principal.user_id
        self._of_user[user_id].discard(credential)
        if not self._of_user[user_id]:
            del self._of_user[user_id]
