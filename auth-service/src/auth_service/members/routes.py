"""HTTP for a tenant's members."""

from uuid import UUID

from auth_service.accounts.errors import UserNotFound
from auth_service.accounts.schemas import UserView
from auth_service.members.schemas import PatchUser, UserQuery
from auth_service.members.service import Members
from auth_service.tenants.errors import LastOwner
from shared.errors import Forbidden, PreconditionFailed
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

USERS = "/api/v1/users"
USER = USERS + "/{user_id}"
_REMOVE_ERRORS = [UserNotFound, Forbidden, LastOwner, PreconditionFailed]
_CHANGE_ERRORS = [*_REMOVE_ERRORS, TierLimitExceeded]

routes = Routes("users", resource="users")


@routes.get(USERS, summary="List the members of the tenant")
async def list_users(principal: Principal, members: Members, query: UserQuery) -> PageOf[UserView]:
    return await members.find(principal, query)


@routes.get(USER, summary="Show a member of the tenant", errors=[UserNotFound])
async def get_user(principal: Principal, members: Members, user_id: UUID) -> UserView:
    return await members.get(principal, user_id)


@routes.put(USER, summary="Change a member: the same as PATCH", errors=_CHANGE_ERRORS)
@routes.patch(USER, summary="Change a member; role and is_active as an admin", errors=_CHANGE_ERRORS)
async def change_user(
    principal: Principal, members: Members, user_id: UUID, body: PatchUser, if_match: IfMatch
) -> UserView:
    return await members.change(principal, user_id, body, if_match)


@routes.delete(USER, summary="Remove a member from the tenant, or leave it", errors=_REMOVE_ERRORS)
async def remove_user(principal: Principal, members: Members, user_id: UUID, if_match: IfMatch) -> None:
    await members.remove(principal, user_id, if_match)
