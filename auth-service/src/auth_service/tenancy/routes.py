"""HTTP for somebody's tenants."""

from auth_service.sessions.schemas import SignedIn
from auth_service.tenancy.schemas import SwitchTenant
from auth_service.tenancy.service import Tenants, TenantSwitch
from auth_service.tenants.errors import SlugTaken, TenantIsClosed, TenantNotFound
from auth_service.tenants.schemas import CreateTenant, OwnTenantView, PatchTenant, TenantQuery, TenantView
from shared.caller import Caller
from shared.errors import Forbidden, PreconditionFailed, SessionRevoked
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

TENANTS = "/api/v1/tenants"
CURRENT = TENANTS + "/current"
_CHANGE_ERRORS = [TenantNotFound, Forbidden, PreconditionFailed, SlugTaken]

routes = Routes("tenants")


@routes.get(TENANTS, summary="List the tenants you belong to")
async def list_tenants(principal: Principal, tenants: Tenants, query: TenantQuery) -> PageOf[OwnTenantView]:
    return await tenants.find(principal, query)


@routes.post(TENANTS, summary="Make a tenant and own it", errors=[SlugTaken, SessionRevoked, TierLimitExceeded])
async def add_tenant(principal: Principal, tenants: Tenants, body: CreateTenant) -> Created[OwnTenantView]:
    return Created(await tenants.add(principal, body))


@routes.get(CURRENT, summary="Show the tenant you are signed in to", errors=[TenantNotFound])
async def get_current_tenant(principal: Principal, tenants: Tenants) -> TenantView:
    return await tenants.current(principal)


@routes.put(CURRENT, summary="Change the tenant: the same as PATCH", errors=_CHANGE_ERRORS)
@routes.patch(CURRENT, summary="Change the tenant you are signed in to", errors=_CHANGE_ERRORS)
async def change_current_tenant(
    principal: Principal, tenants: Tenants, body: PatchTenant, if_match: IfMatch
) -> TenantView:
    return await tenants.change_current(principal, body, if_match)


@routes.post(
    "/api/v1/auth/switch-tenant",
    summary="Sign in to another tenant of yours",
    replayable=False,
    errors=[TenantNotFound, TenantIsClosed, SessionRevoked],
)
async def switch_tenant(principal: Principal, body: SwitchTenant, switch: TenantSwitch, caller: Caller) -> SignedIn:
    return await switch.switch(principal, body, caller)
