"""Use cases of sessions: staying signed in, signing out, and telling the gateway which ones have ended."""

from datetime import UTC, datetime, timedelta

from auth_service.audit.subjects import REFRESH_REUSED, is_about_session
from auth_service.sessions import repository
from auth_service.sessions.domain import EndReason, Judgement, judge
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.sessions.errors import RefreshInvalid, RefreshReused
from auth_service.sessions.refresh_tokens import RefreshToken, RefreshTokens
from auth_service.sessions.reuse_warning import ReuseWarning
from auth_service.sessions.schemas import RevocationList, Tokens
from auth_service.sessions.tokens import Grant, TokenMint
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import TesseraError
from shared.events.questions import EndedSessions, EndedSessionsAnswer
from shared.principal import Principal

COMMIT_DELAY = timedelta(seconds=10)
"""Longer than any transaction: a session may turn up as ended this much later than its `revoked_at` says."""


class Sessions:
    def __init__(
        self,
        database: Database,
        refresh_tokens: RefreshTokens,
        mint: TokenMint,
        warning: ReuseWarning,
        clock: Clock,
        life: timedelta,
    ) -> None:
        self._database = database
        self._refresh_tokens = refresh_tokens
        self._mint = mint
        self._warning = warning
        self._clock = clock
        self._life = life

    async def refresh(self, text: str) -> Tokens:
        """Raises RefreshInvalid, RefreshReused."""
        token = self._refresh_tokens.read(text)
        if token is None:
            raise RefreshInvalid
        async with self._database.system_work() as work:
            outcome = await self._exchange(work, token)
        if isinstance(outcome, TesseraError):
            raise outcome  # only now: the end of a family is committed although the answer is an error
        return self._mint.tokens(outcome)

    async def end(self, principal: Principal) -> None:
        """Signs out. A session that has ended stays ended."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._end(work, principal, EndReason.LOGOUT)

    async def _exchange(self, work: Work, token: RefreshToken) -> Grant | TesseraError:
        now = self._clock.now()
        successor = self._refresh_tokens.successor(token)
        access = await repository.exchange(work, token, successor, now, now + self._life)
        if access is not None:
            is_about_session(access.principal)
            return Grant(access.principal, successor, access.refresh_expires_at)
        known = await repository.find_family(work, token.session_id)
        if known is None:
            return RefreshInvalid()
        is_about_session(known.access.principal)
        match judge(known.family, token.digest, now):
            case Judgement.SAME_SUCCESSOR if successor.digest != known.family.current_digest:
                return RefreshInvalid()  # the session's cookie was exchanged meanwhile, and its holder has the tokens
            case Judgement.SAME_SUCCESSOR:
                return Grant(known.access.principal, successor, known.access.refresh_expires_at)
            case Judgement.REUSED:
                is_about_session(known.access.principal, REFRESH_REUSED)
                if await self._end(work, known.access.principal, EndReason.REFRESH_REUSED):
                    await self._warning.post(work, known.access.principal)
                return RefreshReused()
            case Judgement.INVALID:
                return RefreshInvalid()

    async def _end(self, work: Work, owner: Principal, reason: EndReason) -> bool:
        one = Selection(owner.user_id, only=owner.session_id)
        return await end_sessions(work, one, reason, self._clock.now()) > 0


class Revocations:
    """Which sessions have ended so recently that an access token of theirs may still be around."""

    def __init__(self, database: Database, clock: Clock, access_life: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._access_life = access_life

    async def since(self, unix_seconds: int) -> RevocationList:
        now = self._clock.now()
        oldest = max(float(unix_seconds), (now - self._access_life).timestamp())
        async with self._database.system_work() as work:
            ended = await repository.list_ended(work, datetime.fromtimestamp(oldest, UTC))
        return RevocationList(sessions=ended, as_of=int((now - COMMIT_DELAY).timestamp()))

    async def answer(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer((await self.since(0)).sessions)
