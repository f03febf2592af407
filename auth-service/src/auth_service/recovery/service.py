"""Use cases of getting back into an account, and of changing its password. Both sign its owner out everywhere."""

from datetime import datetime

from auth_service.accounts import repository as accounts
from auth_service.accounts.errors import EmailTaken, InvalidPassword
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.repository import Addressee
from auth_service.accounts.telling import tell_alert
from auth_service.address_proof.service import prove_address
from auth_service.audit.subjects import is_about
from auth_service.invitations.new_members import find_first_password, make_account
from auth_service.mail.letters import password_reset
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.mail_tokens import repository as mail_tokens
from auth_service.mail_tokens.domain import RESET_PASSWORD_LIFE, Purpose
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.recovery.reset_requests import RESET_REQUEST, ResetRequest
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
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue, NewJob
from shared.principal import Principal


class PasswordRecovery:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        rules: PasswordRules,
        limits: AttemptLimits,
        mail: MailQueue,
        jobs: JobQueue,
        links: WebLinks,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._rules = rules
        self._limits = limits
        self._mail = mail
        self._jobs = jobs
        self._links = links
        self._clock = clock

    async def forgot(self, email: str, caller: Caller) -> None:
        """Notes the address and no more, so that nobody learns from us, or from our clock, who has an account.

        Raises TooManyRequests by where the caller is, whatever the address.
        """
        if not is_email(email):
            return
        await self._limits.take(Claim(FORGOT_PER_ADDRESS, address_prefix(caller.address)))
        identity = email_identity(email)
        async with self._database.system_work() as work:
            await self._jobs.add(work, RESET_REQUEST, NewJob(ResetRequest(identity), unique_key=identity))

    async def answer(self, job: Job[ResetRequest]) -> None:
        """Mails a link to the noted address, if it has an account."""
        async with job.work() as work:
            person = await accounts.find_addressee(work, job.payload.email_identity)
            if person is not None:
                await self._mail_link(work, person)

    async def given_up(self, work: Work, job: Job[ResetRequest], _reason: str) -> None:
        """Nothing of it is kept: a link that comes days later would surprise its recipient."""
        await job.complete(work)

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

    async def _mail_link(self, work: Work, person: Addressee) -> None:
        """Unless they have enough links that work, or have been mailed enough of late."""
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
