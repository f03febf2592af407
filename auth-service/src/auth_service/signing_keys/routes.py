"""HTTP for the public keys, in the form every JWT library reads."""

from sanic.response import HTTPResponse

from auth_service.signing_keys.service import KeyRing
from shared.http.routes import Routes

routes = Routes("signing keys")
MAX_AGE_SECONDS = 300


@routes.get("/.well-known/jwks.json", summary="Publish the keys that verify access tokens", public=True)
async def show_keys(keys: KeyRing) -> HTTPResponse:
    headers = {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}
    return HTTPResponse(keys.published, headers=headers, content_type="application/json")
