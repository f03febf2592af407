"""HTTP for closing a tenant and for bringing it back."""

from uuid import UUID

from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.sessions.cookie_lines import SessionCookies
from auth_service.step_up.routes import PROOF_ERRORS
from auth_service.step_up.schemas import WithProof
from auth_service.tenancy.routes import CURRENT, TENANTS
from auth_service.tenant_closing.schemas import RestoreTenant
from auth_service.tenant_closing.service import TenantClosing
from auth_service.tenants.errors import TenantNotFound
from auth_service.tenants.schemas import OwnTenantView
from shared.caller import Caller
from shared.errors import Forbidden
from shared.http.answers import WithHeaders
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("closing a tenant")


@routes.delete(
    CURRENT,
    summary="Close the tenant you are signed in to: an owner can restore it for 30 days, then it is erased",
    errors=[Forbidden, *PROOF_ERRORS],
)
async def close(
    principal: Principal, closing: TenantClosing, body: WithProof, cookies: SessionCookies, caller: Caller
) -> WithHeaders[WithHeaders[None]]:
    await closing.close(principal, body.proof, caller)
    return cookies.clear()


@routes.post(
    TENANTS + "/{tenant_id}/restore",
    summary="Restore a closed tenant that you own",
    errors=[TenantNotFound],
)
async def restore(principal: Principal, closing: TenantClosing, tenant_id: UUID) -> OwnTenantView:
    return await closing.restore(principal, tenant_id)


@routes.post(
    "/api/v1/auth/restore-tenant",
    summary="Restore a closed tenant with the token that signing in to it was answered with",
    public=True,
    errors=[TokenUsedOrExpired],
)
async def restore_with_token(closing: TenantClosing, body: RestoreTenant) -> OwnTenantView:
    return await closing.restore_with_token(body.restore_token)
