"""The use case of registering: a user, a tenant of their own and a first session become true together."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import PasswordChecksBusy
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.repository import NewUser
from auth_service.accounts.schemas import UserView
from auth_service.invitations.acceptance import accept
from auth_service.members.joining import found
from auth_service.recovery.verification import EmailVerification
from auth_service.registration.domain import RegistrationMode, check_open, check_registration
from auth_service.registration.schemas import Register, Registration
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.tokens import TokenMint
from auth_service.tenants.domain import default_name
from auth_service.tenants.schemas import TenantView
from auth_service.throttling.logins import registration_claims
from auth_service.throttling.service import AttemptLimits
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.ids import new_id


class Registrar:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        rules: PasswordRules,
        opener: SessionOpener,
        mint: TokenMint,
        clock: Clock,
        mode: RegistrationMode,
        limits: AttemptLimits,
        verification: EmailVerification,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._rules = rules
        self._opener = opener
        self._mint = mint
        self._clock = clock
        self._mode = mode
        self._limits = limits
        self._verification = verification

    async def register(self, request: Register, caller: Caller) -> Registration:
        """Raises RegistrationClosed, ValidationFailed, EmailTaken, TokenUsedOrExpired, TierLimitExceeded,
        PasswordChecksBusy, TooManyRequests; with an invitation to another address InvitedAddressOnly, EmailNotVerified.
        """
        check_open(self._mode, is_invited=request.invitation_token is not None)
        check_registration(request, self._rules)
        password_hash = await self._hash(request.password, caller)
        person = NewUser(new_id(), request.email, password_hash, request.first_name, request.last_name)
        now = self._clock.now()
        async with self._database.system_work() as work:
            await accounts.add_user(work, person, now)  # first: whoever is second with one address stops here
            tenant, user = await _settle(work, request, person.id, now)
            if not user.email_verified:
                await self._verification.ask(work, user, now)
            grant = await self._opener.open(work, user, caller, proven_at=now)
        return Registration(user=user, tenant=tenant, tokens=self._mint.tokens(grant))

    async def _hash(self, password: str, caller: Caller) -> str:
        """Counts as an attempt to register. Raises TooManyRequests, PasswordChecksBusy."""
        claims = registration_claims(caller)
        await self._limits.take(*claims)
        try:
            return await self._passwords.hash(password)
        except PasswordChecksBusy:
            await self._limits.refund(claims)
            raise


async def _settle(work: Work, request: Register, user_id: UUID, now: datetime) -> tuple[TenantView, UserView]:
    """In the tenant that they were invited to, else in one of their own."""
    if request.invitation_token is None:
        return await found(work, user_id, request.tenant_name or default_name(request.first_name), now)
    joined = await accept(work, request.invitation_token, user_id, now)
    return joined.tenant, joined.user
