"""The use case of registering: a user, a tenant of their own and a first session become true together."""

from datetime import datetime

from auth_service.accounts import repository as accounts
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.repository import NewUser
from auth_service.registration.domain import RegistrationMode, check_registration
from auth_service.registration.errors import RegistrationClosed
from auth_service.registration.schemas import Register, Registration
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.tokens import TokenMint
from auth_service.tenants import repository as tenants
from auth_service.tenants.domain import default_name
from auth_service.tenants.schemas import TenantView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.auth import MembershipAdded, TenantCreated
from shared.events.topics import tenant_topic, user_topic
from shared.http.caller import Caller
from shared.ids import new_id
from shared.principal import Role


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
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._rules = rules
        self._opener = opener
        self._mint = mint
        self._clock = clock
        self._mode = mode

    async def register(self, request: Register, caller: Caller) -> Registration:
        """Raises RegistrationClosed, ValidationFailed, EmailTaken, PasswordChecksBusy."""
        if self._mode is not RegistrationMode.OPEN:
            raise RegistrationClosed
        check_registration(request.email, request.password, self._rules)
        password_hash = await self._passwords.hash(request.password)
        founder = NewUser(new_id(), request.email, password_hash, request.first_name, request.last_name)
        tenant_name = request.tenant_name or default_name(request.first_name)
        now = self._clock.now()
        async with self._database.system_work() as work:
            await accounts.add_user(work, founder, now)  # first: whoever is second with one address stops here
            tenant = await _found_tenant(work, founder, tenant_name, now)
            user = await accounts.find_user(work, tenant.id, founder.id)
            grant = await self._opener.open(work, user, caller)
        return Registration(user=user, tenant=tenant, tokens=self._mint.tokens(grant))


async def _found_tenant(work: Work, founder: NewUser, name: str, now: datetime) -> TenantView:
    tenant = await tenants.add_tenant(work, new_id(), name, now)
    await tenants.add_membership(work, tenant.id, founder.id, Role.OWNER, now)
    topic = tenant_topic(tenant.id)
    created = TenantCreated(tenant_id=tenant.id, name=tenant.name, owner_id=founder.id)
    joined = MembershipAdded(tenant_id=tenant.id, user_id=founder.id, role=Role.OWNER)
    work.publish(created, topics=[topic], subject=str(tenant.id), tenant_id=tenant.id)
    work.publish(joined, topics=[topic, user_topic(founder.id)], subject=str(founder.id), tenant_id=tenant.id)
    return tenant
