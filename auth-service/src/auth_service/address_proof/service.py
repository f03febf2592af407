"""The first proof that somebody reads the mail at the address of an account: what was set up before it ends."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.telling import tell_updated
from auth_service.api_keys.ending import end_keys
from auth_service.handovers import repository as handovers
from auth_service.invitations import repository as invitations
from auth_service.live_tickets import repository as live_tickets
from auth_service.mail_tokens import repository as mail_tokens
from auth_service.mfa import repository as mfa
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from shared.db.unit_of_work import Work


async def prove_address(work: Work, user_id: UUID, now: datetime, *, keeping: UUID | None = None) -> bool:
    """In system work, with the account locked. False, and nothing ends, when the address was proven before.

    Whoever made the account may have been somebody else. Of everything that opens it only the password is left, and
    `keeping`: the session that came along with the proof.
    """
    if not await accounts.mark_verified(work, user_id, now):
        return False
    await end_sessions(work, Selection(user_id, but=keeping), EndReason.ADDRESS_PROVEN, now)
    await end_keys(work, user_id, now)
    await mfa.remove(work, user_id)
    await invitations.withdraw_all(work, user_id)
    await live_tickets.delete_of(work, user_id)
    await handovers.delete_of(work, user_id)
    await mail_tokens.delete_of(work, user_id)
    for user in await accounts.find_user_everywhere(work, user_id):
        tell_updated(work, user, ["email_verified"])
    return True
