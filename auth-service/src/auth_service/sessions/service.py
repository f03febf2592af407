"""Use cases of sessions: signing in, staying signed in, signing out, and telling the gateway which ones have ended."""

from datetime import UTC, datetime, timedelta

from auth_service.accounts import repository as accounts
from auth_service.accounts.passwords import Passwords
from auth_service.sessions import repository
from auth_service.sessions.domain import EndReason, Judgement, judge
from auth_service.sessions.errors import InvalidCredentials, RefreshInvalid, RefreshReused
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.refresh_tokens import RefreshToken, RefreshTokens
from auth_service.sessions.schemas import Login, RevocationList, SignedIn, Tokens
from auth_service.sessions.tokens import Grant, TokenMint
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import TesseraError
from shared.events.auth import SessionRevoked
from shared.events.questions import EndedSessions, EndedSessionsAnswer
from shared.events.topics import user_topic
from shared.http.caller import Caller
from shared.principal import Principal

COMMIT_DELAY = timedelta(seconds=10)
"""Longer than any transaction: a session may turn up as ended this much later than its `revoked_at` says."""


class SignIn:
    def __init__(
        self, database: Database, passwords: Passwords, opener: SessionOpener, mint: TokenMint, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._opener = opener
        self._mint = mint
        self._clock = clock

    async def with_password(self, login: Login, caller: Caller) -> SignedIn:
        """Raises InvalidCredentials, TenantNotFound, PasswordChecksBusy. No connection is held while hashing."""
        async with self._database.system_work() as work:
            known = await accounts.find_credentials(work, login.email)
        verdict = await self._passwords.check(known.password_hash if known else None, login.password)
        if known is None or not known.is_active or not verdict.is_right:
            raise InvalidCredentials
        async with self._database.system_work() as work:
            if not await accounts.mark_signed_in(work, known, verdict.new_hash, self._clock.now()):
                raise InvalidCredentials
            user = await accounts.find_user_for_sign_in(work, login.tenant_id, known.user_id)
            grant = await self._opener.open(work, user, caller)
        return SignedIn(user=user, tokens=self._mint.tokens(grant))


class Sessions:
    def __init__(
        self,
        database: Database,
        refresh_tokens: RefreshTokens,
        mint: TokenMint,
        clock: Clock,
        life: timedelta,
    ) -> None:
        self._database = database
        self._refresh_tokens = refresh_tokens
        self._mint = mint
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
            return Grant(access.principal, successor, access.refresh_expires_at)
        known = await repository.find_family(work, token.session_id)
        if known is None:
            return RefreshInvalid()
        match judge(known.family, token.digest, now):
            case Judgement.SAME_SUCCESSOR:
                return Grant(known.access.principal, successor, known.access.refresh_expires_at)
            case Judgement.REUSED:
                await self._end(work, known.access.principal, EndReason.REFRESH_REUSED)
                return RefreshReused()
            case Judgement.INVALID:
                return RefreshInvalid()

    async def _end(self, work: Work, owner: Principal, reason: EndReason) -> None:
        now = self._clock.now()
        if await repository.end_session(work, owner.tenant_id, owner.session_id, reason, now):
            ended = SessionRevoked(
                session_id=owner.session_id, user_id=owner.user_id, revoked_at=int(now.timestamp()), reason=reason.value
            )
            topics = [user_topic(owner.user_id)]
            work.publish(ended, topics=topics, subject=str(owner.session_id), tenant_id=owner.tenant_id)


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
            sessions = await repository.list_ended(work, datetime.fromtimestamp(oldest, UTC))
        return RevocationList(sessions=sessions, as_of=int((now - COMMIT_DELAY).timestamp()))

    async def answer(self, _question: EndedSessions) -> EndedSessionsAnswer:
        return EndedSessionsAnswer((await self.since(0)).sessions)
