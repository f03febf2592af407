"""HTTP for closing one's account."""

from auth_service.account_closing.schemas import CloseAccount
from auth_service.account_closing.service import AccountClosing
from auth_service.accounts.routes import ME
from auth_service.sessions.cookie_lines import SessionCookies
from auth_service.step_up.routes import PROOF_ERRORS
from auth_service.step_up.schemas import Proof
from auth_service.tenants.errors import LastOwner
from shared.caller import Caller
from shared.http.answers import WithHeaders
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("closing an account")


@routes.delete(
    ME,
    summary="Close one's account: it is anonymised after 30 days",
    errors=[LastOwner, *PROOF_ERRORS],
)
async def close(
    principal: Principal, closing: AccountClosing, body: CloseAccount, cookies: SessionCookies, caller: Caller
) -> WithHeaders[WithHeaders[None]]:
    await closing.close(principal, Proof(password=body.password, code=body.code), caller)
    return cookies.clear()
