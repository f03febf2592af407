"""HTTP for one's own profile."""

from auth_service.accounts.errors import UserNotFound
from auth_service.accounts.schemas import PatchProfile, UserView
from auth_service.accounts.service import Profiles
from shared.errors import PreconditionFailed
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("accounts", resource="users")
ME = "/api/v1/users/me"
PROFILE = "/api/v1/profile"


@routes.get("/api/v1/auth/me", summary="Show the signed-in user", errors=[UserNotFound])
@routes.get(ME, summary="Show the signed-in user", errors=[UserNotFound])
@routes.get(PROFILE, summary="Show the signed-in user", errors=[UserNotFound])
async def read_me(principal: Principal, profiles: Profiles) -> UserView:
    return await profiles.read(principal)


@routes.put(ME, summary="Change one's profile: the same as PATCH", errors=[UserNotFound, PreconditionFailed])
@routes.patch(ME, summary="Change one's profile", errors=[UserNotFound, PreconditionFailed])
@routes.put(PROFILE, summary="Change one's profile: the same as PATCH", errors=[UserNotFound, PreconditionFailed])
@routes.patch(PROFILE, summary="Change one's profile", errors=[UserNotFound, PreconditionFailed])
async def change_me(principal: Principal, profiles: Profiles, body: PatchProfile, if_match: IfMatch) -> UserView:
    return await profiles.change(principal, body, if_match)
