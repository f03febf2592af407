"""Refreshing by session cookie: a browser app that keeps no token gets a new pair all the same."""

from datetime import datetime, timedelta

from auth_service.audit.subjects import is_about_session
from auth_service.opaque_tokens import OpaqueToken, OpaqueTokens
from auth_service.sessions import repository
from auth_service.sessions.cookies import SessionCookie
from auth_service.sessions.domain import GRACE, Family
from auth_service.sessions.errors import RefreshInvalid
from auth_service.sessions.refresh_tokens import RefreshTokens
from auth_service.sessions.repository import KnownFamily
from auth_service.sessions.schemas import Tokens
from auth_service.sessions.tokens import Grant, TokenMint
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed


class CookieRefresh:
    def __init__(
        self,
        database: Database,
        cookies: OpaqueTokens,
        refresh_tokens: RefreshTokens,
        mint: TokenMint,
        clock: Clock,
        life: timedelta,
    ) -> None:
        self._database = database
        self._cookies = cookies
        self._refresh_tokens = refresh_tokens
        self._mint = mint
        self._clock = clock
        self._life = life

    async def refresh(self, text: str | None) -> tuple[Tokens, SessionCookie]:
        """The cookie keeps its value and lives as long as its session now does.

        Raises RefreshInvalid, or ValidationFailed when there is no cookie either.
        """
        if text is None:
            raise ValidationFailed([FieldError("refresh_token", "required", "Send it, or the session cookie.")])
        cookie = self._cookies.read(text)
        if cookie is None:
            raise RefreshInvalid
        async with self._database.system_work() as work:
            grant = await self._exchange(work, cookie, self._clock.now())
        return self._mint.tokens(grant), SessionCookie(cookie, grant.refresh_expires_at)

    async def _exchange(self, work: Work, cookie: OpaqueToken, now: datetime) -> Grant:
        """Two tabs that refresh at once get the same pair: the session is locked, and the second sees the first."""
        known = await repository.lock_family_of_cookie(work, cookie)
        if known is not None:
            is_about_session(known.access.principal)
        if known is None or not _is_live(known.family, now):
            raise RefreshInvalid
        if (repeated := self._repeated(cookie, known, now)) is not None:
            return repeated
        successor = self._refresh_tokens.successor_by_cookie(cookie, known.family.current_digest)
        access = await repository.replace_token(work, known.family, successor, now, now + self._life)
        if access is None:
            raise RefreshInvalid
        return Grant(access.principal, successor, access.refresh_expires_at)

    def _repeated(self, cookie: OpaqueToken, known: KnownFamily, now: datetime) -> Grant | None:
        """What this cookie was answered a moment ago."""
        previous, rotated_at = known.family.previous_digest, known.family.rotated_at
        if previous is None or rotated_at is None or now - rotated_at >= GRACE:
            return None
        successor = self._refresh_tokens.successor_by_cookie(cookie, previous)
        is_current = successor.digest == known.family.current_digest
        return Grant(known.access.principal, successor, known.access.refresh_expires_at) if is_current else None


def _is_live(family: Family, now: datetime) -> bool:
    return family.revoked_at is None and family.expires_at > now
