"""Opening a session: the last step of registering and of every way to sign in."""

from datetime import datetime, timedelta

from auth_service.accounts.schemas import UserView
from auth_service.audit.subjects import is_about_session
from auth_service.sessions import repository
from auth_service.sessions.cookies import CookieTokens, SessionCookie
from auth_service.sessions.ending import make_room
from auth_service.sessions.refresh_tokens import RefreshTokens
from auth_service.sessions.tokens import Grant
from shared.caller import Caller
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.principal import Principal


class SessionOpener:
    def __init__(self, refresh_tokens: RefreshTokens, cookies: CookieTokens, clock: Clock, life: timedelta) -> None:
        self._refresh_tokens = refresh_tokens
        self._cookies = cookies
        self._clock = clock
        self._life = life

    async def open(
        self, work: Work, user: UserView, caller: Caller, *, proven_at: datetime | None, with_cookie: bool = False
    ) -> Grant:
        """In the tenant that `user` is seen in. `proven_at`: when they last gave a password or a code."""
        now = self._clock.now()
        principal = Principal(
            user_id=user.id,
            tenant_id=user.tenant_id,
            session_id=new_id(),
            role=user.role,
            tier=user.tier,
            is_platform_admin=user.is_platform_admin,
        )
        token = self._refresh_tokens.first(principal.session_id)
        is_about_session(principal)
        await repository.add_session(work, principal, token, caller, now, now + self._life, proven_at)
        await make_room(work, user.id, now)
        grant = Grant(principal, token, now + self._life)
        return await self._with_cookie(work, grant) if with_cookie else grant

    async def _with_cookie(self, work: Work, grant: Grant) -> Grant:
        cookie = self._cookies.new(grant.principal.session_id)
        await repository.set_cookie(work, cookie, self._clock.now())
        return grant._replace(cookie=SessionCookie(cookie, grant.refresh_expires_at))
