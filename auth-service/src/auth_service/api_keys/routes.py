"""HTTP for one's own API keys; a key cannot manage keys, so the group names no resource."""

from uuid import UUID

from auth_service.accounts.errors import UserNotFound
from auth_service.api_keys.errors import ApiKeyNotFound
from auth_service.api_keys.schemas import ApiKeyQuery, ApiKeyView, CreateApiKey, NewApiKey
from auth_service.api_keys.service import ApiKeys
from auth_service.step_up.routes import PROOF_ERRORS
from shared.caller import Caller
from shared.errors import EmailNotVerified, LimitReached
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

API_KEYS = "/api/v1/api-keys"

routes = Routes("API keys")


@routes.get(API_KEYS, summary="List your API keys")
async def list_api_keys(principal: Principal, keys: ApiKeys, query: ApiKeyQuery) -> PageOf[ApiKeyView]:
    return await keys.find(principal, query)


@routes.post(
    API_KEYS,
    summary="Make an API key; its text is shown this once",
    errors=[EmailNotVerified, UserNotFound, LimitReached, *PROOF_ERRORS],
    confidential=True,
)
async def add_api_key(principal: Principal, keys: ApiKeys, body: CreateApiKey, caller: Caller) -> Created[NewApiKey]:
    return Created(await keys.add(principal, body, caller))


@routes.delete(API_KEYS + "/{api_key_id}", summary="Revoke an API key", errors=[ApiKeyNotFound])
async def revoke_api_key(principal: Principal, keys: ApiKeys, api_key_id: UUID) -> None:
    await keys.revoke(principal, api_key_id)
