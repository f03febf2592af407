"""Refreshing by session cookie: a browser app that keeps no token gets a new pair all the same."""

from datetime import datetime, timedelta

from auth_service.audit.subjects import REFRESH_REUSED, is_about_session
from auth_service.opaque_tokens import OpaqueToken
from auth_service.sessions import repository
from auth_service.sessions.cookies import CookieTokens, CookieVerdict, SessionCookie, judge_cookie
from auth_service.sessions.domain import EndReason, Family
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.sessions.errors import RefreshInvalid, RefreshReused
from auth_service.sessions.refresh_tokens import RefreshTokens
from auth_service.sessions.repository import KnownFamily
from auth_service.sessions.reuse_warning import ReuseWarning
from auth_service.sessions.schemas import Tokens
from auth_service.sessions.tokens import Grant, TokenMint
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, TesseraError, ValidationFailed
from shared.principal import Principal


class CookieRefresh:
    def __init__(
        self,
        database: Database,
        cookies: CookieTokens,
        refresh_tokens: RefreshTokens,
        mint: TokenMint,
        warning: ReuseWarning,
        clock: Clock,
        life: timedelta,
    ) -> None:
        self._database = database
        self._cookies = cookies
        self._refresh_tokens = refresh_tokens
        self._mint = mint
        self._warning = warning
        self._clock = clock
        self._life = life

    async def refresh(self, text: str | None) -> tuple[Tokens, SessionCookie]:
        """With the cookie that takes the place of this one and lives as long as its session now does.

        Raises RefreshInvalid, RefreshReused, or ValidationFailed when there is no cookie either.
        """
        if text is None:
            raise ValidationFailed([FieldError("refresh_token", "required", "Send it, or the session cookie.")])
        cookie = self._cookies.read(text)
        if cookie is None:
            raise RefreshInvalid
        async with self._database.system_work() as work:
            outcome = await self._exchange(work, cookie, self._clock.now())
        if isinstance(outcome, TesseraError):
            raise outcome  # only now: the end of a session is committed although the answer is an error
        return self._mint.tokens(outcome), SessionCookie(self._cookies.successor(cookie), outcome.refresh_expires_at)

    async def _exchange(self, work: Work, cookie: OpaqueToken, now: datetime) -> Grant | TesseraError:
        """Two tabs that refresh at once get the same pair: the session is locked, and the second sees the first."""
        found = await repository.lock_family_of_cookie(work, cookie.id)
        if found is None:
            return RefreshInvalid()
        known, state = found
        is_about_session(known.access.principal)
        if not _is_live(known.family, now):
            return RefreshInvalid()
        match judge_cookie(state, cookie, now, self._life):
            case CookieVerdict.CURRENT:
                return await self._rotate(work, cookie, known.family, now)
            case CookieVerdict.JUST_REPLACED:
                return self._repeated(cookie, known)
            case CookieVerdict.REPLACED:
                return await self._end(work, known.access.principal, now)
            case CookieVerdict.OVER:
                return RefreshInvalid()

    async def _rotate(self, work: Work, cookie: OpaqueToken, family: Family, now: datetime) -> Grant | TesseraError:
        successor = self._refresh_tokens.successor_by_cookie(cookie, family.current_digest)
        access = await repository.replace_token(work, family, successor, now, now + self._life)
        if access is None:
            return RefreshInvalid()
        await repository.set_cookie(work, self._cookies.successor(cookie), now)
        return Grant(access.principal, successor, access.refresh_expires_at)

    def _repeated(self, cookie: OpaqueToken, known: KnownFamily) -> Grant | TesseraError:
        """What this cookie was answered a moment ago; nothing when the tokens were exchanged once more since."""
        replaced = known.family.previous_digest
        if replaced is None:
            return RefreshInvalid()
        successor = self._refresh_tokens.successor_by_cookie(cookie, replaced)
        if successor.digest != known.family.current_digest:
            return RefreshInvalid()
        return Grant(known.access.principal, successor, known.access.refresh_expires_at)

    async def _end(self, work: Work, owner: Principal, now: datetime) -> TesseraError:
        """A cookie that was replaced long ago is somebody's copy."""
        is_about_session(owner, REFRESH_REUSED)
        one = Selection(owner.user_id, only=owner.session_id)
        if await end_sessions(work, one, EndReason.REFRESH_REUSED, now):
            await self._warning.post(work, owner)
        return RefreshReused()


def _is_live(family: Family, now: datetime) -> bool:
    return family.revoked_at is None and family.expires_at > now
