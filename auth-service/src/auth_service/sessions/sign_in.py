"""The use case of signing in: a password and, for whoever has set one up, the code of a second factor."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import PasswordChecksBusy
from auth_service.accounts.passwords import Passwords, Verdict
from auth_service.accounts.repository import Credentials
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import tell_alert
from auth_service.audit.subjects import is_about
from auth_service.mfa.challenge_repository import Proof
from auth_service.mfa.challenges import Challenges
from auth_service.mfa.codes import Codes, claims_of, is_short
from auth_service.mfa.errors import MfaInvalid, MfaRequired
from auth_service.mfa.notices import FactorNotices
from auth_service.sessions import repository
from auth_service.sessions.cookies import SessionCookie
from auth_service.sessions.domain import is_new_place
from auth_service.sessions.errors import InvalidCredentials
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.schemas import Login, LoginWithCode, SignedIn
from auth_service.sessions.tokens import TokenMint
from auth_service.tenant_closing.restore_tokens import RestoreTokens
from auth_service.tenants.errors import TenantIsClosed, TenantNotFound
from auth_service.throttling.domain import Claim
from auth_service.throttling.logins import Device, LoginGate
from auth_service.throttling.service import AttemptLimits
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import SecurityAlert

AcceptInvitation = Callable[[Work, str, UUID, datetime], Awaitable[UUID]]
"""Makes the user of this id a member of the tenant that the token invites to, and returns that tenant."""

FoundTenant = Callable[[Work, UUID, str, datetime], Awaitable[UUID]]
"""Makes a tenant of this name for the user of this id, and returns it."""


class Entry(NamedTuple):
    """Somebody has signed in: what to answer, the session cookie if they wanted one, the device's if it was new."""

    answer: SignedIn
    cookie: SessionCookie | None
    device_cookie: str | None


class SignIn:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        gate: LoginGate,
        limits: AttemptLimits,
        challenges: Challenges,
        codes: Codes,
        notices: FactorNotices,
        accept_invitation: AcceptInvitation,
        found_tenant: FoundTenant,
        opener: SessionOpener,
        mint: TokenMint,
        restore_tokens: RestoreTokens,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._restore_tokens = restore_tokens
        self._gate = gate
        self._limits = limits
        self._challenges = challenges
        self._codes = codes
        self._notices = notices
        self._accept_invitation = accept_invitation
        self._found_tenant = found_tenant
        self._opener = opener
        self._mint = mint
        self._clock = clock

    async def with_password(self, login: Login, device: Device) -> Entry:
        """Raises InvalidCredentials, MfaRequired, TenantNotFound, TenantIsClosed, TokenUsedOrExpired,
        TierLimitExceeded, PasswordChecksBusy, TooManyRequests; with an invitation Forbidden and EmailNotVerified too.
        """
        claims = await self._gate.admit(login.email, device)
        known, verdict = await self._check(login, claims)
        proof = Proof(known.user_id, known.password_changed_at, login.tenant_id, login.cookie)
        async with self._database.system_work() as work:
            if verdict.new_hash is not None:
                await accounts.renew_hash(work, known, verdict.new_hash)
            token = await self._challenges.demand(work, proof, self._clock.now())
            await self._limits.give_back(work, claims)  # last: whoever signs in from the same network counts there too
        if token is not None:
            raise MfaRequired(details={"mfa_token": token})
        return await self._enter(proof, device, login)

    async def with_code(self, login: LoginWithCode, device: Device) -> Entry:
        """The second step. Raises MfaInvalid, InvalidCredentials, TenantNotFound, TenantIsClosed, TokenUsedOrExpired,
        TierLimitExceeded, TooManyRequests; with an invitation Forbidden and EmailNotVerified too.
        """
        async with self._database.system_work() as work:
            proof = await self._challenges.attempt(work, login.mfa_token, self._clock.now())
            is_about(await accounts.find_home(work, proof.user_id, proof.tenant_id), proof.user_id)
        claims = claims_of(proof.user_id, login.code)
        await self._limits.take(*claims)
        async with self._database.system_work() as work:
            await self._use_code(work, proof, login)
            await self._limits.give_back(work, claims)
        return await self._enter(proof, device, login)

    async def _use_code(self, work: Work, proof: Proof, login: LoginWithCode) -> None:
        """Raises MfaInvalid, InvalidCredentials for an account that was closed meanwhile."""
        if not await accounts.lock_account(work, proof.user_id):
            raise InvalidCredentials
        is_good = await self._codes.use(work, proof.user_id, login.code, self._clock.now())
        if not is_good or not await self._challenges.finish(work, login.mfa_token):
            raise MfaInvalid
        if not is_short(login.code):
            await self._notices.recovery_code_used(work, proof.user_id)

    async def _check(self, login: Login, claims: Sequence[Claim]) -> tuple[Credentials, Verdict]:
        """No connection is held while hashing."""
        async with self._database.system_work() as work:
            known = await accounts.find_credentials(work, login.email, login.tenant_id)
        if known is not None:
            is_about(known.tenant_id, known.user_id)
        try:
            verdict = await self._passwords.check(known.password_hash if known else None, login.password)
        except PasswordChecksBusy:
            await self._limits.refund(claims)
            raise
        if known is None or not known.is_active or not verdict.is_right:
            raise InvalidCredentials
        return known, verdict

    async def _enter(self, proof: Proof, device: Device, login: Login | LoginWithCode) -> Entry:
        """A transaction of its own: what is refused here leaves the proof used, and nothing else."""
        async with self._database.system_work() as work:
            now = self._clock.now()
            if not await accounts.mark_signed_in(work, proof.user_id, proof.password_changed_at, now):
                raise InvalidCredentials
            user = await self._find_user(work, proof, login, now)
            return await self._open(work, proof, user, device, now)

    async def _find_user(self, work: Work, proof: Proof, login: Login | LoginWithCode, now: datetime) -> UserView:
        """In the tenant that they enter."""
        if login.invitation_token is not None:
            tenant_id = await self._accept_invitation(work, login.invitation_token, proof.user_id, now)
            is_about(tenant_id, proof.user_id)
            return await self._find_member(work, tenant_id, proof)
        if login.tenant_name is None or proof.tenant_id is not None:
            return await self._find_member(work, proof.tenant_id, proof)
        return await self._find_or_found(work, proof, login.tenant_name, now)

    async def _find_or_found(self, work: Work, proof: Proof, name: str, now: datetime) -> UserView:
        """Who was left without a tenant, by others as a rule, goes on in one of their own."""
        try:
            return await self._find_member(work, None, proof)
        except (TenantNotFound, TenantIsClosed):
            tenant_id = await self._found_tenant(work, proof.user_id, name, now)
            is_about(tenant_id, proof.user_id)
            return await self._find_member(work, tenant_id, proof)

    async def _open(self, work: Work, proof: Proof, user: UserView, device: Device, now: datetime) -> Entry:
        introduction = await self._gate.introduction(work, user.email, device)
        if introduction is not None and is_new_place(device.caller, await repository.last_places(work, user.id)):
            tell_alert(work, user.tenant_id, user.id, SecurityAlert.NEW_DEVICE)
        grant = await self._opener.open(work, user, device.caller, proven_at=now, with_cookie=proof.wants_cookie)
        return Entry(SignedIn(user=user, tokens=self._mint.tokens(grant)), grant.cookie, introduction)

    async def _find_member(self, work: Work, tenant_id: UUID | None, proof: Proof) -> UserView:
        """Raises TenantIsClosed where all they could enter is closed, InvalidCredentials where all they have is a
        paused membership, TenantNotFound where they have none.
        """
        try:
            return await accounts.find_user_for_sign_in(work, tenant_id, proof.user_id)
        except TenantNotFound:
            await self._restore_tokens.refuse_closed(work, proof.user_id, tenant_id, proof.password_changed_at)
            if await accounts.is_paused(work, proof.user_id, tenant_id):
                raise InvalidCredentials from None
            raise
