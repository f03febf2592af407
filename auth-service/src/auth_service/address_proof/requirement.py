"""What an account may do only once its address is proven."""

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.api_keys import repository as api_keys
from auth_service.sessions import repository as sessions
from shared.db.unit_of_work import Work
from shared.errors import EmailNotVerified, InvalidToken, SessionRevoked
from shared.principal import Principal


async def require_proven(work: Work, caller: Principal) -> UserView:
    """The caller, whose account is locked until the end of the transaction.

    Raises EmailNotVerified; UserNotFound for whoever has left the tenant; SessionRevoked or InvalidToken where the
    credential has ended meanwhile.
    """
    user = await require_live(work, caller)
    if not user.email_verified:
        raise EmailNotVerified
    return user


async def require_live(work: Work, caller: Principal) -> UserView:
    """The same for any account.

    The first proof of an address ends credentials with the account locked. A request that such a credential let in
    before waits for it here, and sets up nothing that would outlive the proof.
    """
    user = await accounts.lock_user(work, caller.tenant_id, caller.user_id)
    if caller.scopes is None and not await sessions.lock_live(work, caller.session_id):
        raise SessionRevoked
    if caller.scopes is not None and not await api_keys.lock_live(work, caller.session_id):
        raise InvalidToken
    return user
