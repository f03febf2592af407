"""Use cases of carrying a session over: a signed-in app makes a link, a browser turns it into a session of its own."""

from datetime import datetime, timedelta

from auth_service.accounts.repository import find_user
from auth_service.accounts.schemas import UserView
from auth_service.handovers import repository
from auth_service.handovers.errors import SessionTokenExpired
from auth_service.handovers.schemas import Exchanged, SessionLink
from auth_service.opaque_tokens import OpaqueToken, OpaqueTokens, tagged
from auth_service.sessions.cookies import SessionCookie
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.repository import lock_live
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.principal import Principal

PREFIX = "tso_"
LIFE = timedelta(seconds=90)  # a redirect from one app to another, on a bad line


def session_tokens(secret: str) -> OpaqueTokens:
    return OpaqueTokens(PREFIX, tagged(secret, "session token tags"))


class Handovers:
    """`web_url` is where the web app lives; its page `/auth/session` exchanges the token."""

    def __init__(
        self, database: Database, tokens: OpaqueTokens, opener: SessionOpener, web_url: str, clock: Clock
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._opener = opener
        self._page = f"{web_url.rstrip('/')}/auth/session"
        self._clock = clock

    async def begin(self, owner: Principal) -> SessionLink:
        now = self._clock.now()
        token = self._tokens.new(new_id())
        async with self._database.unit_of_work(owner.tenant_id, actor_id=owner.user_id) as work:
            await repository.add_token(work, owner, token, now + LIFE, now)
        return SessionLink(url=f"{self._page}?token={token.text}", expires_at=now + LIFE)

    async def exchange(self, text: str, caller: Caller) -> tuple[Exchanged, SessionCookie | None]:
        """Raises SessionTokenExpired for everything but the first use in time."""
        token = self._tokens.read(text)
        if token is None:
            raise SessionTokenExpired
        async with self._database.system_work() as work:
            user, proven_at = await self._use(work, token)
            grant = await self._opener.open(work, user, caller, proven_at=proven_at, with_cookie=True)
        return Exchanged(user=user), grant.cookie

    async def _use(self, work: Work, token: OpaqueToken) -> tuple[UserView, datetime | None]:
        """Whose the link is, and when the session that made it was last proven: the new one is no fresher."""
        bearer = await repository.use_token(work, token, self._clock.now())
        if bearer is None:
            raise SessionTokenExpired
        # Locks first: whoever ends all sessions of the user changes these rows, and must not miss the one made here.
        is_welcome = await repository.lock_owner(work, bearer)
        origin = await lock_live(work, bearer.session_id) if is_welcome else None
        if origin is None:
            raise SessionTokenExpired
        return await find_user(work, bearer.tenant_id, bearer.user_id), origin.proven_at
