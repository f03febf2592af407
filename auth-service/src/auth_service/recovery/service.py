"""Use cases of getting back into an account, and of changing its password. Both sign its owner out everywhere."""

from datetime import datetime

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import EmailTaken, InvalidPassword
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.telling import tell_alert
from auth_service.address_proof.service import prove_address
from auth_service.audit.subjects import is_about
from auth_service.invitations.new_members import find_first_password, make_account
from auth_service.mail.letters import password_reset
from auth_service.mail.links import WebLinks
from auth_service.mail.outbox import MailOutbox
from auth_service.mail_tokens import repository as mail_tokens
from auth_service.mail_tokens.domain import RESET_PASSWORD_LIFE, Purpose
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.recovery import repository
from auth_service.recovery.schemas import ChangePassword
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from auth_service.throttling.domain import FORGOT_PER_ADDRESS, PASSWORD_PER_ACCOUNT, Claim
from auth_service.throttling.service import AttemptLimits
from shared.address_prefix import address_prefix
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.email_address import email_identity, is_email
from shared.events.auth import SecurityAlert
from shared.principal import Principal
from shared.supervision import PeriodicTask

POLL_SECONDS = 5.0  # whoever forgets a password wakes us; this is for what another replica left behind
AT_ONCE = 20  # requests settled in one transaction


class PasswordRecovery:
    """`answers` settles what was forgotten."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        rules: PasswordRules,
        limits: AttemptLimits,
        mail: MailOutbox,
        links: WebLinks,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._rules = rules
        self._limits = limits
        self._mail = mail
        self._links = links
        self._clock = clock
        self.answers = PeriodicTask(
            "answer forgotten passwords", POLL_SECONDS, self.settle_all, jitter=0.0, begins_at_once=True
        )

    async def forgot(self, email: str, caller: Caller) -> None:
        """Notes the address and no more, so that nobody learns from us, or from our clock, who has an account.

        Raises TooManyRequests by where the caller is, whatever the address.
        """
        if not is_email(email):
            return
        await self._limits.take(Claim(FORGOT_PER_ADDRESS, address_prefix(caller.address)))
        async with self._database.system_work() as work:
            await repository.add_request(work, email_identity(email), self._clock.now())
            work.after_commit(self.answers.wake)

    async def settle_all(self) -> None:
        while await self.settle():
            pass

    async def settle(self) -> bool:
        """Mails links to those noted addresses that have an account; True when there may be more."""
        async with self._database.system_work() as work:
            identities = await repository.take_requests(work, AT_ONCE)
            for identity in sorted(identities):  # one order of counting, so no two replicas wait for each other
                await self._settle(work, identity)
        return len(identities) == AT_ONCE

    async def reset(self, token: str, password: str) -> None:
        """Also the first password of whoever was added as a member.

        Raises TokenUsedOrExpired, ValidationFailed, TierLimitExceeded, PasswordChecksBusy.
        """
        self._rules.check("password", password)
        now = self._clock.now()
        async with self._database.system_work() as work:
            is_first = await find_first_password(work, token, now)
            if not is_first:  # a made-up one is not worth hashing for
                await mail_tokens.find(work, token, Purpose.SET_PASSWORD, now)
        password_hash = await self._passwords.hash(password)
        async with self._database.system_work() as work:
            if is_first:
                await _make_account(work, token, password_hash, now)
            else:
                await _replace_password(work, token, password_hash, now)

    async def _settle(self, work: Work, identity: str) -> None:
        person = await accounts.find_addressee(work, identity)
        if person is None:
            return
        now = self._clock.now()
        token = await mail_tokens.issue(work, person.user_id, Purpose.SET_PASSWORD, now, RESET_PASSWORD_LIFE)
        if token is None:
            return
        letter = password_reset(person.first_name, self._links.reset_password(token))
        if not await self._mail.post(work, person.email, letter):
            await mail_tokens.withdraw(work, token)


async def _make_account(work: Work, token: str, password_hash: str, now: datetime) -> None:
    try:
        joined = await make_account(work, token, password_hash, now)
    except EmailTaken:
        raise TokenUsedOrExpired from None
    is_about(joined.tenant.id, joined.user.id)


async def _replace_password(work: Work, token: str, password_hash: str, now: datetime) -> None:
    """The link was mailed, so it proves the address: a second factor stays only where that was proven before."""
    user_id = await mail_tokens.redeem(work, token, Purpose.SET_PASSWORD, now)
    home = await accounts.find_home(work, user_id)
    is_about(home, user_id)
    await accounts.set_password(work, user_id, password_hash, now)
    await prove_address(work, user_id, now)
    await end_sessions(work, Selection(user_id), EndReason.PASSWORD_CHANGED, now)
    if home is not None:
        tell_alert(work, home, user_id, SecurityAlert.PASSWORD_CHANGED)


class PasswordChange:
    def __init__(
        self, database: Database, passwords: Passwords, rules: PasswordRules, limits: AttemptLimits, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._rules = rules
        self._limits = limits
        self._clock = clock

    async def change(self, principal: Principal, wanted: ChangePassword, caller: Caller) -> None:
        """Raises InvalidPassword, ValidationFailed, TooManyRequests, PasswordChecksBusy."""
        self._rules.check("new_password", wanted.new_password)
        claim = Claim(PASSWORD_PER_ACCOUNT, f"{principal.user_id}\n{address_prefix(caller.address)}")
        await self._limits.take(claim)
        async with self._database.system_work() as work:
            known = await accounts.find_credentials_of(work, principal.user_id)
        verdict = await self._passwords.check(known.password_hash if known else None, wanted.current_password)
        if known is None or not verdict.is_right:
            raise InvalidPassword
        password_hash = await self._passwords.hash(wanted.new_password)
        now = self._clock.now()
        async with self._database.system_work(actor_id=principal.user_id) as work:
            if not await accounts.replace_password(work, known, password_hash, now):
                raise InvalidPassword
            await self._limits.give_back(work, [claim])
            await mail_tokens.forget(work, principal.user_id, Purpose.SET_PASSWORD)
            await end_sessions(work, Selection(principal.user_id), EndReason.PASSWORD_CHANGED, now)
            tell_alert(work, principal.tenant_id, principal.user_id, SecurityAlert.PASSWORD_CHANGED)
