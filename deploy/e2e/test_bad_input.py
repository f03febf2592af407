"""Whatever is sent, the answer is the code that the contract names, in the envelope, and never a 5xx."""

import io
from typing import Any

import aiohttp
import jwt
import pytest
from yarl import URL

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess

PROJECTS = "/projects"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"json": {"name": 7}}, 422, "VALIDATION_ERROR"),
        ({"json": {}}, 422, "VALIDATION_ERROR"),
        ({"json": []}, 422, "VALIDATION_ERROR"),
        ({"json": {"name": "a", "owner_id": "me", "tenant_id": "x", "id": 1}}, 422, "VALIDATION_ERROR"),
        ({"json": {"name": "a\x00b"}}, 422, "VALIDATION_ERROR"),
        ({"data": b"{", "headers": JSON}, 400, "MALFORMED_JSON"),
        ({"data": b'"\\ud800"', "headers": JSON}, 400, "MALFORMED_JSON"),
        ({"data": b"[" * 100_000, "headers": JSON}, 400, "MALFORMED_JSON"),
        ({"data": b"name=a", "headers": {"Content-Type": "text/plain"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
    ids=["type", "missing", "array", "unknown", "nul", "broken", "surrogate", "deep", "media"],
)
async def test_a_wrong_body_has_its_code(ada: ApiClient, options: dict[str, Any], status: int, code: str):
    answer = await ada.call("POST", PROJECTS, **options)

    assert (answer.status, answer.code) == (status, code)


async def test_a_body_of_20_mb_is_too_large(ada: ApiClient):
    answer = await ada.call("POST", PROJECTS, data=io.BytesIO(b" " * (20 * 1024 * 1024)), headers=JSON)

    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


async def test_all_wrong_fields_are_named_at_once(ada: ApiClient):
    body = {"name": "", "visibility": "secret", "owner_id": "me"}

    answer = await ada.call("POST", PROJECTS, body)

    fields = {field["path"]: field["code"] for field in answer.body["error"]["details"]["fields"]}
    assert fields == {"name": "too_short", "visibility": "invalid_choice", "owner_id": "unknown"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/projects/not-an-id", 404, "PROJECT_NOT_FOUND"),
        ("PATCH", "/projects", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/projects?page=0", 422, "VALIDATION_ERROR"),
        ("GET", "/projects?page_size=1000", 422, "VALIDATION_ERROR"),
        ("GET", "/projects?cursor=rubbish", 422, "VALIDATION_ERROR"),
        ("GET", "/projects?sort=password", 422, "VALIDATION_ERROR"),
        ("GET", "/projects/%2e%2e/users", 400, "BAD_REQUEST"),
    ],
)
async def test_a_wrong_address_has_its_code(ada: ApiClient, method: str, path: str, status: int, code: str):
    session = ada._session
    url = f"{ada.url}/api/v1{path}"
    headers = {"Authorization": f"Bearer {ada.access_token}"}

    async with session.request(method, URL(url, encoded=True), headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


@pytest.mark.parametrize(("size", "status"), [(15_000, 200), (17_000, 431)])
async def test_what_the_gateway_lets_through_of_headers_a_service_reads(ada: ApiClient, size: int, status: int):
    answer = await ada.call("GET", PROJECTS, headers={"X-Notes": "n" * size})

    assert answer.status == status


async def test_a_credential_is_refused_for_what_it_is(ada: ApiClient, anonymous: ApiClient):
    claims = jwt.decode(ada.access_token, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"typ": "at+jwt"})

    for credential, code in (
        (None, "AUTH_REQUIRED"),
        ("Bearer rubbish", "AUTH_INVALID_TOKEN"),
        (f"Bearer {forged}", "AUTH_INVALID_TOKEN"),
        (f"Bearer {ada.tokens['refresh_token']}", "AUTH_INVALID_TOKEN"),
    ):
        headers = {"Authorization": credential} if credential else {}
        answer = await anonymous.call("GET", PROJECTS, headers=headers)
        assert (answer.status, answer.code) == (401, code)


async def test_a_service_answers_nobody_but_the_gateway(stack: StackProcess, ada: ApiClient):
    claims = jwt.decode(ada.access_token, options={"verify_signature": False})
    forged = jwt.encode({**claims, "iss": "gateway", "aud": "project"}, "x" * 32, algorithm="HS256")

    async with aiohttp.ClientSession(stack.service_url(1)) as session:
        for headers in (
            {},
            {"Authorization": f"Bearer {ada.access_token}"},
            {"X-Tessera-Identity": ada.access_token},
            {"X-Tessera-Identity": forged},
            {"X-User-Id": claims["sub"], "X-Tenant-Id": claims["tid"]},
        ):
            async with session.get("/api/v1/projects", headers=headers) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (401, "AUTH_REQUIRED")


async def test_an_identity_from_outside_is_dropped_at_the_door(ada: ApiClient, stranger: ApiClient):
    project = (await ada.expect(201, "POST", PROJECTS, {"name": "Apollo"})).data
    claims = jwt.decode(ada.access_token, options={"verify_signature": False})

    for name in ("X-Tessera-Identity", "x_tessera_identity", "X-User-Id", "X-Tenant-Id", "Forwarded"):
        answer = await stranger.call("GET", f"/projects/{project['id']}", headers={name: claims["tid"]})
        assert answer.status in {400, 404}
