"""The use case of adding a member: whoever has the address chooses a password, and only then there is an account."""

from datetime import datetime
from functools import partial

from auth_service.accounts import repository as accounts
from auth_service.accounts.domain import check_email
from auth_service.accounts.repository import NewUser
from auth_service.accounts.schemas import UserView
from auth_service.address_proof.requirement import require_proven
from auth_service.invitations import repository
from auth_service.invitations.acceptance import accept
from auth_service.invitations.repository import Name
from auth_service.invitations.schemas import AddUser, CreateInvitation, InvitationView, Joined
from auth_service.invitations.sending import put_invitation
from auth_service.mail.letters import Letter, invitation, welcome
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.members.domain import check_may_manage
from auth_service.tenants import repository as tenants
from auth_service.tenants.repository import Standing
from auth_service.throttling.domain import ACCOUNTS_PER_ADDRESS, Claim
from auth_service.throttling.service import AttemptLimits
from shared.address_prefix import address_prefix
from shared.caller import Caller
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.idempotency import beside_the_write
from shared.ids import new_id
from shared.principal import Principal


class NewMembers:
    def __init__(
        self, database: Database, limits: AttemptLimits, mail: MailQueue, links: WebLinks, clock: Clock
    ) -> None:
        self._database = database
        self._limits = limits
        self._mail = mail
        self._links = links
        self._clock = clock

    async def add(self, principal: Principal, new: AddUser, caller: Caller) -> InvitationView:
        """Raises Forbidden, EmailNotVerified, ValidationFailed, MemberExists, TierLimitExceeded, TooManyRequests."""
        check_may_manage(Standing(principal.role, True), new.role)
        check_email(new.email)
        with beside_the_write():
            await self._limits.take(Claim(ACCOUNTS_PER_ADDRESS, address_prefix(caller.address)))
        asked, name = CreateInvitation(email=new.email, role=new.role), Name(new.first_name, new.last_name)
        async with self._database.system_work(actor_id=principal.user_id) as work:
            inviter = await require_proven(work, principal)
            check_may_manage(Standing(inviter.role, inviter.is_active), new.role)
            letter_of = partial(self._letter, work, inviter, new)
            made = await put_invitation(work, self._mail, inviter, asked, letter_of, self._clock.now(), name)
            return work.answer(made)

    async def _letter(self, work: Work, inviter: UserView, new: AddUser, token: str) -> Letter:
        """Only whoever reads it learns from it whether there is an account."""
        tenant = await tenants.get_tenant(work, inviter.tenant_id)
        if await accounts.find_address(work, new.email) is not None:
            return invitation(inviter.full_name, tenant.name, self._links.accept_invitation(token))
        return welcome(new.first_name, tenant.name, self._links.reset_password(token))


async def find_first_password(work: Work, token: str, now: datetime) -> bool:
    """Whether the token makes the account of somebody who was added, and who has made none meanwhile."""
    try:
        offered = await repository.find_open(work, token, now)
    except TokenUsedOrExpired:
        return False
    return offered.first_name is not None and await accounts.find_address(work, offered.email) is None


async def make_account(work: Work, token: str, password_hash: str, now: datetime) -> Joined:
    """A proven account with the password that its owner has chosen. In system work.

    Raises TokenUsedOrExpired, EmailTaken, TierLimitExceeded.
    """
    offered = await repository.find_open(work, token, now)
    first, last = offered.first_name or "", offered.last_name or ""
    user = NewUser(new_id(), offered.email, password_hash, first, last)
    await accounts.add_user(work, user, now, has_signed_in=False)
    return await accept(work, token, user.id, now)
